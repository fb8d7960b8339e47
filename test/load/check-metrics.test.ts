// `otelduck load --check-metrics`: what a server's own metrics say of a load.

import { expect, test } from 'vitest';
import { checkMetrics, parseSamples, readMetrics } from '../../src/load/check-metrics.js';
import { command, run } from '../host/command.js';
import { openDatabase, TOKEN } from '../support/otel-database.js';

const quiet = `# HELP otelduck_rows_total Rows.
otelduck_rows_total{listen_uri="otlp:a:1"} 5
otelduck_requests_total{listen_uri="otlp:a:1",signal="logs",outcome="accepted"} 5
otelduck_requests_total{listen_uri="otlp:a:1",signal="logs",outcome="overloaded"} 7
otelduck_dead_letters{listen_uri="otlp:a:1"} 0
`;

test('what was wrong before, and has not grown, is not held against the load', () => {
  const after = parseSamples(quiet.replace('"accepted"} 5', '"accepted"} 50'));
  expect(checkMetrics(parseSamples(quiet), after).flatMap(({ found }) => found)).toEqual([]);
});

for (const [line, before, after, found] of [
  ['otelduck_requests_total{signal="logs",outcome="overloaded"}', 1, 3, 'grew by 2'],
  ['otelduck_requests_total{signal="logs",outcome="bad_request"}', undefined, 3, 'grew by 3'],
  ['otelduck_seal_failures_total{}', 0, 1, 'grew by 1'],
  ['otelduck_refused_connections_total{}', 0, 1, 'grew by 1'],
  ['otelduck_dead_letters{}', 2, 2, 'is 2'],
  ['otelduck_retention_consecutive_failures{}', 0, 1, 'is 1'],
] as const) {
  test(`${line} fails: ${found}`, () => {
    const samples = (value: number | undefined) =>
      parseSamples(`${quiet}${value === undefined ? '' : `${line} ${value}\n`}`);
    expect(checkMetrics(samples(before), samples(after)).flatMap((check) => check.found)).toEqual([`${line} ${found}`]);
  });
}

test('metrics of another program are refused', () => {
  expect(() => checkMetrics(new Map(), parseSamples('go_goroutines 5\n'))).toThrow('the metrics have none of otelduck');
});

test('the command says what it found, and ends with 1 if something was rejected', async () => {
  const database = await openDatabase();
  const server = await database.serve();
  const origin = `http://127.0.0.1:${server.port}`;
  const load = (token: string) =>
    run(
      [
        'load',
        '--url',
        origin,
        '--token',
        token,
        '--duration',
        '100ms',
        '--warm-up',
        '0s',
        '--check-metrics',
        `${origin}/metrics`,
      ],
      { program: command },
    );
  const well = await load(TOKEN);
  expect(well.stdout).toContain('ok      nothing was rejected\n');
  expect(well.exitCode).toBe(0);
  const badly = await load(`${TOKEN}-of-another`);
  expect(badly.stdout).toMatch(
    /FAILED {2}nothing was rejected: otelduck_requests_total\{.*outcome="unauthorized".* grew by \d+\n/,
  );
  expect(badly.exitCode).toBe(1);
  await expect(readMetrics(new URL(`${origin}/nothing`))).rejects.toThrow('/nothing answers 404');
});
