// Tables that vanish or change under a server: no row is lost, everybody is told, and all is well once they are back. How many
// rows the next flush commits is not asserted: the background tries again as soon as a quarter of a second after a failure.

import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { jsonOf } from '../support/http-client.js';
import { type OtelDatabase, type OtelServer, openDatabase, serve } from '../support/otel-database.js';
import { logsRequest, spansRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

/** Takes the table of logs away, and gives it back later. */
async function breakLogs({ database }: OtelServer): Promise<void> {
  await database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
}
async function repairLogs({ database }: OtelServer): Promise<void> {
  await database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
}

function bodies(database: OtelDatabase) {
  return database.rows('SELECT body FROM otlp_logs ORDER BY rowid').then((rows) => rows.map((row) => row['body']));
}

test('a failing flush says why, keeps every row in order, and is counted and listed', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await breakLogs(server);
  await server.post(logsRequest(2, 'first '));
  const failed = await server.flush();
  expect(failed).toEqual({
    status: 'failed',
    sealed_rows: '0',
    seals_total: '0',
    error: expect.stringContaining('otlp_logs'),
  });
  // Rows that wait for another attempt are as old as they are.
  const waited = (await server.status())!['oldest_buffered_age_ms'];
  expect(waited).not.toBeNull();
  await server.post(logsRequest(2, 'second '));
  expect((await server.flush())['status']).toBe('failed');
  const oldest = (await server.status())!['oldest_buffered_age_ms'];
  expect(Number(oldest)).toBeGreaterThanOrEqual(Number(waited));
  await server.post(logsRequest(1, 'third '));

  expect(await server.status()).toMatchObject({
    buffered_rows: '5',
    total_rows: '5',
    committed_rows_total: '0',
    seals_total: '0',
    last_seal_age_ms: null,
    seal_last_error: failed['error'],
  });
  const attempts = await server.seals();
  expect(attempts.slice(0, 2)).toMatchObject([
    { seal_sequence: '1', success: false, rows_committed: '0', seal_failures_total: '1', error: failed['error'] },
    { seal_sequence: '2', success: false, rows_committed: '0', seal_failures_total: '2', error: failed['error'] },
  ]);
  expect((await server.status())!['seal_failures_total']).toBe(attempts.at(-1)!['seal_failures_total']);

  await repairLogs(server);
  const repaired = await server.flush();
  expect([repaired['status'], repaired['error']]).toEqual(['sealed', null]);
  expect(await bodies(server.database)).toEqual(['first 0', 'first 1', 'second 0', 'second 1', 'third 0']);
  expect(await server.status()).toMatchObject({
    buffered_rows: '0',
    admitted_bytes: '0',
    committed_rows_total: '5',
    seal_last_error: null,
  });
});

test('background seals try again, and succeed when the table is back', async () => {
  const server = await serve({ seal_max_age_ms: 20 });
  await breakLogs(server);
  await server.post(logsRequest(3));
  await eventually(async () => expect(await server.seals()).not.toEqual([]));
  await repairLogs(server);
  await eventually(async () => expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('3'));
  expect(await server.status()).toMatchObject({ seals_total: '1', buffered_rows: '0', seal_last_error: null });
});

test('rows that arrive while a commit fails wait behind it, and their bytes count', async () => {
  const server = await serve({ seal_max_age_ms: 20, max_buffered_bytes: 2 * logsRequest(5).length });
  await breakLogs(server);
  expect((await server.post(logsRequest(5))).status).toBe(202);
  await eventually(async () => expect((await server.status())!['seal_failures_total']).not.toBe('0'));
  expect((await server.post(logsRequest(5))).status).toBe(202);
  expect((await server.post(logsRequest(5))).status).toBe(503);
  await repairLogs(server);
  await eventually(async () => expect((await server.status())!['buffered_rows']).toBe('0'));
  expect((await server.post(logsRequest(5))).status).toBe(202);
});

test('a seal that fails in one table leaves nothing of it in another', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.database.rows('ALTER TABLE otlp_traces RENAME TO hidden');
  await server.post(logsRequest(3));
  await server.post(spansRequest(2), { path: '/v1/traces' });
  expect((await server.flush())['status']).toBe('failed');
  expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('0');
  await server.database.rows('ALTER TABLE hidden RENAME TO otlp_traces');
  expect(await server.flush()).toMatchObject({ status: 'sealed' });
  expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
});

describe('what users do to a table', () => {
  for (const [change, undo] of [
    ['ALTER TABLE otlp_logs DROP COLUMN body', 'ALTER TABLE otlp_logs ADD COLUMN body VARCHAR'],
    [
      'ALTER TABLE otlp_logs ALTER COLUMN body TYPE INTEGER USING 0',
      'ALTER TABLE otlp_logs ALTER COLUMN body TYPE VARCHAR',
    ],
    [
      'ALTER TABLE otlp_logs ALTER COLUMN span_id SET NOT NULL',
      'ALTER TABLE otlp_logs ALTER COLUMN span_id DROP NOT NULL',
    ],
  ] as const) {
    test(`${change} fails a seal, and its undoing mends it`, async () => {
      const server = await serve({ seal_max_age_ms: NEVER_MS });
      await server.database.rows(change);
      await server.post(logsRequest(2, 'kept '));
      expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.any(String) });
      await server.database.rows(undo);
      expect(await server.flush()).toMatchObject({ status: 'sealed' });
      expect(await bodies(server.database)).toEqual(['kept 0', 'kept 1']);
    });
  }

  test('a column more, or another order, changes nothing', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.database.rows("ALTER TABLE otlp_logs ADD COLUMN note VARCHAR DEFAULT 'mine'");
    await server.post(logsRequest(1));
    expect(await server.flush()).toMatchObject({ status: 'sealed' });
    expect(await server.database.rows('SELECT body, note FROM otlp_logs')).toEqual([{ body: 'log 0', note: 'mine' }]);
  });
});

test('/readyz is degraded while rows wait behind failed seals, and ready again after', async () => {
  const server = await serve({ seal_max_age_ms: 40 });
  const readiness = async () => {
    const response = await server.get('/readyz');
    return [response.status, jsonOf(response)['status']];
  };
  expect(await readiness()).toEqual([200, 'ready']);
  await breakLogs(server);
  expect(await readiness()).toEqual([200, 'ready']);
  await server.post(logsRequest(1));
  await eventually(async () => expect(await readiness()).toEqual([503, 'degraded']));
  expect((await server.get('/healthz')).status).toBe(200);
  await repairLogs(server);
  await eventually(async () => expect(await readiness()).toEqual([200, 'ready']));
});

test('/readyz stays ready for 3 x seal_max_age_ms after a success', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.post(logsRequest(1));
  await server.flush();
  await breakLogs(server);
  await server.post(logsRequest(1));
  expect((await server.flush())['status']).toBe('failed');
  expect((await server.get('/readyz')).status).toBe(200);
});

test('a failed seal is written to duckdb_logs', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.database.rows("CALL enable_logging(level := 'error')");
  await breakLogs(server);
  await server.post(logsRequest(1));
  await server.flush();
  await eventually(async () => {
    const [line] = await server.database.rows(`SELECT * FROM duckdb_logs WHERE type = 'otelduck'`);
    expect(line).toMatchObject({ log_level: 'ERROR', message: expect.stringContaining(server.uri) });
  });
});

test('a stop that cannot commit says how many rows were dropped and why', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await breakLogs(server);
  await server.post(logsRequest(7));
  const stopped = await server.stop();
  expect(stopped['dropped_rows']).toBe('7');
  expect(stopped['status']).toMatch(
    new RegExp(`^Stopped listening on ${server.uri}; 7 rows were dropped: .*otlp_logs`),
  );
  expect(await server.status()).toBeUndefined();
});

test('so does the end of the plugin', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await breakLogs(server);
  await server.post(logsRequest(7));
  expect(await server.database.otel.close()).toEqual([
    { name: server.uri, committedRows: 0, droppedRows: 7, error: expect.stringContaining('otlp_logs') },
  ]);
});

test('a detached catalog fails seals until it is attached again', async () => {
  const database = await openDatabase();
  await database.rows("ATTACH ':memory:' AS side");
  const server = await database.serve({ catalog: 'side', seal_max_age_ms: NEVER_MS });
  await server.post(logsRequest(2));
  await database.rows('DETACH side');
  expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('side') });
  await database.rows("ATTACH ':memory:' AS side");
  await database.serve({ catalog: 'side' });
  expect(await server.flush()).toMatchObject({ status: 'sealed' });
  expect(await database.value('SELECT count(*) FROM side.otlp_logs')).toBe('2');
});
