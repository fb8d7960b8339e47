// `otelduck dev`: what programs send is seen, at a terminal above a prompt for SQL.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runHost } from '../../src/host/run-host.js';
import { otlp } from '../../src/otlp.js';
import { exportPath, GrpcClient } from '../grpc/grpc-client.js';
import { eventually } from '../support/eventually.js';
import { send } from '../support/http-client.js';
import { logsRequest, metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
import { command, folder, run, start } from './command.js';
import { DrawnScreen } from './drawn-screen.js';

const ANY_PORT = ['--uri', 'otlp:127.0.0.1:0', '--grpc', '127.0.0.1:0', '--query-uri', 'none'];

async function post(port: number, path: string, body: Uint8Array, type = 'application/x-protobuf') {
  const headers = { 'content-type': type };
  expect((await send({ port, path, headers, body })).status).toBe(202);
}

function portsIn(text: string): { http: number; grpc: number } {
  const port = (wire: string) => Number(new RegExp(`OTLP/${wire}  http://127\\.0\\.0\\.1:(\\d+)`).exec(text)![1]);
  return { http: port('HTTP'), grpc: port('gRPC') };
}

/** Logs with their severities as bodies, one of which has a name of its own. */
function severitiesRequest(): Uint8Array {
  const logRecords = [0, 4, 5, 17, 24].map((severityNumber, i) => ({
    timeUnixNano: String(i + 1),
    severityNumber,
    body: { stringValue: String(severityNumber) },
    ...(severityNumber === 17 ? { severityText: 'schlimm' } : {}),
  }));
  return Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
}

/** The command at a terminal of this process's, with a person's keys. */
async function atTerminal(args: readonly string[], size = { columns: 80, rows: 24 }, path = '') {
  const keys = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true, ...size });
  const errors = new PassThrough();
  let stderr = '';
  errors.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const screen = new DrawnScreen();
  let onScreen = () => {};
  output.setEncoding('utf8').on('data', (text: string) => {
    screen.write(text);
    onScreen();
  });
  const ended = runHost({
    argv: ['dev', ...args],
    environment: { HOME: folder, NO_COLOR: '1', PATH: path },
    stdin: Object.assign(keys, { isTTY: true }) as unknown as NodeJS.ReadStream,
    stdout: output as unknown as NodeJS.WriteStream,
    stderr: errors as unknown as NodeJS.WriteStream,
    defaultPlugins: [otlp],
    service: otlp.service,
  });
  const shows = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      onScreen = () => pattern.test(screen.text()) && resolve(screen.text());
      onScreen();
    });
  onTestFinished(async () => {
    keys.write('\x03\x04');
    await ended;
  });
  await shows(/D $/);
  return { keys, shows, ended, stderr: () => stderr, ports: portsIn(screen.text()) };
}

describe('at a terminal', () => {
  test('rows of both wires appear above what is being typed, which then runs', async () => {
    const dev = await atTerminal(ANY_PORT);
    dev.keys.write('SELECT 41 + 1');
    await dev.shows(/D SELECT 41 \+ 1$/);
    await post(dev.ports.http, pathOf.logs, logsRequest(1, 'order '));
    await dev.shows(/log +unknown +order 0\nD SELECT 41 \+ 1$/);
    const client = new GrpcClient(dev.ports.grpc);
    expect(await client.unary(exportPath.traces, spansRequest(1), {})).toMatchObject({ code: 'OK' });
    await dev.shows(/order 0\n.*span +0\.005 ms +unknown +span 0\nD SELECT 41 \+ 1$/);
    dev.keys.write(' AS answer;\r');
    await dev.shows(/│ +42 │[\s\S]*D $/);
    dev.keys.write('.exit 3\r');
    expect(await dev.ended).toBe(3);
    expect(dev.stderr()).toMatch(/^otlp:127\.0\.0\.1:\d+ stopped, \d rows? committed\n$/);
  });

  test('Ctrl-C at an empty prompt ends it, and clears what is typed before', async () => {
    const file = join(folder, 'kept.duckdb');
    // A terminal that does not tell its size ended the program with Enter.
    const dev = await atTerminal([...ANY_PORT, file], { columns: 0, rows: 0 });
    expect((await dev.shows(/D $/)).replaceAll('\n', '')).toContain(`Rows are kept in ${file}.`);
    dev.keys.write('SELECT');
    await dev.shows(/D SELECT$/);
    dev.keys.write('\x03');
    await dev.shows(/SELECT\^C\nD $/);
    dev.keys.write('.print here\r');
    await dev.shows(/^here\nD $/m);
    dev.keys.write('\x03');
    expect(await dev.ended).toBe(0);
  });
});

describe('--open', () => {
  const QUERIES = [...ANY_PORT.slice(0, 4), '--query-uri', 'query:127.0.0.1:0', '--open'];

  test.skipIf(process.platform !== 'linux')('shows the address of queries in a browser', async () => {
    const opened = join(folder, 'opened');
    const opener = join(folder, 'bin', 'xdg-open');
    mkdirSync(join(folder, 'bin'), { recursive: true });
    writeFileSync(opener, `#!/bin/sh\nprintf %s "$*" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`, {
      mode: 0o755,
    });
    const dev = await atTerminal(QUERIES, undefined, `${join(folder, 'bin')}:${process.env['PATH']}`);
    const [, url] = /pages {6}(http:\S+)/.exec(await dev.shows(/D $/))!;
    await eventually(() => expect(readFileSync(opened, 'utf8')).toBe(url));
  });

  test.skipIf(process.platform !== 'linux')('without a browser it says so, and goes on', async () => {
    const dev = await atTerminal(QUERIES);
    await eventually(() => expect(dev.stderr()).toMatch(/^otelduck: cannot open a browser: .*; the address is http:/m));
    dev.keys.write('SELECT 41 + 1 AS answer;\r');
    await dev.shows(/│ +42 │[\s\S]*D $/);
  });
});

test('--demo tells its story, shows what it sends, and ends with the program', async () => {
  const dev = await atTerminal([...ANY_PORT, '--demo']);
  await dev.shows(/span .*gateway/);
  dev.keys.write('.exit\r');
  expect(await dev.ended).toBe(0);
  // Ended in the middle of its hours, it has nothing to complain of.
  expect(dev.stderr()).toMatch(/^otlp:127\.0\.0\.1:\d+ stopped, \d+ rows committed\n$/);
});

// One process for what only a process shows: signals, and a build that has everything.
test('elsewhere it writes lines, of a flood some, and ends at SIGTERM', async () => {
  const dev = start(['dev', ...ANY_PORT, '--query-uri', 'query:127.0.0.1:0'], { program: command });
  const banner = await dev.until('stdout', /Ctrl-C ends this/);
  const queryUrl = /^ {2}pages {6}(http:\S+)$/m.exec(banner)![1];
  expect((await fetch(`${queryUrl}/api/v1/query?query=1%2B1`)).status).toBe(200);
  const headers = { 'content-type': 'application/sql' };
  expect((await fetch(`${queryUrl}/api/v1/sql`, { method: 'POST', headers, body: 'SELECT 1' })).status).toBe(200);
  const { http } = portsIn(banner);
  expect(banner).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${http}, and no token`);
  expect(banner).toContain('Rows are in memory and end with this program');
  await post(http, pathOf.logs, logsRequest(12_010, 'flood '));
  await dev.until('stdout', /… and 12,000 more: 12,000 logs\n/);
  await post(http, pathOf.metrics, metricsRequest());
  await post(http, pathOf.logs, severitiesRequest(), 'application/json');
  const text = await dev.until('stdout', /metric +7 +unknown +a\.sum/);
  const labelled = await dev.until('stdout', /log +FATAL +unknown +24$/m);
  for (const line of [
    /log +unknown +0$/m,
    /log +TRACE +unknown +4$/m,
    /log +DEBUG +unknown +5$/m,
    /log +schlimm +unknown +17$/m,
  ])
    expect(labelled).toMatch(line);
  expect(text.match(/flood \d+$/gm)).toHaveLength(10);
  dev.child.kill('SIGTERM');
  const { exitCode, stderr } = await dev.ended;
  expect(stderr).toMatch(/^otlp:127\.0\.0\.1:\d+ stopped, \d+ rows? committed\n$/);
  expect(exitCode).toBe(0);
});

describe('what it refuses', () => {
  test('a port that is taken, naming the ways out', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      taken.close();
    });
    const { port } = taken.address() as { port: number };
    const args = ['dev', '--uri', 'otlp:127.0.0.1:0', '--grpc', `127.0.0.1:${port}`, '--query-uri', 'none'];
    const { stdout, stderr, exitCode } = await run(args, { program: command });
    expect(stderr).toMatch(
      new RegExp(
        `cannot listen on otlp:127\\.0\\.0\\.1:${port}: address already in use; --uri and --grpc name other addresses, and --grpc none opens no second listener \\[OTLP_LISTEN_FAILED\\]\n$`,
      ),
    );
    expect([stdout, exitCode]).toEqual(['', 1]);
  });

  test('--open without an address', async () => {
    const { stderr, exitCode } = await run(['dev', '--query-uri', 'none', '--open'], { program: command });
    expect([stderr, exitCode]).toEqual(['error: --open needs an address: --query-uri is none\n', 1]);
  });

  test('other hosts, as it asks for no token', async () => {
    const { stderr, exitCode } = await run(
      ['dev', '--uri', 'otlp:0.0.0.0:0', '--grpc', 'none', '--query-uri', 'none'],
      { program: command },
    );
    expect(stderr).toBe(
      "otelduck: otelduck dev asks for no token, so it listens on localhost alone, got '0.0.0.0'; otelduck serve listens elsewhere\n",
    );
    expect(exitCode).toBe(1);
  });
});
