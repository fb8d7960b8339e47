// What threads decode of files is sealed like what arrives on sockets. Once the two had layouts of their own, and only rows
// that had grown in a SignalRows of the JavaScript thread could be committed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Generation, newGenerationId } from '../../src/buffer/generation.js';
import type { VectorRows } from '../../src/buffer/vector-rows.js';
import { SealRecords } from '../../src/catalog/seal-record.js';
import { createTables } from '../../src/catalog/tables.js';
import { Database } from '../../src/duckdb/database.js';
import { FrozenRows } from '../../src/duckdb/frozen-rows.js';
import { ReadPool } from '../../src/files/read-pool.js';
import { type Signal, signals } from '../../src/schema/column-declaration.js';
import { tablesBySignal } from '../../src/schema/tables.js';
import { bareTarget } from '../support/bare-target.js';
import { OtelDatabase } from '../support/otel-database.js';

/** More than a vector has. */
const ROWS = 2500;
const folder = mkdtempSync(join(tmpdir(), 'otel-sealed-rows-'));
let reader: OtelDatabase;

beforeAll(async () => {
  reader = await OtelDatabase.open();
});
afterAll(async () => {
  await reader.close();
  rmSync(folder, { recursive: true });
});

/** Several vectors of one piece, with texts that fit a slot, texts that do not, and none. */
function manyLogs(): string {
  const path = join(folder, 'many.ndjson');
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const record = {
      timeUnixNano: i % 5 === 0 ? undefined : `${1_700_000_000_123_456_789n + BigInt(i)}`,
      severityText: i % 3 === 0 ? undefined : 'INFO',
      body: { stringValue: `${'x'.repeat(i % 40)}${i}` },
    };
    return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
  });
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** All rows of a file that is one piece, as a read thread hands them over. */
async function decoded(signal: Signal, path: string): Promise<readonly VectorRows[]> {
  const pool = new ReadPool(1);
  const columns = Object.fromEntries(tablesBySignal[signal].map((t) => [t.name, t.columns.map(({ name }) => name)]));
  const rows: VectorRows[] = [];
  await new Promise<void>((resolve, reject) =>
    pool.read(
      { plan: { signal, format: undefined, columns, ignoreErrors: false }, start: { kind: 'file', path } },
      (answer) => {
        if (answer.kind === 'rows') rows.push(...answer.rows);
        if (answer.kind === 'done') resolve();
        if (answer.kind === 'failed') reject(new Error(answer.error.reason));
      },
    ),
  );
  await pool.end();
  return rows;
}

/** What tables hold once a batch has been committed to them twice, as after a COMMIT that failed. */
async function sealed(batch: FrozenRows): Promise<(table: string) => Promise<unknown>> {
  const instance = await DuckDBInstance.create(':memory:');
  const database = await Database.open(instance);
  const writer = await database.connect();
  onTestFinished(async () => {
    writer.closeSync();
    await database.close();
    instance.closeSync();
  });
  const home = { catalog: 'memory', schema: 'main' };
  await createTables(writer, home, tablesBySignal[batch.signal]);
  await new SealRecords(writer, home).create();
  const target = bareTarget(database, writer, home);
  const generation = () =>
    new Generation(
      {
        id: newGenerationId(),
        rowsBefore: new Map(),
        openedAtMs: 0,
        admittedBytes: 0,
        storedBytes: 0,
        firstJournalSequence: 0,
        lastJournalSequence: 0,
      },
      [batch],
    );
  await target.commit(generation(), { server: 'files', serverId: 'files', sequence: 1 });
  await target.commit(generation(), { server: 'files', serverId: 'files', sequence: 2 });
  return (table) => database.rows(`FROM ${table} ORDER BY ALL`);
}

const sources = [
  ...signals.map((signal) => [signal, `test/data/${signal}.pb`] as const),
  ['logs', manyLogs()] as const,
];
for (const [signal, path] of sources) {
  test(`${signal} that a thread decoded from ${path.replace(folder, '…')} are sealed`, async () => {
    const table = await sealed(FrozenRows.takeOver(signal, await decoded(signal, path)));
    for (const { name, columns } of tablesBySignal[signal]) {
      const inMicroseconds = columns
        .filter(({ type }) => type === 'TIMESTAMP')
        .map((column) => `${column.name}::TIMESTAMP AS ${column.name}`);
      const read = `SELECT * REPLACE (${inMicroseconds}) FROM read_otlp_${name.replace('otlp_', '')}('${path}')`;
      const expected = await reader.rows(`${read} UNION ALL ${read} ORDER BY ALL`);
      expect(expected.length, name).toBeGreaterThan(0);
      expect(await table(name)).toEqual(expected);
    }
  });
}

test('the day of rows that a thread decoded is known', async () => {
  const path = 'test/data/traces.pb';
  const traces = FrozenRows.takeOver('traces', await decoded('traces', path));
  const day = await reader.value(
    `SELECT DISTINCT epoch(start_time_unix_nano::DATE) // 86400 FROM read_otlp_traces('${path}')`,
  );
  expect(traces.dayOf(tablesBySignal.traces[0]!)).toBe(Number(day));
});
