// Texts that rows share are one text in memory and as many as rows in a table. A request of 1 MB, with one resource
// attribute of that size and 5,000 empty records, once took DuckDB 10 to 19 GB, and took all other clients' rows along.

import { describe, expect, onTestFinished, test } from 'vitest';
import { GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, logs, serveOtap, statusIn } from '../grpc/otap-client.js';
import { encodeJson } from '../oracle/encode-json.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import type { Message } from '../oracle/message.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { jsonOf } from '../support/http-client.js';
import { type OtelServer, openDatabase, serve } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

/** Records without anything of their own, whose resource has an attribute of so many bytes. */
function wide(sharedBytes: number, records: number): Message {
  const attributes = [{ key: 'shared', value: { string_value: 'x'.repeat(sharedBytes) } }];
  const log_records = Array.from({ length: records }, () => ({}));
  return { resource_logs: [{ resource: { attributes }, scope_logs: [{ log_records }] }] };
}

function wideRequest(sharedBytes: number, records: number): Uint8Array {
  return encodeProtobuf('logs', wide(sharedBytes, records));
}

/** What became of each attempt to commit: so many rows committed, or `failed`, or so many set aside. */
async function attempts(server: OtelServer): Promise<(number | string)[]> {
  return (await server.seals()).map(({ rows_committed: rows, error }) => {
    if (error === null) return Number(rows);
    return /\d+ rows were set aside/.exec(String(error))?.[0] ?? 'failed';
  });
}

describe('max_stored_bytes', () => {
  for (const [sharedBytes, records] of [
    [1 << 20, 5000],
    [64 << 10, 50_000],
  ] as const) {
    test(`refuses ${records} records that share ${sharedBytes} bytes`, async () => {
      const server = await serve({ seal_max_age_ms: NEVER_MS });
      const answer = await server.post(wideRequest(sharedBytes, records));
      expect(answer.status).toBe(413);
      expect(jsonOf(answer)).toEqual({
        error: 'payload_too_large',
        message: expect.stringMatching(
          new RegExp(`^${records} rows of logs in one request would take \\d+ bytes .*max_stored_bytes is 268435456$`),
        ),
      });
      expect(await server.counters('buffered_rows', 'admitted_bytes')).toEqual({
        buffered_rows: '0',
        admitted_bytes: '0',
      });
    });
  }

  test('takes records as they are: 10,000 with 4 kB of resource attributes', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    expect((await server.post(wideRequest(4096, 10_000))).status).toBe(202);
  });

  test('refuses the same in JSON', async () => {
    const server = await serve({ max_stored_bytes: 1_000_000 });
    const headers = { 'content-type': 'application/json' };
    const answer = await server.post(encodeJson('logs', wide(10_000, 100)), { headers });
    expect([answer.status, jsonOf(answer)['message']]).toEqual([413, expect.stringContaining('max_stored_bytes')]);
    expect((await server.post(encodeJson('logs', wide(10_000, 90)), { headers })).status).toBe(202);
  });

  test('refuses the same in an OTAP message, and the stream goes on', async () => {
    const server = await serveOtap({ max_stored_bytes: 1_000_000 }, onTestFinished);
    const encoder = new OtapEncoder('logs');
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    const answered = async (message: Message) => {
      stream.send(encoder.encode(message));
      return statusIn(await stream.next());
    };
    expect(await answered(wide(10_000, 100))).toEqual({
      batchId: 0,
      statusCode: 'RESOURCE_EXHAUSTED',
      statusMessage: expect.stringContaining('max_stored_bytes'),
    });
    expect(await answered(logs(2))).toMatchObject({ batchId: 1, statusCode: 'OK' });
    stream.end();
  });
});

test('rows that wait count by what they will take in tables', async () => {
  // 16 MB, which rows reach that take a hundred kilobytes here.
  const server = await serve({ max_decoded_bytes: 1_000_000, seal_max_age_ms: NEVER_MS });
  await server.database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  for (let i = 0; i < 4; i++) expect((await server.post(wideRequest(50_000, 100))).status).toBe(202);
  const answer = await server.post(logsRequest(1));
  expect([answer.status, jsonOf(answer)['message']]).toEqual([
    503,
    expect.stringContaining('bytes in tables, the limit is 16 × max_decoded_bytes'),
  ]);
  await server.database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
});

describe('with little memory for DuckDB', () => {
  async function serveInLittleMemory(options = {}): Promise<OtelServer> {
    const database = await openDatabase();
    // Nothing is spilled to a disk.
    await database.rows("SET temp_directory = ''");
    await database.rows("SET memory_limit = '96MiB'");
    return database.serve({ seal_max_age_ms: NEVER_MS, ...options });
  }

  test('wide rows are committed apart from others', async () => {
    const server = await serveInLittleMemory();
    await server.post(logsRequest(2));
    await server.post(wideRequest(100_000, 30));
    await server.post(logsRequest(3));
    await server.post(logsRequest(4));
    // What has to be apart is committed at once.
    expect(await server.flush()).toMatchObject({ status: 'sealed' });
    expect(await attempts(server)).toEqual([2, 30, 7]);
  });

  test('those that do not fit are set aside, and the rest goes on', async () => {
    const server = await serveInLittleMemory();
    await server.post(logsRequest(2, 'before '));
    await server.post(wideRequest(1 << 20, 150));
    await server.post(logsRequest(3, 'after '));
    // Tried in the background too.
    for (let i = 0; i < 6; i++) await server.flush();
    expect(await attempts(server)).toEqual([2, ...Array(5).fill('failed'), '150 rows were set aside', 3]);
    expect(await server.counters('buffered_rows', 'dead_letter_rows_total', 'dead_letter_error')).toEqual({
      buffered_rows: '0',
      dead_letter_rows_total: '150',
      dead_letter_error: expect.stringContaining('Out of Memory'),
    });
    const [stopped] = await server.database.rows(`FROM otlp_stop('${server.uri}')`);
    expect(stopped).toMatchObject({
      dropped_rows: '150',
      status: expect.stringContaining('150 rows were dropped: Out of Memory'),
    });
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('5');
  });

  test('a stop commits what comes behind them', async () => {
    const server = await serveInLittleMemory();
    await server.post(wideRequest(1 << 20, 150));
    await server.post(logsRequest(3));
    expect(await server.stop()).toMatchObject({ dropped_rows: '150' });
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
  });
});

describe('without a journal, rows that the table refuses', () => {
  async function refusing(): Promise<OtelServer> {
    const database = await openDatabase();
    await (await database.serve()).stop();
    const [table] = await database.rows("SELECT sql FROM duckdb_tables() WHERE table_name = 'otlp_logs'");
    await database.rows('ALTER TABLE otlp_logs RENAME TO old_logs');
    await database.rows(
      String(table!['sql']).replace(/\)\s*;?$/, ", CHECK (body IS NULL OR NOT starts_with(body, 'bad')));"),
    );
    return database.serve({ seal_max_age_ms: NEVER_MS });
  }

  test('are set aside in memory, listed, and replayed', async () => {
    const server = await refusing();
    await server.post(logsRequest(2, 'bad '));
    // Tried in the background too.
    for (let i = 0; i < 6; i++) await server.flush();
    await server.post(logsRequest(1, 'good '));
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1' });
    const { database } = server;
    expect(
      await database.rows('SELECT listen_uri, path, first_journal_sequence, error FROM otlp_dead_letter_list()'),
    ).toEqual([
      { listen_uri: server.uri, path: null, first_journal_sequence: null, error: expect.stringContaining('CHECK') },
    ]);
    const replay = () => database.rows(`FROM otlp_replay('${server.uri}')`);
    expect(await replay()).toMatchObject([{ status: 'failed', replayed_rows: '0' }]);
    await database.rows('CREATE TABLE mended AS FROM otlp_logs');
    await database.rows('DROP TABLE otlp_logs');
    await database.rows('ALTER TABLE mended RENAME TO otlp_logs');
    // At once, and still each row comes once.
    const other = await database.otel.connect();
    const both = await Promise.all([replay(), database.rows(`FROM otlp_replay('${server.uri}')`, other)]);
    expect(
      both
        .flat()
        .map((row) => [row['status'], Number(row['replayed_rows'])])
        .toSorted(),
    ).toEqual([
      ['replayed', 0],
      ['replayed', 2],
    ]);
    expect(await server.counters('replayed_rows_total', 'dead_letter_rows_total', 'dead_letter_error')).toEqual({
      replayed_rows_total: '2',
      dead_letter_rows_total: '2',
      dead_letter_error: null,
    });
    expect(await database.rows('SELECT body FROM otlp_logs ORDER BY body')).toEqual([
      { body: 'bad 0' },
      { body: 'bad 1' },
      { body: 'good 0' },
    ]);
  });
});
