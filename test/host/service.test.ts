import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { command, fakePlugin, folder, run, start } from './command.js';

const serve = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  start(['serve', '--plugin', fakePlugin, ...args], { env: { OTELDUCK_DATABASE: ':memory:', ...env } });

function events(stderr: string): Record<string, unknown>[] {
  return stderr
    .trim()
    .split('\n')
    .map((line) => {
      const { time, ...event } = JSON.parse(line) as Record<string, unknown>;
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      return event;
    });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`one line for each event from start to ${signal}`, async () => {
    const service = serve(['--uri', 'otlp:localhost:4318', '--token', 'given-token-0123456'], { FAKE_COMMITTED: '12' });
    await service.until('stderr', /"ready"/);
    service.child.kill(signal);
    const { stdout, stderr, exitCode } = await service.ended;
    expect(stdout).toBe('');
    expect(events(stderr)).toEqual([
      {
        level: 'info',
        event: 'starting',
        version: '0.1.0',
        duckdb_version: 'v1.5.5',
        database: ':memory:',
        plugins: ['fake'],
      },
      {
        level: 'info',
        event: 'listening',
        listen_uri: 'otlp:localhost:4318',
        seal_max_age_ms: 5000,
        disable_auth: false,
        create_tables: true,
        listeners: [{ uri: 'one' }, { uri: 'two' }],
      },
      { level: 'info', event: 'ready' },
      { level: 'info', event: 'draining', signal, timeout_ms: 30_000 },
      { level: 'info', event: 'drained', name: 'otlp:localhost:4318', committed_rows: 12, dropped_rows: 0 },
      { level: 'info', event: 'stopped', exit_code: 0 },
    ]);
    expect(exitCode).toBe(0);
  });
}

test('flags and environment reach the call, and a token that nobody gave is told', async () => {
  const service = serve(['--uri', 'otlp:a', '--uri', 'otlp:b', '--seal-max-age-ms', '7', '--no-create-tables'], {
    OTELDUCK_DISABLE_AUTH: 'true',
    OTELDUCK_SEAL_MAX_AGE: '9',
  });
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  const found = events((await service.ended).stderr);
  expect(found.filter(({ event }) => event === 'listening')).toEqual(
    ['otlp:a', 'otlp:b'].map((uri) => ({
      level: 'info',
      event: 'listening',
      listen_uri: uri,
      seal_max_age_ms: 7,
      disable_auth: true,
      create_tables: false,
      listeners: [{ uri: 'one' }, { uri: 'two' }],
      auth_token: 'generated-token',
    })),
  );
  expect(found).toContainEqual({
    level: 'warn',
    event: 'unknown_variable',
    variable: 'OTELDUCK_SEAL_MAX_AGE',
    meant: 'OTELDUCK_SEAL_MAX_AGE_MS',
  });
});

test('queries are answered where --query-uri says, and a token that nobody gave is told', async () => {
  const service = serve(['--uri', 'otlp:a', '--query-uri', 'query:a', '--query-apis', 'some'], {
    OTELDUCK_TOKEN: 'given-token-0123456',
  });
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  const listening = events((await service.ended).stderr).filter(({ event }) => event === 'listening');
  expect(listening.slice(1)).toEqual([
    {
      level: 'info',
      event: 'listening',
      listen_uri: 'query:a',
      listen_url: 'http://there',
      apis: 'some',
      read_token: 'generated-token',
    },
  ]);
});

test('dropped rows make the exit code 1', async () => {
  const service = serve([], { FAKE_COMMITTED: '1', FAKE_DROPPED: '2' });
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  const { stderr, exitCode } = await service.ended;
  expect(events(stderr)).toContainEqual({
    level: 'error',
    event: 'drained',
    name: 'otlp:localhost:4318',
    committed_rows: 1,
    dropped_rows: 2,
    error: 'disk full',
  });
  expect(exitCode).toBe(1);
});

test('draining ends when its time is over', async () => {
  const service = serve(['--drain-timeout-ms', '200'], { FAKE_ENDS: 'timer' });
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  const { stderr, exitCode } = await service.ended;
  expect(events(stderr).slice(-2)).toEqual([
    { level: 'error', event: 'drain_timed_out', timeout_ms: 200 },
    { level: 'error', event: 'stopped', exit_code: 1 },
  ]);
  expect(exitCode).toBe(1);
});

test('a second signal does not wait', async () => {
  const service = serve([], { FAKE_ENDS: 'timer' });
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  await service.until('stderr', /"draining"/);
  service.child.kill('SIGINT');
  const { stderr, exitCode } = await service.ended;
  expect(events(stderr)).toContainEqual({ level: 'error', event: 'killed', signal: 'SIGINT' });
  expect(exitCode).toBe(1);
});

test('an init script runs first, and may start the servers itself', async () => {
  // Fails unless DuckDB has the limit of a service: a merge of a DuckLake takes all the memory that it is allowed.
  const limited =
    "SELECT CASE WHEN current_setting('memory_limit') IN ('715.2 MiB', '750.0 MB') THEN 1 ELSE error(current_setting('memory_limit')) END;";
  writeFileSync(join(folder, 'init.sql'), `${limited}\nCREATE TABLE t (a INTEGER);\nCALL otlp_serve('otlp:x');\n`);
  const service = serve([join(folder, 'kept.duckdb'), '--init', 'init.sql'], {});
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  const { stderr, exitCode } = await service.ended;
  expect(events(stderr).map(({ event }) => event)).toEqual([
    'starting',
    'initialized',
    'ready',
    'draining',
    'drained',
    'stopped',
  ]);
  expect(exitCode).toBe(0);
});

for (const [title, args, errors] of [
  ['an init script that fails', ['--init', 'wrong.sql'], [/wrong\.sql:2: Catalog Error/, /cannot run wrong\.sql/]],
  ['a server that cannot start', ['--uri', 'otlp:ok', '--uri', 'otlp:x:1'], [/cannot listen on otlp:x:1/]],
  ['a database that cannot be opened', [folder], [/cannot open database/]],
] as const) {
  test(`${title} ends the service with exit code 1`, async () => {
    writeFileSync(join(folder, 'wrong.sql'), 'SELECT 1;\nFROM nowhere;\nSELECT 2;');
    const service = serve(args);
    const { stderr, exitCode } = await service.ended;
    const found = events(stderr)
      .filter(({ level }) => level === 'error')
      .map(({ error }) => String(error));
    expect(found).toHaveLength(errors.length + 1); // the last is the end itself
    for (const [index, pattern] of errors.entries()) expect(found[index]).toMatch(pattern);
    expect(stderr).not.toContain('"ready"');
    expect(exitCode).toBe(1);
  });
}

test('one server listens on both wires, and the log names all listeners', async () => {
  const args = ['serve', ':memory:', '--uri', 'otlp:127.0.0.1:0', '--grpc', '127.0.0.1:0'];
  const service = start(args, { program: command });
  await service.until('stderr', /"ready"/);
  service.child.kill('SIGTERM');
  const found = events((await service.ended).stderr).filter(({ event }) => event === 'listening');
  const at = /^otlp:127\.0\.0\.1:\d+$/;
  expect(found).toHaveLength(1);
  expect(found[0]!['listeners']).toMatchObject([
    { uri: found[0]!['listen_uri'], transport: 'http' },
    { uri: expect.stringMatching(at), transport: 'grpc' },
  ]);
});

test('a port that is taken is an error that names the ways out, and nothing is started', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as { port: number };
  const args = ['serve', ':memory:', '--uri', 'otlp:127.0.0.1:0', '--grpc', `127.0.0.1:${port}`];
  const { stderr, exitCode } = await run(args, { program: command });
  const found = events(stderr);
  expect(found.map(({ event }) => event)).toEqual(['starting', 'failed', 'stopped']);
  expect(found[1]!['error']).toMatch(
    new RegExp(
      `cannot listen on otlp:127\\.0\\.0\\.1:${port}: address already in use; --uri and --grpc name other addresses, and --grpc none opens no second listener \\[OTLP_LISTEN_FAILED\\]$`,
    ),
  );
  expect(exitCode).toBe(1);
});
