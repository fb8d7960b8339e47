import { describe, expect, test } from 'vitest';
import { type Invocation, parseCommandLine } from '../../src/host/command-line.js';
import type { LoadPlan } from '../../src/load/load-plan.js';
import { otlp } from '../../src/otlp.js';

function parse(...words: string[]) {
  return parseCommandLine(['load', ...words], { OTELDUCK_TOKEN: 'from-the-environment' }, otlp.service);
}

function plan(...words: string[]): LoadPlan {
  const invocation = parse(...words) as Invocation;
  if (invocation.kind !== 'load') throw new Error(JSON.stringify(invocation));
  return invocation.plan;
}

test('every default', () => {
  expect(plan()).toEqual({
    url: new URL('http://localhost:4318'),
    token: 'from-the-environment',
    protocol: 'http',
    encoding: 'protobuf',
    compression: 'none',
    signals: ['logs'],
    services: 200,
    rate: 50,
    recordsPerRequest: 1000,
    connections: 8,
    warmUpMs: 5_000,
    durationMs: 60_000,
    isClosedLoop: false,
    isNumbered: false,
    payloads: [],
    timeoutMs: 60_000,
    tenants: [],
    ca: undefined,
  });
});

describe('the server', () => {
  for (const [words, url, protocol] of [
    [['--uri', 'otlp:localhost:5000'], 'http://localhost:5000', 'http'],
    [['--uri', 'otlp://127.0.0.1:5000'], 'http://127.0.0.1:5000', 'http'],
    [['--uri', 'otlp:localhost', '--protocol', 'grpc'], 'http://localhost:4317', 'grpc'],
    [['--uri', 'otap:[::1]:5000'], 'http://[::1]:5000', 'otap'],
    [['--uri', 'otap:localhost'], 'http://localhost:4317', 'otap'],
    [['--url', 'http://localhost:80'], 'http://localhost', 'http'],
    [['--url', 'https://localhost'], 'https://localhost:4318', 'http'],
    [['--url', 'https://localhost:443', '--protocol', 'grpc'], 'https://localhost', 'grpc'],
    [['--url', 'http://10.0.0.1:4318', '--allow-remote'], 'http://10.0.0.1:4318', 'http'],
  ] as const) {
    test(words.join(' '), () => {
      const given = plan(...words);
      expect([given.url.origin, given.protocol]).toEqual([url, protocol]);
    });
  }
});

for (const [text, ms] of [
  ['500ms', 500],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
] as const) {
  test(`${text} is ${ms} ms`, () => expect(plan('--duration', text).durationMs).toBe(ms));
}

test('tenants have numbers, or one has a name', () => {
  expect(plan('--tenants', '3').tenants).toEqual(['tenant-1', 'tenant-2', 'tenant-3']);
  expect(plan('--tenant', 'acme').tenants).toEqual(['acme']);
});

test('mixed is all signals', () => expect(plan('--signal', 'mixed').signals).toEqual(['logs', 'traces', 'metrics']));

describe('what is refused', () => {
  for (const [words, error] of [
    [['--url', 'http://example.com:4318'], 'example.com is not this machine'],
    [['--url', 'http://localhost.example.com:4318'], 'is not this machine'],
    [['--uri', 'otlp:10.0.0.1:4318'], 'is not this machine'],
    [['--url', 'ftp://localhost'], 'sent over http:// or https://'],
    [['--url', 'http://localhost', '--ca', 'ca.pem'], '--ca is for https://'],
    [
      ['--url', 'https://localhost', '--ca', 'not-there.pem'],
      "ENOENT: no such file or directory, open 'not-there.pem'",
    ],
    [['--tenant', 'a', '--tenants', '2'], 'not both'],
    [['--tenants', '9'], '--tenants must be at most --connections, 8'],
    [['--check-metrics', 'localhost'], 'must be a URL, got localhost'],
    [['--check-metrics', 'http://example.com/metrics'], 'example.com is not this machine'],
    [['--url', 'http://localhost', '--uri', 'otlp:localhost'], 'not both'],
    [['--uri', 'otap:localhost', '--protocol', 'http'], 'does not go with'],
    [['--uri', 'otlp:localhost', '--protocol', 'otap'], 'does not go with'],
    [['--duration', '60'], 'a number with a unit'],
    [['--rate', '0'], 'greater than zero'],
    [['--services', '1.5'], 'whole number'],
    [['--signal', 'profiles'], 'Allowed choices'],
    [['--uri', 'otap:localhost', '--records-per-request', '70000'], 'at most 65535 records'],
    [['--signal', 'mixed', '--payload', 'file'], 'of one signal'],
  ] as const) {
    test(words.join(' '), () => {
      const answer = parse(...words);
      expect(answer).toMatchObject({ kind: 'answer', exitCode: 1 });
      if (answer.kind === 'answer') expect(answer.err).toContain(error);
    });
  }
});
