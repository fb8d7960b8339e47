// Live functions while servers commit: each row that was acknowledged is there, once, whatever a query's snapshot shows.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectEachOnce, NumberingWriter, readWhileWriting } from '../support/live-readers.js';
import { openDatabase, SEVERAL_THREADS } from '../support/otel-database.js';
import { largeLogRequest, logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('each row is read once while two servers commit every few milliseconds', async () => {
  const folder = newFolder();
  const database = await openDatabase(join(folder, 'live.db'), undefined, SEVERAL_THREADS);
  const inMemory = await database.serve({ seal_max_age_ms: 3 });
  const journaled = await database.serve({
    seal_max_age_ms: 7,
    durability: 'journal',
    journal_path: join(folder, 'journal'),
  });
  const writers = ['a', 'b', 'c', 'd'].map((name, i) => new NumberingWriter(name, i % 2 ? inMemory : journaled));
  const [alone, inTransactions, prepared] = await Promise.all([1, 2, 3].map(() => database.otel.connect()));
  const statement = await prepared!.prepare('SELECT count(*), count(DISTINCT body) FROM otlp_live_logs()');
  await readWhileWriting(writers, { rows: 10, reads: 12 }, [
    () => expectEachOnce(database, alone!, 'otlp_live_logs()', writers),
    async () => {
      await inTransactions!.run('BEGIN TRANSACTION');
      // Fixes what the transaction sees of the tables.
      await inTransactions!.run('FROM otlp_logs LIMIT 1');
      for (let i = 0; i < 4; i++) {
        await pause(20);
        await expectEachOnce(database, inTransactions!, 'otlp_live_logs()', writers);
      }
      await inTransactions!.run('COMMIT');
    },
    async () => {
      const before = writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
      const [count, different] = (await statement.runAndReadAll()).getRows()[0] as [bigint, bigint];
      expect(different).toBe(count);
      expect(Number(count)).toBeGreaterThanOrEqual(before);
    },
  ]);
  const seals = await Promise.all([inMemory, journaled].map((server) => server.counters('seals_total')));
  for (const { seals_total } of seals) expect(Number(seals_total)).toBeGreaterThan(10);
  for (const connection of [alone, inTransactions, prepared]) connection!.closeSync();
});

test('rows of a server that stops are read once, in transactions that began before, too', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  const server = await database.serve({ seal_max_age_ms: NEVER_MS });
  const earlier = await database.otel.connect();
  await earlier.run('BEGIN TRANSACTION');
  await earlier.run('FROM otlp_logs');
  expect((await server.post(logsRequest(5))).status).toBe(202);
  await server.stop();
  const count = 'SELECT count(*) AS rows, count(DISTINCT body) AS different FROM otlp_live_logs()';
  expect(await database.rows('FROM otlp_logs', earlier)).toEqual([]);
  for (const connection of [earlier, database.connection]) {
    expect(await database.rows(count, connection)).toEqual([{ rows: '5', different: '5' }]);
  }
  earlier.closeSync();
});

test('a transaction that is older than what is kept in memory gets an error, whatever it asks for', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  // Each request takes more than a half of it, so that what was committed goes when the next one comes.
  const server = await database.serve({ seal_max_age_ms: NEVER_MS, max_decoded_bytes: 1_000_000 });
  const earlier = await database.otel.connect();
  await earlier.run('BEGIN TRANSACTION');
  await earlier.run('FROM otlp_logs');
  for (let i = 0; i < 3; i++) {
    expect((await server.post(logsRequest(3000, `${i}:`))).status).toBe(202);
    await server.flush();
  }
  const rule = `otlp_live_logs() cannot be read in this transaction: it began before rows of ${server.uri} were committed that have left memory`;
  // A condition that the row which stands for the missing ones would not pass.
  const refusal = await earlier.run("FROM otlp_live_logs() WHERE body = '2:1'").catch(String);
  expect(refusal).toContain(rule);
  expect(refusal).toContain(' [OTLP_LIVE_CONFLICT]');
  await earlier.run('ROLLBACK');
  await earlier.run('BEGIN TRANSACTION');
  await earlier.run('FROM otlp_logs');
  for (const condition of ['true', "body = 'none'", 'severity_number > 3']) {
    await server.post(logsRequest(3000));
    await server.flush();
    await server.post(logsRequest(3000));
    await server.flush();
    await expect(earlier.run(`SELECT count(*) FROM otlp_live_logs() WHERE ${condition}`)).rejects.toThrow(rule);
    await earlier.run('ROLLBACK');
    await earlier.run('BEGIN TRANSACTION');
    await earlier.run('FROM otlp_logs');
  }
  await earlier.run('ROLLBACK');
  expect(await database.value('SELECT count(*) FROM otlp_live_logs()')).toBe(String(9000 + 3 * 6000));
  earlier.closeSync();
});

test('rows of a commit that fails are read once until it succeeds', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  const server = await database.serve({ seal_max_age_ms: NEVER_MS });
  await server.post(logsRequest(4));
  // The seal needs a column that is not there; the query does not mind.
  await database.connection.run('ALTER TABLE otlp_logs DROP COLUMN flags');
  expect(await server.flush()).toMatchObject({ status: 'failed' });
  await server.post(logsRequest(3, 'later '));
  const count = 'SELECT count(*) FROM otlp_live_logs()';
  expect(await database.value(count)).toBe('7');
  await database.connection.run('ALTER TABLE otlp_logs ADD COLUMN flags INTEGER');
  // The background may have tried again before.
  expect(await server.flush()).toMatchObject({ status: 'sealed' });
  expect(await server.counters('committed_rows_total')).toEqual({ committed_rows_total: '7' });
  expect(await database.value(count)).toBe('7');
  expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('7');
});

test('live rows of servers that promote different attributes are those that will be committed', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  const promotions = [{}, { promote_resource_attributes: 'host.name' }, { promote_scope_attributes: 'library,other' }];
  for (const options of promotions) {
    const server = await database.serve({ seal_max_age_ms: NEVER_MS, ...options });
    await server.post(readFileSync('test/data/logs.pb'));
  }
  await database.connection.run('ALTER TABLE otlp_logs ADD COLUMN note VARCHAR');
  await database.connection.run('CREATE TABLE before AS FROM otlp_live_logs()');
  expect(await database.rows('SELECT count(*) AS rows, count(host_name) AS hosts FROM before')).toEqual([
    { rows: '9', hosts: '2' },
  ]);
  for (const { listen_uri } of await database.rows('SELECT listen_uri FROM otlp_server_list()')) {
    await database.rows(`FROM otlp_stop('${listen_uri}')`);
  }
  for (const other of ['otlp_live_logs()', 'otlp_logs']) {
    expect(
      await database.rows(`(FROM before EXCEPT ALL FROM ${other}) UNION ALL (FROM ${other} EXCEPT ALL FROM before)`),
    ).toEqual([]);
  }
});

test('a reader of new rows gets each once, over commits and the end of a server, and is told of what it missed', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  const server = await database.serve({ seal_max_age_ms: NEVER_MS, max_decoded_bytes: 1_000_000 });
  await server.post(logsRequest(2, 'before '));
  const bodies = async () => (await database.rows("SELECT body FROM otlp_tail('logs', 'r')")).map(({ body }) => body);
  expect(await bodies()).toEqual([]);
  await server.post(logsRequest(2, 'a '));
  await server.flush();
  await server.post(logsRequest(1, 'b '));
  expect(await bodies()).toEqual(['a 0', 'a 1', 'b 0']);
  // Into the same generation, and beyond the first vector of it.
  await server.post(logsRequest(2500, 'c '));
  expect((await bodies()).length).toBe(2500);
  await server.post(logsRequest(1, 'd '));
  expect(await bodies()).toEqual(['d 0']);
  for (const prefix of ['e ', 'f ']) {
    await server.flush();
    await server.post(logsRequest(3000, prefix));
  }
  await expect(bodies()).rejects.toThrow(/^Invalid Input Error: 3000 rows of otlp:.* before reader r asked for them/);
  expect(await bodies()).toEqual([]);
  await server.post(logsRequest(1, 'g '));
  await server.stop();
  expect(await bodies()).toEqual(['g 0']);
  expect(await bodies()).toEqual([]);
});

test('a reader of new rows gets those of a large request, which are not put with those that came before', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  const server = await database.serve({ seal_max_age_ms: NEVER_MS });
  const lengths = () => database.rows("SELECT length(body) AS length FROM otlp_tail('logs', 'r')");
  await server.post(logsRequest(2));
  expect(await lengths()).toEqual([]);
  await server.post(logsRequest(2));
  expect(await lengths()).toEqual([{ length: '5' }, { length: '5' }]);
  await server.post(largeLogRequest(300_000));
  expect(await lengths()).toEqual([{ length: '300000' }]);
  await server.post(logsRequest(1));
  expect(await lengths()).toEqual([{ length: '5' }]);
});

test('dead letters are no live rows until they are replayed', async () => {
  const folder = newFolder();
  const database = await openDatabase(join(folder, 'letters.db'));
  const options = { seal_max_age_ms: NEVER_MS, durability: 'journal', journal_path: join(folder, 'journal') };
  const server = await database.serve(options);
  const live = () => database.value('SELECT count(*) FROM otlp_live_logs()');
  const unread = () => database.value("SELECT count(*) FROM otlp_tail('logs', 'r')");
  expect(await unread()).toBe('0');
  await database.connection.run('ALTER TABLE otlp_logs DROP COLUMN flags');
  await server.post(logsRequest(4));
  await eventually(async () => {
    await server.flush();
    expect(await database.value('SELECT count(*) FROM otlp_dead_letter_list()')).toBe('1');
  });
  expect(await live()).toBe('0');
  await expect(unread()).rejects.toThrow(
    /4 rows of otlp:.* left memory .*: they were committed to otlp_logs, or set aside as dead letters \[OTLP_ROWS_MISSED\]/,
  );
  await database.connection.run('ALTER TABLE otlp_logs ADD COLUMN flags INTEGER');
  await server.post(logsRequest(1, 'later '));
  expect(await live()).toBe('1');
  expect(await database.rows(`SELECT status, replayed_rows FROM otlp_replay('${server.uri}')`)).toEqual([
    { status: 'replayed', replayed_rows: '4' },
  ]);
  expect(await live()).toBe('5');
  await server.flush();
  expect(await live()).toBe('5');
});
