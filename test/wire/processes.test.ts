// What happens to a whole process: killed, left without close(), or started with too small a thread pool.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ChildProgram } from '../support/child-program.js';
import { send } from '../support/http-client.js';
import { openDatabase } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const headers = { 'content-type': 'application/x-protobuf' };

const SERVE = `
  const instance = await DuckDBInstance.create(process.env.DATABASE ?? ':memory:');
  const otel = await otlp.attach(instance);
  const connection = await otel.connect();
  const [server] = await rowsOf(connection, "FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000)");
  const uri = server.listen_uri;
  say(Number(uri.split(':')[2]));
`;

test('a killed process keeps every committed row, and the file opens again', async () => {
  const path = await databasePath();
  const program = new ChildProgram(
    `${SERVE}
    // Flushes whenever a request has come, and says how many rows are committed.
    for (let committed = 0; ; ) {
      const [{ total_rows }] = await rowsOf(connection, 'SELECT total_rows FROM otlp_server_list()');
      if (Number(total_rows) === committed) continue;
      const [{ status, sealed_rows }] = await rowsOf(connection, \`FROM otlp_flush('\${uri}')\`);
      if (status !== 'sealed') throw new Error(status);
      say(committed += Number(sealed_rows));
    }`,
    { DATABASE: path },
  );
  const port = await program.line<number>();
  let committed = 0;
  for (let round = 1; round <= 3; round++) {
    const body = logsRequest(5, `round ${round} `);
    expect((await send({ port, path: '/v1/logs', headers, body })).status).toBe(202);
    committed = await program.line<number>();
    expect(committed).toBe(5 * round);
  }
  program.process.kill('SIGKILL');
  expect(await program.exited()).toEqual({ code: null, signal: 'SIGKILL' });

  const database = await openDatabase(path);
  expect(await database.rows('SELECT count(*) AS n, count(DISTINCT body) AS bodies FROM otlp_logs')).toEqual([
    { n: String(committed), bodies: String(committed) },
  ]);
  // The tables are found as they were made, and taken on.
  const server = await database.serve();
  await server.post(logsRequest(1));
  expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1' });
});

describe('an instance closed under running servers', () => {
  test('ends with a warning that counts the rows and names the server', async () => {
    const program = new ChildProgram(`${SERVE}
      while ((await rowsOf(connection, 'SELECT total_rows FROM otlp_server_list()'))[0].total_rows === '0') continue;
      connection.closeSync();
      instance.closeSync();
      process.exit();
    `);
    const port = await program.line<number>();
    await send({ port, path: '/v1/logs', headers, body: logsRequest(3) });
    expect(await program.exited()).toEqual({ code: 0, signal: null });
    expect(program.stderr).toContain(`3 rows of otlp:127.0.0.1:${port} were not committed`);
  });

  test('still takes, commits and closes', async () => {
    const path = await databasePath();
    const program = new ChildProgram(
      `${SERVE}
      connection.closeSync();
      instance.closeSync();
      say('closed');
      process.on('SIGUSR2', async () => {
        say(await otel.close());
        process.exit();
      });
    `,
      { DATABASE: path },
    );
    const port = await program.line<number>();
    expect(await program.line()).toBe('closed');
    expect((await send({ port, path: '/v1/logs', headers, body: logsRequest(3) })).status).toBe(202);
    program.process.kill('SIGUSR2');
    expect(await program.line()).toEqual([{ name: `otlp:127.0.0.1:${port}`, committedRows: 3, droppedRows: 0 }]);
    expect(await program.exited()).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
    expect(await (await openDatabase(path)).value('SELECT count(*) FROM otlp_logs')).toBe('3');
  });

  test('warns of nothing when nothing was lost', async () => {
    const program = new ChildProgram(`${SERVE}
      await otel.close();
      connection.closeSync();
      instance.closeSync();
    `);
    await program.line();
    // Neither does anything that is left keep the process from ending by itself.
    expect(await program.exited()).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });
});

describe("a small thread pool of libuv's", () => {
  const FLUSHES = `${SERVE}
    const connections = await Promise.all(Array.from({ length: 6 }, () => otel.connect()));
    const outcomes = await Promise.allSettled(connections.map((each) => rowsOf(each, \`SELECT status FROM otlp_flush('\${uri}')\`)));
    say(outcomes.map(({ value, reason }) => value?.[0].status ?? reason.message));
    process.exit();
  `;

  // A call that waited held the one thread, and the query that it waited for never began: the process hung.
  test('of one is refused', async () => {
    const program = new ChildProgram(
      `const instance = await DuckDBInstance.create(':memory:');
      say(await otlp.attach(instance).catch(({ message }) => message));
      instance.closeSync();`,
      { UV_THREADPOOL_SIZE: '1' },
    );
    expect(await program.line()).toBe(
      "UV_THREADPOOL_SIZE must be at least 2, got 1: each running query holds a thread of libuv's pool; start the process with UV_THREADPOOL_SIZE=32 [OTLP_POOL_TOO_SMALL]",
    );
    expect(await program.exited()).toEqual({ code: 0, signal: null });
  });

  test('of two is enough for one call after the other, with all that calls wait for', async () => {
    const path = await databasePath();
    const program = new ChildProgram(
      `const instance = await DuckDBInstance.create(process.env.DATABASE);
      const otel = await otlp.attach(instance);
      const connection = await otel.connect();
      const [{ listen_uri, listen_url }] = await rowsOf(connection, "FROM otlp_serve('otlp:localhost:0', disable_auth := true, durability := 'journal', journal_path := '" + process.env.DATABASE + ".journal')");
      const answer = await fetch(listen_url + '/v1/logs', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":17}]}]}]}',
      });
      const other = await otel.connect();
      const flushes = await Promise.allSettled([connection, other].map((each) => rowsOf(each, \`FROM otlp_flush('\${listen_uri}')\`)));
      const [[{ live }], [{ services }]] = await Promise.all([
        rowsOf(connection, 'SELECT count(*) AS live FROM otlp_live_logs()'),
        rowsOf(other, "SELECT count(*) AS services FROM otlp_services()"),
      ]);
      const [{ status }] = await rowsOf(connection, \`FROM otlp_stop('\${listen_uri}')\`);
      other.closeSync();
      connection.closeSync();
      await otel.close();
      instance.closeSync();
      say({ answered: answer.status, flushed: flushes.some(({ status }) => status === 'fulfilled'), live, services, status });`,
      { UV_THREADPOOL_SIZE: '2', DATABASE: path },
    );
    expect(await program.line()).toEqual({
      answered: 202,
      flushed: true,
      live: '1',
      services: '0',
      status: expect.stringContaining('Stopped'),
    });
    expect((await program.exited()).code).toBe(0);
  });

  test('of 4 is warned of, and calls that would wait for ever are refused', async () => {
    const program = new ChildProgram(FLUSHES, { UV_THREADPOOL_SIZE: '4' });
    await program.line();
    const outcomes = await program.line<string[]>();
    for (const outcome of outcomes) expect(outcome).toMatch(/^sealed$|UV_THREADPOOL_SIZE/);
    expect(outcomes).toContain('sealed');
    expect((await program.exited()).code).toBe(0);
    expect(program.stderr).toMatch(/Warning: .*thread pool has 4 threads.*UV_THREADPOOL_SIZE=32/);
  });

  test('is what Node has when nobody has set its size', async () => {
    const program = new ChildProgram(`${SERVE} process.exit();`, { UV_THREADPOOL_SIZE: undefined });
    await program.line();
    await program.exited();
    expect(program.stderr).toMatch(/thread pool has 4 threads/);
  });

  test('of 16 is not small', async () => {
    const program = new ChildProgram(FLUSHES, { UV_THREADPOOL_SIZE: '16' });
    await program.line();
    expect(await program.line()).toEqual(Array<string>(6).fill('sealed'));
    await program.exited();
    expect(program.stderr).toBe('');
  });
});

async function databasePath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'otelduck-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'telemetry.db');
}
