// Passwords, keys and tokens that look like nothing else are given everywhere, everything that can fail is made to, and
// none of them is found in what otelduck says: errors, lists, logs, files.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { plainPaint } from '../../src/host/output/paint.js';
import { StreamSink } from '../../src/host/output/text-sink.js';
import { HistoryFile } from '../../src/host/shell/history-file.js';
import { ProgressLine } from '../../src/host/shell/progress-line.js';
import { Shell } from '../../src/host/shell/shell.js';
import { Terminal } from '../../src/host/shell/terminal.js';
import { command, folder, run, start } from '../host/command.js';
import { eventually } from '../support/eventually.js';
import { send } from '../support/http-client.js';
import { type OtelDatabase, type OtelServer, TOKEN } from '../support/otel-database.js';
import { HttpProxy } from './support/faulty-proxy.js';
import { extensionSettings, openLakeDatabase, s3Path, s3Secret } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { numberedLogs } from './support/lake-telemetry.js';
import { POSTGRES_PASSWORD, PostgresServer } from './support/postgres-server.js';
import { S3_KEY, S3_SECRET, SeaweedServer, WAREHOUSE } from './support/seaweed-server.js';

const NEVER_MS = 3_600_000;
const WRONG_KEY = 'wrong-access-key-Jt6';
const WRONG_SECRET = 'wrong/s3+secret-Qm4';
/** A name in a SQL script, of which only the parser hears. */
const UNFINISHED = 'unfinished-secret-Ud8';

lakeSuite('credentials', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;
  let catalog: HttpProxy;
  let storage: HttpProxy;
  let bearer: string;
  let lakes = 0;

  /** What otelduck has said, and where. */
  const said: { readonly where: string; readonly text: string }[] = [];
  const note = (where: string, text: unknown) =>
    said.push({ where, text: typeof text === 'string' ? text : JSON.stringify(text) });

  function expectNoSecret(): void {
    for (const { where, text } of said.splice(0)) {
      for (const secret of [POSTGRES_PASSWORD, S3_KEY, S3_SECRET, WRONG_KEY, WRONG_SECRET, UNFINISHED, TOKEN, bearer]) {
        if (text.includes(secret)) throw new Error(`${where} tells ${secret}: ${text}`);
      }
    }
  }

  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
    [catalog, storage] = await Promise.all([HttpProxy.start(seaweed.icebergPort), HttpProxy.start(seaweed.s3Port)]);
    bearer = await eventually(() => seaweed.bearerToken());
  });
  afterAll(async () => {
    await Promise.all([catalog?.close(), storage?.close()]);
    await Promise.all([postgres?.close(), seaweed?.close()]);
  });
  beforeEach(() => {
    said.length = 0;
    catalog.fate = () => 'passes';
    storage.fate = () => 'passes';
  });

  afterEach(async () => {
    if (postgres.isHalted) await postgres.resume();
  });

  const wrongSecret = () =>
    s3Secret(storage.port)
      .replace('CREATE SECRET', 'CREATE OR REPLACE SECRET')
      .replace(S3_KEY, WRONG_KEY)
      .replace(S3_SECRET, WRONG_SECRET);

  /** Statements that attach a lake on PostgreSQL and S3, and its connection string. */
  async function remoteLake(): Promise<{ attach: string[]; uri: string }> {
    const name = `secret${++lakes}`;
    const uri = (await postgres.createDatabase(name))();
    const attached = `ATTACH 'ducklake:postgres:${uri}' AS lake (DATA_PATH '${s3Path(name)}')`;
    return { attach: [s3Secret(storage.port), attached], uri };
  }

  async function openLogged(statements: readonly string[]): Promise<OtelDatabase> {
    const database = await openLakeDatabase(statements);
    await database.rows("CALL enable_logging(level := 'debug')");
    return database;
  }

  /** Makes a seal fail, and notes all that a server and its lists say of it. */
  async function failSeal(why: string, server: OtelServer): Promise<void> {
    await server.post(numberedLogs({ count: 300 }));
    const flushed = await server.flush();
    expect(flushed, why).toMatchObject({ status: 'failed', error: expect.any(String) });
    note(`${why}: otlp_flush`, flushed);
    await noteLists(why, server);
  }

  async function noteLists(why: string, { database }: OtelServer): Promise<void> {
    for (const list of ['otlp_server_list', 'otlp_seal_list', 'otlp_dead_letter_list']) {
      note(`${why}: ${list}`, await database.rows(`FROM ${list}()`));
    }
    note(`${why}: log`, await database.rows("SELECT message FROM duckdb_logs WHERE type = 'otelduck'"));
  }

  /** Notes what a call fails with. */
  async function failCall(why: string, call: Promise<unknown>): Promise<void> {
    const error = await call.then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    if (error === undefined) throw new Error(`${why}: nothing failed`);
    note(why, `${error.message}\n${error.stack}`);
  }

  test('functions, lists and the log, with DuckLake', async () => {
    const { attach } = await remoteLake();
    const database = await openLogged(attach);
    const journal = join(folder, 'journal');
    const server = await database.serve({
      catalog: 'lake',
      seal_max_age_ms: NEVER_MS,
      durability: 'journal',
      journal_path: journal,
    });
    await database.rows(wrongSecret());
    await failSeal('wrong key', server);
    await database.rows(s3Secret(storage.port).replace('CREATE SECRET', 'CREATE OR REPLACE SECRET'));
    for (const fate of ['forbidden', 'unavailable', 'reset'] as const) {
      storage.fate = () => fate;
      await failSeal(`storage: ${fate}`, server);
    }
    storage.fate = () => 'passes';
    expect((await server.flush())['error']).toBeNull();

    await database.rows('ALTER TABLE lake.otlp_logs DROP COLUMN event_name');
    await server.post(numberedLogs({ count: 300 }));
    for (let i = 0; i < 6; i++) note('refused', await server.flush());
    expect(await database.rows('FROM otlp_dead_letter_list()')).toHaveLength(1);
    await noteLists('refused', server);
    const files = readdirSync(journal, { recursive: true, encoding: 'utf8' });
    expect(files.join()).toContain('dead-letter');
    for (const file of files) {
      note('journal', file);
      if (statSync(join(journal, file)).isFile()) note(file, readFileSync(join(journal, file), 'latin1'));
    }

    await postgres.halt();
    await failSeal('PostgreSQL is away', server);
    await failCall('otlp_serve', database.serve({ catalog: 'lake' }));
    note('otlp_replay', await database.rows(`FROM otlp_replay('${server.uri}')`));
    note('otlp_stop', await server.stop());
    await noteLists('stopped', server);
    expectNoSecret();
  });

  test('functions, lists and the log, with PostgreSQL as it is', async () => {
    const { uri } = await remoteLake();
    const database = await openLogged([`ATTACH '${uri}' AS pg (TYPE postgres)`]);
    // PostgreSQL has no tables of our types: they are refused with all that the statement says.
    await failCall('otlp_serve', database.serve({ catalog: 'pg', create_tables: false }));
    await postgres.halt();
    await failCall('otlp_serve, away', database.serve({ catalog: 'pg' }));
    await failCall('otlp_serve, away, verified', database.serve({ catalog: 'pg', create_tables: false }));
    note('log', await database.rows("SELECT message FROM duckdb_logs WHERE type = 'otelduck'"));
    expectNoSecret();
  });

  test('functions, lists and the log, with Iceberg', async () => {
    const database = await openLogged([
      'LOAD iceberg',
      s3Secret(storage.port),
      `CREATE SECRET ic (TYPE iceberg, TOKEN '${bearer}')`,
      `ATTACH '${WAREHOUSE}' AS ice (TYPE iceberg, ENDPOINT 'http://127.0.0.1:${catalog.port}', SECRET ic,
        ACCESS_DELEGATION_MODE 'none')`,
    ]);
    await eventually(() => database.rows('CREATE SCHEMA IF NOT EXISTS ice.secrets'));
    const target = { catalog: 'ice', schema: 'secrets', seal_max_age_ms: NEVER_MS };
    const server = await database.serve(target);
    for (const fate of ['forbidden', 'unavailable', 'reset'] as const) {
      catalog.fate = () => fate;
      await failSeal(`catalog: ${fate}`, server);
      await failCall(`otlp_serve: ${fate}`, database.serve(target));
      catalog.fate = () => 'passes';
      storage.fate = () => fate;
      await failSeal(`storage: ${fate}`, server);
      storage.fate = () => 'passes';
    }
    await database.rows(wrongSecret());
    await failSeal('wrong key', server);
    note('otlp_stop', await server.stop());
    expectNoSecret();
  });

  test('the service', async () => {
    const { attach } = await remoteLake();
    const init = (name: string, statements: readonly string[]) => {
      const path = join(folder, `${name}.sql`);
      writeFileSync(path, [...extensionSettings(), ...statements].map((sql) => `${sql};\n`).join(''));
      return ['serve', ':memory:', '--init', path, '--uri', 'otlp:127.0.0.1:0', '--catalog', 'lake', '--token', TOKEN];
    };
    const service = start([...init('good', attach), '--seal-max-age-ms', '50', '--drain-timeout-ms', '1000'], {
      program: command,
    });
    const log = await service.until('stderr', /"ready"/);
    await postgres.halt();
    const port = Number(/"listen_uri":"otlp:127\.0\.0\.1:(\d+)"/.exec(log)![1]);
    await send({
      port,
      path: '/v1/logs',
      headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}` },
      body: numberedLogs({ count: 300 }),
    });
    await eventually(async () => {
      const ready = await send({ port, path: '/readyz', method: 'GET' });
      note('/readyz', ready.text);
      expect(ready.status).toBe(503);
    });
    service.child.kill('SIGTERM');
    const ended = await service.ended;
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('password=[redacted]');
    note('service', ended);
    for (const [name, statements] of [
      ['away', attach],
      ['unfinished', [`CREATE SECRET s3 (TYPE s3, KEY_ID '${S3_KEY}', SECRET '${UNFINISHED}, REGION`]],
      ['wrong', [wrongSecret(), `FROM read_parquet('${s3Path('none')}x.parquet')`]],
    ] as const) {
      const failed = await run(init(name, statements), { program: command });
      expect(failed.exitCode, name).toBe(1);
      note(`service: ${name}`, failed);
    }
    expectNoSecret();
  });

  test('the shell, and the file of its history', async () => {
    const { uri } = await remoteLake();
    await postgres.halt();
    const statements = [
      `ATTACH 'ducklake:postgres:${uri}' AS lake (DATA_PATH '${s3Path('x')}');`,
      `ATTACH 'postgres://postgres:${POSTGRES_PASSWORD}@127.0.0.1:${postgres.port}/x' AS a (TYPE postgres);`,
      `ATTACH '${uri}' AS b (TYPE postgres, NO_SUCH_OPTION 1);`,
      `CREATE SECRET s3 (TYPE s3, KEY_ID '${S3_KEY}', SECRET '${S3_SECRET}', NO_SUCH_OPTION 1);`,
      `CREATE SECRET ic (TYPE iceberg, TOKEN '${bearer}', NO_SUCH_OPTION 1);`,
      `CREATE SECRET pg (TYPE postgres, HOST '127.0.0.1', PORT ${postgres.port}, PASSWORD '${POSTGRES_PASSWORD}') AS;`,
      `CALL otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}', no_such_option := 1);`,
      `CALL otlp_serve('otlp:127.0.0.1:0', catalog := 'none', token := '${TOKEN}');`,
      `${s3Secret(storage.port)};`,
      `FROM read_parquet('${s3Path('none')}x.parquet');`,
    ];
    const input = [...extensionSettings(), 'LOAD iceberg', 'LOAD postgres_scanner']
      .map((sql) => `${sql};\n`)
      .concat(statements)
      .join('\n')
      .replace(/^/, '.bail off\n');
    const shell = await run([], { program: command, input });
    expect(shell.stderr.match(/Error/g)!.length).toBeGreaterThanOrEqual(statements.length - 1);
    note('shell', shell.stderr);

    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const history = join(folder, 'credentials-history');
    const keys = new PassThrough();
    const output = new PassThrough();
    let screen = '';
    output.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
    });
    const sink = new StreamSink(output);
    const streams = { out: sink, err: sink, outPaint: plainPaint, errPaint: plainPaint, width: () => 80 };
    const typed = await Shell.start(
      connection,
      { ...streams, progress: new ProgressLine(output, plainPaint) },
      { mode: 'list', hasHeaders: false },
    );
    const left = new Terminal(typed, new HistoryFile(history), { input: keys, output }, plainPaint).run();
    for (const sql of [...statements, "SELECT 'typed';"]) {
      // What is typed ahead of a statement that fails is dropped, so each waits for the prompt.
      await eventually(() => expect(screen).toMatch(/D \r/));
      screen = '';
      keys.write(`${sql}\r`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => expect(screen).toContain('typed'));
    await eventually(() => expect(readFileSync(history, 'utf8')).toContain('typed'));
    keys.write('\x04');
    await left;
    connection.closeSync();
    instance.closeSync();
    note('history', readFileSync(history, 'utf8'));
    expectNoSecret();
  });
});
