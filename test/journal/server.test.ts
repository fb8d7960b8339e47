// A journal as SQL and clients see it.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBConnection } from '@duckdb/node-api';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { diskStorage } from '../../src/base/file-storage.js';
import { exportPath, GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, logs, statusIn } from '../grpc/otap-client.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { jsonOf } from '../support/http-client.js';
import { type OtelDatabase, openDatabase, type ServeArguments } from '../support/otel-database.js';
import { logsRequest, spansRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

let folder: string;
let journal: ServeArguments;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otelduck-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  journal = { durability: 'journal', journal_path: join(folder, 'journal'), seal_max_age_ms: NEVER_MS };
});

const databaseFile = () => join(folder, 'telemetry.db');
const segments = (path = join(folder, 'journal')) => readdirSync(path).filter((name) => /^\d+\.journal$/.test(name));
const bodies = (database: OtelDatabase) =>
  database.rows('SELECT body FROM otlp_logs ORDER BY body').then((rows) => rows.map(({ body }) => body));

/** Stops with a target that fails: what the journal has stays there, as after a crash. */
async function stopUnsealed(database: OtelDatabase, uri: string): Promise<void> {
  await database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  await database.rows(`FROM otlp_stop('${uri}')`);
  await database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
}

test('a clean stop seals everything, and leaves a journal with nothing in it', async () => {
  const server = await (await openDatabase(databaseFile())).serve(journal);
  for (let i = 0; i < 3; i++) expect((await server.post(logsRequest(2, `${i} `))).status).toBe(202);
  expect((await server.post(spansRequest(4), { path: '/v1/traces' })).status).toBe(202);
  expect(
    await server.counters(
      ...['durability', 'journal_bytes > 0 AS has_bytes', 'journal_last_sequence', 'journal_records_total'],
      ...['journal_syncs_total BETWEEN 1 AND 4 AS is_synced', 'replayed_rows_total', 'dead_letter_rows_total'],
      'journal_error',
    ),
  ).toEqual({
    durability: 'journal',
    has_bytes: true,
    journal_last_sequence: '4',
    journal_records_total: '4',
    is_synced: true,
    replayed_rows_total: '0',
    dead_letter_rows_total: '0',
    journal_error: null,
  });
  expect(segments()).toEqual(['0000000000000001.journal']);
  expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' });
  expect(readdirSync(join(folder, 'journal')).sort()).toEqual(['id', 'next']);
  expect(
    await server.database.rows('SELECT * EXCLUDE (server_id, committed_at, seal_id) FROM otlp_seals ORDER BY ALL'),
  ).toEqual([
    { seal_sequence: '1', table_name: 'otlp_logs', row_count: '6', last_journal_sequence: '4' },
    { seal_sequence: '1', table_name: 'otlp_traces', row_count: '4', last_journal_sequence: '4' },
  ]);
});

test('without a journal nothing is written, and the columns say so', async () => {
  const server = await (await openDatabase(databaseFile())).serve({ seal_max_age_ms: NEVER_MS });
  await server.post(logsRequest(1));
  expect(
    await server.counters(
      'durability',
      'journal_bytes',
      'journal_last_sequence',
      'journal_syncs_total',
      'journal_error',
    ),
  ).toEqual({
    durability: 'memory',
    journal_bytes: '0',
    journal_last_sequence: null,
    journal_syncs_total: '0',
    journal_error: null,
  });
  await server.flush();
  expect(await server.database.value('SELECT last_journal_sequence FROM otlp_seals')).toBe(null);
  expect(readdirSync(folder).filter((name) => name.includes('journal'))).toEqual([]);
  expect(await server.database.rows(`FROM otlp_replay('${server.uri}')`)).toEqual([
    { status: 'replayed', replayed_rows: '0', error: null },
  ]);
});

test('the default path is beside the database, named for the URI', async () => {
  const database = await openDatabase(databaseFile());
  await expect(database.serve({ durability: 'journal' })).rejects.toThrow('on port 0 needs a journal_path');
  const free = await database.serve({});
  await free.stop();
  const server = await database.serve({ durability: 'journal' }, free.uri);
  expect(existsSync(join(`${databaseFile()}.journal`, free.uri.replaceAll(':', '-'), 'id'))).toBe(true);
  await server.stop();
  const memory = await openDatabase();
  await expect(memory.serve({ durability: 'journal' }, free.uri)).rejects.toThrow('needs a journal_path');
});

test('otlp_stop with a target that fails keeps the rows in the journal, and says so', async () => {
  const database = await openDatabase(databaseFile());
  const server = await database.serve(journal);
  await server.post(logsRequest(3));
  await database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  const stopped = await server.stop();
  expect(stopped['dropped_rows']).toBe('0');
  expect(stopped['status']).toMatch(
    /^Stopped listening on otlp:127.0.0.1:\d+; 3 rows stay in the journal: .*otlp_logs/,
  );
  await database.rows('ALTER TABLE hidden RENAME TO otlp_logs');

  const next = await database.serve(journal);
  expect(await next.counters('replayed_rows_total', 'buffered_rows', 'admitted_bytes')).toEqual({
    replayed_rows_total: '3',
    buffered_rows: '3',
    admitted_bytes: '0',
  });
  await next.flush();
  expect(await bodies(database)).toEqual(['log 0', 'log 1', 'log 2']);
  await stopUnsealed(database, next.uri);
  const last = await database.serve(journal);
  expect(await last.counters('replayed_rows_total')).toEqual({ replayed_rows_total: '0' });
});

test('commits whose answers are lost are not made again, of rows that wait or of dead letters between them', async () => {
  const database = await openDatabase(databaseFile());
  const server = await database.serve(journal);
  const replay = () => database.rows(`SELECT status, replayed_rows FROM otlp_replay('${server.uri}')`);
  await database.rows('ALTER TABLE otlp_logs DROP COLUMN flags');
  await server.post(logsRequest(2, 'letter '));
  await eventually(async () => {
    await server.flush();
    expect(await database.value('SELECT count(*) FROM otlp_dead_letter_list()')).toBe('1');
  });
  await database.rows('ALTER TABLE otlp_logs ADD COLUMN flags INTEGER');
  await server.post(logsRequest(2, 'waiting '));

  const { run } = DuckDBConnection.prototype;
  const lossy = vi.spyOn(DuckDBConnection.prototype, 'run').mockImplementation(async function (
    this: DuckDBConnection,
    ...args: Parameters<typeof run>
  ) {
    const result = await run.apply(this, args);
    if (args[0] === 'COMMIT') throw new Error('the answer was lost');
    return result;
  });
  onTestFinished(() => lossy.mockRestore());
  expect(await server.flush()).toMatchObject({ status: 'failed', error: 'the answer was lost' });
  expect(await replay()).toMatchObject([{ replayed_rows: '0' }]);
  lossy.mockRestore();

  expect(await server.flush()).toMatchObject({ error: null });
  expect(await replay()).toMatchObject([{ status: 'replayed' }]);
  expect(await bodies(database)).toEqual(['letter 0', 'letter 1', 'waiting 0', 'waiting 1']);
});

describe('every wire', () => {
  test('gives back what it took, once, after a stop without a seal', async () => {
    const database = await openDatabase(databaseFile());
    const grpc = { ...journal, journal_path: join(folder, 'grpc'), transport: 'grpc' };
    const otap = { ...journal, journal_path: join(folder, 'otap') };
    const servers = async () => [
      await database.serve(journal),
      await database.serve(grpc),
      await database.serve(otap, 'otap:127.0.0.1:0'),
    ];
    const [http, unary, arrow] = await servers();
    expect((await http!.post(logsRequest(2, 'http '))).status).toBe(202);
    const answer = await new GrpcClient(unary!.port).unary(exportPath.logs, logsRequest(2, 'grpc '));
    expect(answer.code).toBe('OK');
    const encoder = new OtapEncoder('logs');
    const stream = new GrpcClient(arrow!.port).stream(arrowPath.logs);
    for (const name of ['otap a ', 'otap b ']) {
      stream.send(encoder.encode(logs(2, name)));
      // The second builds on the dictionaries of the first, of which the journal knows nothing.
      expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
    }
    stream.end();
    for (const server of [http, unary, arrow]) await stopUnsealed(database, server!.uri);
    expect(await bodies(database)).toEqual([]);
    for (const server of await servers()) await server.stop();
    const expected = ['grpc ', 'http ', 'otap a ', 'otap b '].flatMap((name) => [`${name}0`, `${name}1`]);
    expect(await bodies(database)).toEqual(expected);
  });

  test('answers as when it is overloaded while the journal is full, and takes more once it is sealed', async () => {
    const database = await openDatabase(databaseFile());
    // Room for one request.
    const full = { ...journal, journal_max_bytes: 3000 };
    const big = 'x'.repeat(1000);
    const server = await database.serve(full);
    expect((await server.post(logsRequest(2, big))).status).toBe(202);
    const refused = await server.post(logsRequest(2, big));
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(jsonOf(refused)).toMatchObject({
      error: 'overloaded',
      message: expect.stringContaining('journal_max_bytes is 3000'),
    });
    expect(await server.counters('buffered_rows', 'admitted_bytes < 3000 AS is_released')).toEqual({
      buffered_rows: '2',
      is_released: true,
    });
    await server.flush();
    expect((await server.post(logsRequest(2, big))).status).toBe(202);
    // However often: what is committed does not stay in the way.
    for (let i = 0; i < 5; i++) {
      await server.flush();
      expect((await server.post(logsRequest(2, big))).status).toBe(202);
    }
    const never = await server.post(logsRequest(4, big));
    expect([never.status, jsonOf(never)]).toMatchObject([413, { message: expect.stringContaining('never fits') }]);
    await server.stop();

    const unary = await database.serve({ ...full, transport: 'grpc', journal_path: join(folder, 'grpc') });
    const client = new GrpcClient(unary.port);
    expect((await client.unary(exportPath.logs, logsRequest(2, big))).code).toBe('OK');
    const exhausted = await client.unary(exportPath.logs, logsRequest(2, big));
    expect(exhausted.code).toBe('RESOURCE_EXHAUSTED');
    expect(exhausted.details).toContain('journal_max_bytes is 3000');
    expect(String(exhausted.trailers.get('grpc-status-details-bin')[0])).toContain('google.rpc.RetryInfo');
    await unary.flush();
    expect((await client.unary(exportPath.logs, logsRequest(2, big))).code).toBe('OK');

    const arrow = await database.serve({ ...full, journal_path: join(folder, 'otap') }, 'otap:127.0.0.1:0');
    const encoder = new OtapEncoder('logs');
    const stream = new GrpcClient(arrow.port).stream(arrowPath.logs);
    const send = async () => {
      stream.send(encoder.encode(logs(2, big)));
      return statusIn(await stream.next());
    };
    let status = await send();
    for (let i = 0; i < 5 && status!.statusCode === 'OK'; i++) status = await send();
    expect(status).toMatchObject({ statusCode: 'RESOURCE_EXHAUSTED' });
    expect(status!.statusMessage).toContain('journal_max_bytes is 3000');
    await arrow.flush();
    expect(await send()).toMatchObject({ statusCode: 'OK' });
    stream.end();
  });

  test('claims nothing once the disk has failed to sync, and says so, until the next start', async () => {
    const { create } = diskStorage;
    let isBroken = false;
    const creating = vi.spyOn(diskStorage, 'create').mockImplementation(async (path) => {
      const file = await create(path);
      const sync = () => (isBroken ? Promise.reject(new Error('EIO: i/o error, fdatasync')) : file.sync());
      return {
        append: (bytes) => file.append(bytes),
        truncate: (to) => file.truncate(to),
        sync,
        close: () => file.close(),
      };
    });
    onTestFinished(() => creating.mockRestore());
    const database = await openDatabase(databaseFile());
    const http = await database.serve(journal);
    const unary = await database.serve({ ...journal, transport: 'grpc', journal_path: join(folder, 'grpc') });
    const arrow = await database.serve({ ...journal, journal_path: join(folder, 'otap') }, 'otap:127.0.0.1:0');
    expect((await http.post(logsRequest(1, 'before '))).status).toBe(202);
    isBroken = true;
    for (let i = 0; i < 2; i++) {
      const refused = await http.post(logsRequest(1, 'refused '));
      expect([refused.status, jsonOf(refused)]).toMatchObject([
        503,
        { error: 'overloaded', message: expect.stringContaining('EIO') },
      ]);
      // The disk is well again, but what it has lost meanwhile nobody knows.
      isBroken = i === 0 && isBroken;
    }
    isBroken = true;
    const answer = await new GrpcClient(unary.port).unary(exportPath.logs, logsRequest(1, 'refused '));
    expect(answer.code).toBe('RESOURCE_EXHAUSTED');
    const stream = new GrpcClient(arrow.port).stream(arrowPath.logs);
    stream.send(new OtapEncoder('logs').encode(logs(1, 'refused ')));
    expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'RESOURCE_EXHAUSTED' });
    stream.end();
    expect((await http.get('/readyz')).status).toBe(503);
    expect(await http.counters('journal_error')).toEqual({
      journal_error: expect.stringContaining('the journal failed to sync, so nothing more is accepted: EIO'),
    });
    expect(database.events).toEqual(
      [http, unary, arrow].map(({ uri }) => ({
        level: 'error',
        event: 'journal_failed',
        fields: { listen_uri: uri, buffered_rows: uri === http.uri ? 1 : 0, error: expect.stringContaining('EIO') },
      })),
    );
    isBroken = false;
    for (const { uri } of [http, unary, arrow]) await database.rows(`FROM otlp_stop('${uri}')`);
    const again = await database.serve(journal);
    expect((await again.post(logsRequest(1, 'after '))).status).toBe(202);
    await again.stop();
    expect(await bodies(database)).toEqual(['after 0', 'before 0']);
  });
});

test('a journal too small for any request refuses each with 413', async () => {
  const server = await (await openDatabase(databaseFile())).serve({ ...journal, journal_max_bytes: 1 });
  const answer = await server.post(logsRequest(1));
  expect([answer.status, jsonOf(answer)]).toMatchObject([413, { error: 'payload_too_large' }]);
  expect(await server.counters('buffered_rows', 'admitted_bytes', 'journal_bytes')).toEqual({
    buffered_rows: '0',
    admitted_bytes: '0',
    journal_bytes: '0',
  });
});

test('what another process has committed since the start is not committed again', async () => {
  const database = await openDatabase(databaseFile());
  const first = await database.serve(journal);
  await first.post(logsRequest(1, 'first '));
  await stopUnsealed(database, first.uri);
  const server = await database.serve(journal);
  // As when the COMMIT of a process that was killed gets to a catalog's server late.
  const id = readFileSync(join(folder, 'journal', 'id'), 'utf8');
  await database.rows(
    `INSERT INTO otlp_seals (server_id, seal_sequence, table_name, row_count, last_journal_sequence)
     VALUES ('${id}', 1, 'otlp_logs', 1, 1)`,
  );
  await server.post(logsRequest(1, 'second '));
  expect(await server.flush()).toMatchObject({
    status: 'failed',
    sealed_rows: '0',
    error: expect.stringContaining(
      'at record 0 when the server started, and another process has committed records up to 1',
    ),
  });
  await database.rows(`FROM otlp_stop('${server.uri}')`);
  await (await database.serve(journal)).stop();
  expect(await bodies(database)).toEqual(['second 0']);
});

describe('one process at a time', () => {
  test('a second server of the same process is refused', async () => {
    const database = await openDatabase(databaseFile());
    const server = await database.serve(journal);
    await expect(database.serve(journal)).rejects.toThrow(
      `journal ${journal['journal_path']} is in use by process ${process.pid}`,
    );
    await server.stop();
    await (await database.serve(journal)).stop();
  });

  test('another process is refused while the holder lives, and not once it is dead', async () => {
    const holder = new ChildProgram(`
      const otel = await otlp.attach(await DuckDBInstance.create(':memory:'));
      await (await otel.connect()).run(\`CALL otlp_serve('otlp:127.0.0.1:0', durability := 'journal', journal_path := '${journal['journal_path']}')\`);
      say('holds');
    `);
    expect(await holder.line()).toBe('holds');
    const database = await openDatabase(databaseFile());
    await expect(database.serve(journal)).rejects.toThrow(`is in use by process ${holder.process.pid}`);
    holder.process.kill('SIGKILL');
    await holder.exited();
    const server = await database.serve(journal);
    expect(readdirSync(join(folder, 'journal')).filter((name) => name.startsWith('lock-'))).toHaveLength(1);
    await server.stop();
  });

  test('a lock of another process that has its id by now does not block', async () => {
    const database = await openDatabase(databaseFile());
    await (await database.serve(journal)).stop();
    for (const lock of [
      'lock-1-00000000.1-00000000-0000-4000-8000-000000000000',
      'lock-99999999-unknown-00000000-0000-4000-8000-000000000000',
    ])
      writeFileSync(join(folder, 'journal', lock), '');
    await (await database.serve(journal)).stop();
  });

  test('of many that come at once, one at most gets it', async () => {
    const contender = `
      const otel = await otlp.attach(await DuckDBInstance.create(':memory:'));
      const connection = await otel.connect();
      try {
        await connection.run(\`CALL otlp_serve('otlp:127.0.0.1:0', durability := 'journal', journal_path := '${journal['journal_path']}')\`);
        say('holds');
      } catch (error) { say(error.message); }
    `;
    const contenders = [1, 2, 3].map(() => new ChildProgram(contender));
    const answers = await Promise.all(contenders.map((program) => program.line<string>()));
    expect(answers.filter((answer) => answer === 'holds').length).toBeLessThanOrEqual(1);
    for (const answer of answers) if (answer !== 'holds') expect(answer).toMatch(/is in use by process \d+/);
  });
});

// Once, nobody noticed: requests were acknowledged, and a kill lost them all.
describe('a journal whose folder is removed while it is used', () => {
  const lost = expect.stringMatching(/^the journal has lost .*, so nothing more is accepted/);

  test('acknowledges nothing more, says so, and what it had is committed', async () => {
    const database = await openDatabase(databaseFile());
    const server = await database.serve(journal);
    expect((await server.post(logsRequest(2, 'before '))).status).toBe(202);
    rmSync(join(folder, 'journal'), { recursive: true });
    const refused = await server.post(logsRequest(1, 'after '));
    expect([refused.status, jsonOf(refused)['error']]).toEqual([503, 'overloaded']);
    expect((await server.get('/readyz')).status).toBe(503);
    expect(await server.counters('journal_error')).toEqual({ journal_error: lost });
    expect(database.events).toMatchObject([{ level: 'error', event: 'journal_failed', fields: { error: lost } }]);
    await eventually(async () => expect(await bodies(database)).toEqual(['before 0', 'before 1']));
    // Another folder of that name is not the journal.
    mkdirSync(join(folder, 'journal'));
    expect((await server.post(logsRequest(1, 'after '))).status).toBe(503);
    expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
    const next = await database.serve(journal);
    expect((await next.post(logsRequest(1, 'after '))).status).toBe(202);
    await next.stop();
    expect(await bodies(database)).toEqual(['after 0', 'before 0', 'before 1']);
  });

  test('is not ready when nobody sends either, and a stop tells the rows that are in memory only', async () => {
    const database = await openDatabase(databaseFile());
    const server = await database.serve(journal);
    await database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
    expect((await server.post(logsRequest(2))).status).toBe(202);
    renameSync(join(folder, 'journal'), join(folder, 'moved'));
    await eventually(async () => expect((await server.get('/readyz')).status).toBe(503));
    expect(await server.stop()).toMatchObject({ dropped_rows: '2' });
  });
});

describe('dead letters', () => {
  /** A table that refuses some rows for good. */
  async function refusing(): Promise<OtelDatabase> {
    const database = await openDatabase(databaseFile());
    await (await database.serve()).stop();
    const columns = await database.rows("SELECT sql FROM duckdb_tables() WHERE table_name = 'otlp_logs'");
    await database.rows('DROP TABLE otlp_logs');
    await database.rows(
      String(columns[0]!['sql']).replace(/body VARCHAR[^,]*,/, "body VARCHAR CHECK (body NOT LIKE 'bad%'),"),
    );
    return database;
  }
  async function mend(database: OtelDatabase): Promise<void> {
    await database.rows('CREATE TABLE mended AS FROM otlp_logs');
    await database.rows('DROP TABLE otlp_logs');
    await database.rows('ALTER TABLE mended RENAME TO otlp_logs');
  }

  test('do not hold up the rest, are listed, and come back with otlp_replay', async () => {
    const database = await refusing();
    const server = await database.serve({ ...journal, create_tables: true });
    await server.post(logsRequest(2, 'good '));
    await server.flush();
    await server.post(logsRequest(2, 'bad '));
    for (let i = 0; i < 6; i++) await server.flush();
    expect(await server.counters('dead_letter_rows_total', 'buffered_rows', 'admitted_bytes')).toEqual({
      dead_letter_rows_total: '2',
      buffered_rows: '0',
      admitted_bytes: '0',
    });
    expect(
      await database.rows('SELECT * EXCLUDE (path, bytes, set_aside_unix_ms) FROM otlp_dead_letter_list()'),
    ).toEqual([
      {
        listen_uri: server.uri,
        first_journal_sequence: '2',
        last_journal_sequence: '2',
        error: expect.stringContaining('CHECK constraint failed'),
      },
    ]);
    await server.post(logsRequest(1, 'better '));
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1' });

    const replay = () => database.rows(`FROM otlp_replay('${server.uri}')`).then(([row]) => row!);
    expect(await replay()).toEqual({
      status: 'failed',
      replayed_rows: '0',
      error: expect.stringContaining('CHECK constraint failed'),
    });
    await mend(database);
    expect(await replay()).toEqual({ status: 'replayed', replayed_rows: '2', error: null });
    expect(await replay()).toEqual({ status: 'replayed', replayed_rows: '0', error: null });
    expect(await database.rows('FROM otlp_dead_letter_list()')).toEqual([]);
    await server.stop();
    const next = await database.serve(journal);
    await next.stop();
    expect(await bodies(database)).toEqual(['bad 0', 'bad 1', 'better 0', 'good 0', 'good 1']);
  });

  test('beyond a full folder rows wait as they do without a journal', async () => {
    const database = await refusing();
    const letters = join(folder, 'journal', 'dead-letter');
    mkdirSync(letters, { recursive: true });
    const large = join(letters, `${'0'.repeat(15)}1-${'0'.repeat(15)}1.journal`);
    writeFileSync(large, '');
    truncateSync(large, 2 ** 30 + 1); // takes no room on the disk
    const server = await database.serve(journal);
    await server.post(logsRequest(1, 'bad '));
    await database.rows("CALL enable_logging(level := 'error')");
    for (let i = 0; i < 8; i++) expect(await server.flush()).toMatchObject({ status: 'failed' });
    expect(
      await database.value("SELECT count(*) > 0 FROM duckdb_logs WHERE message LIKE '%[OTLP_DEAD_LETTERS_FULL]'"),
    ).toBe(true);
    expect(await server.counters('dead_letter_rows_total', 'buffered_rows')).toEqual({
      dead_letter_rows_total: '0',
      buffered_rows: '1',
    });
    rmSync(large);
    await mend(database);
    await server.stop();
    expect(await bodies(database)).toEqual(['bad 0']);
  });

  test('are not replayed at a start, but are there after it', async () => {
    const database = await refusing();
    const server = await database.serve(journal);
    await server.post(logsRequest(1, 'bad '));
    for (let i = 0; i < 6; i++) await server.flush();
    await server.stop();
    const next = await database.serve(journal);
    expect(await next.counters('replayed_rows_total', 'dead_letter_rows_total')).toEqual({
      replayed_rows_total: '0',
      dead_letter_rows_total: '0',
    });
    expect(await database.value('SELECT count(*) FROM otlp_dead_letter_list()')).toBe('1');
    await mend(database);
    expect(await database.rows(`FROM otlp_replay('${next.uri}')`)).toMatchObject([{ replayed_rows: '1' }]);
    // Its record still lies in the journal's segment, and no seal after it names a newer one.
    await stopUnsealed(database, next.uri);
    const last = await database.serve(journal);
    await last.stop();
    expect(await bodies(database)).toEqual(['bad 0']);
  });

  test('that are damaged are not replayed', async () => {
    const database = await refusing();
    const server = await database.serve(journal);
    await server.post(logsRequest(1, 'bad '));
    for (let i = 0; i < 6; i++) await server.flush();
    const path = String(await database.value('SELECT path FROM otlp_dead_letter_list()'));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, bytes.length - 1));
    expect(await database.rows(`SELECT status, error FROM otlp_replay('${server.uri}')`)).toEqual([
      {
        status: 'failed',
        error: expect.stringMatching(/^cannot replay .*, at byte \d+ \[OTLP_REPLAY_FAILED\]$/),
      },
    ]);
  });

  test('of a record that cannot be decoded any more say why', async () => {
    const database = await openDatabase(databaseFile());
    const server = await database.serve(journal);
    await server.post(logsRequest(1, 'before '));
    await server.post(logsRequest(1, 'xxxxxxx '));
    await server.post(logsRequest(1, 'after '));
    await stopUnsealed(database, server.uri);
    const [segment] = segments();
    const path = join(folder, 'journal', segment!);
    const { crc32 } = await import('../../src/journal/checksum.js');
    const { FILE_HEADER_BYTES, RECORD_HEADER_BYTES } = await import('../../src/journal/record.js');
    // Text that is not UTF-8, with a checksum that says that it was meant.
    const bytes = readFileSync(path);
    const second = FILE_HEADER_BYTES + RECORD_HEADER_BYTES + bytes.readUInt32LE(FILE_HEADER_BYTES);
    const end = second + RECORD_HEADER_BYTES + bytes.readUInt32LE(second);
    bytes[bytes.indexOf('xxxxxxx')] = 0xff;
    const header = bytes.readUInt32LE(second + 28);
    bytes.writeUInt32LE(crc32(bytes.subarray(second + RECORD_HEADER_BYTES, end), header), second + 32);
    writeFileSync(path, bytes);

    const next = await database.serve(journal);
    expect(await database.rows('SELECT first_journal_sequence AS n, error FROM otlp_dead_letter_list()')).toEqual([
      { n: '2', error: expect.stringContaining('UTF-8') },
    ]);
    expect(await database.rows(`FROM otlp_replay('${next.uri}')`)).toEqual([
      { status: 'failed', replayed_rows: '0', error: expect.stringContaining('UTF-8') },
    ]);
    await next.stop();
    expect(await bodies(database)).toEqual(['after 0', 'before 0']);
  });
});

test('a long recovery says how far it is', async () => {
  const database = await openDatabase(databaseFile());
  await database.rows("CALL enable_logging(level := 'info')");
  const server = await database.serve(journal);
  // Records without a single field, because a million is what it takes.
  const body = encodeProtobuf('logs', { resource_logs: [{ scope_logs: [{ log_records: Array(110_000).fill({}) }] }] });
  for (let i = 0; i < 10; i++) expect((await server.post(body)).status).toBe(202);
  await stopUnsealed(database, server.uri);
  await database.serve(journal);
  const told = "SELECT message FROM duckdb_logs WHERE message LIKE '%rows replayed from the journal so far'";
  await eventually(async () => expect(await database.rows(told)).toHaveLength(1));
});

describe('a process killed after a seal of Parquet, before its journal knows', () => {
  async function restarted(lose: (root: string) => void): Promise<string> {
    const root = join(folder, 'export');
    const serve = async (database: OtelDatabase) => database.serve({ ...journal, parquet_export_path: root });
    const server = await serve(await openDatabase());
    await server.post(logsRequest(5));
    const path = join(folder, 'journal');
    cpSync(path, `${path}.before`, { recursive: true, filter: (source) => !basename(source).startsWith('lock-') });
    await server.stop();
    rmSync(path, { recursive: true });
    cpSync(`${path}.before`, path, { recursive: true });
    lose(root);
    const database = await openDatabase();
    await (await serve(database)).stop();
    return String(await database.value('SELECT count(*) FROM otlp_logs'));
  }

  test('writes nothing twice, for the manifest says what is there', async () => {
    expect(await restarted(() => undefined)).toBe('5');
  });

  test('writes again what no manifest tells of', async () => {
    expect(await restarted((root) => rmSync(join(root, '_seals'), { recursive: true }))).toBe('10');
  });
});

test('a backlog that memory for rows cannot hold is committed piece by piece, whatever admission allows', async () => {
  const database = await openDatabase(databaseFile());
  await database.rows("CALL enable_logging(level := 'info')");
  const server = await database.serve(journal);
  for (let i = 0; i < 3; i++) await server.post(logsRequest(1, `${i} ${'x'.repeat(5000)}`));
  await stopUnsealed(database, server.uri);
  const next = await database.serve({ ...journal, max_decoded_bytes: 20_000, max_buffered_bytes: 1 });
  expect(await next.counters('replayed_rows_total', 'seals_total > 1 AS came_in_pieces')).toEqual({
    replayed_rows_total: '3',
    came_in_pieces: true,
  });
  await next.stop();
  expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
  const told = "SELECT message FROM duckdb_logs WHERE message LIKE '%replayed 3 rows from the journal'";
  await eventually(async () => expect(await database.rows(told)).toHaveLength(1));
});

test('damage is in the log, with the place', async () => {
  const database = await openDatabase(databaseFile());
  await database.rows("CALL enable_logging(level := 'info')");
  const server = await database.serve(journal);
  await server.post(logsRequest(1, 'a '));
  await server.post(logsRequest(1, 'b '));
  await stopUnsealed(database, server.uri);
  const [segment] = segments();
  const path = join(folder, 'journal', segment!);
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('a 0')]! ^= 1;
  writeFileSync(path, bytes);
  const next = await database.serve(journal);
  await next.stop();
  expect(await bodies(database)).toEqual(['b 0']);
  await eventually(async () =>
    expect(await database.rows("SELECT message FROM duckdb_logs WHERE message LIKE 'otlp:%damaged%'")).toEqual([
      {
        message: expect.stringContaining(
          `journal ${path}, byte 24: record 1 is damaged: its checksum does not match; what can be proven is replayed, and a damaged file is kept in the folder "damaged"`,
        ),
      },
    ]),
  );
  expect(readdirSync(join(folder, 'journal', 'damaged'))).toEqual([segment]);
});
