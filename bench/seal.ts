// What a seal costs beside DuckDB alone: realistic logs from detached batches through COMMIT into a file database, and
// into Parquet, against DuckDB's own INSERT … SELECT and COPY of the same rows from a table in memory, with the same
// columns, compression, threads, session settings and storage version. Then what is gained by the format of exported files, and
// by knowing the day of all rows instead of partitioning them.
//
// npm run bench:seal [-- rows in thousands (200) runs (7)]

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { NO_SEQUENCES, OpenRows } from '../src/buffer/open-rows.js';
import { SignalRows } from '../src/buffer/signal-rows.js';
import { fileFormat } from '../src/catalog/parquet/parquet-target.js';
import { SealRecords } from '../src/catalog/seal-record.js';
import type { TableHome } from '../src/catalog/table-home.js';
import { createTables } from '../src/catalog/tables.js';
import { decodeProtobuf } from '../src/decode/protobuf/decode-protobuf.js';
import { Database } from '../src/duckdb/database.js';
import { FrozenRows } from '../src/duckdb/frozen-rows.js';
import { logsTable } from '../src/schema/logs.js';
import { bareTarget } from '../test/support/bare-target.js';
import { median } from './median.js';
import { payloads } from './payloads.js';

const thousands = Number(process.argv[2] ?? 200);
const runs = Number(process.argv[3] ?? 7);

const folder = mkdtempSync(join(tmpdir(), 'otelduck-bench-seal-'));
const instance = await DuckDBInstance.create(':memory:');
const database = await Database.open(instance);

const open = new OpenRows((rows) => FrozenRows.copyOf(rows));
const scratch = new SignalRows('logs');
const bodies = payloads('logs').protobuf;
for (let i = 0; i < thousands; i++) {
  const body = bodies[i % bodies.length]!;
  scratch.reset({ heapBytes: Number.MAX_SAFE_INTEGER, rows: Number.MAX_SAFE_INTEGER });
  decodeProtobuf('logs', body, scratch);
  varyDigits(scratch);
  const origin = { admittedBytes: body.length, storedBytes: scratch.storedBytes, sequences: NO_SEQUENCES };
  open.append([scratch], origin, Date.now());
}
const generation = open.detach()!;
const batches = generation.batches.get('logs')!;

const native = await connectWriter();
const relation = `memory.main.${logsTable.name}`;
const memory = { catalog: 'memory', schema: 'main' };
await createTables(native, memory, [logsTable]);
await new SealRecords(native, memory).create();
await commitInto(await connectWriter(), memory);

/** Gives each copy of a body numbers of its own: repeated rows would compress to nothing. */
function varyDigits(rows: SignalRows): void {
  const { bytes } = rows.heap;
  const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
  for (const name of ['body', 'log_attributes']) {
    const { slots } = rows.table(logsTable.name).text(name);
    for (let row = 0; row < rows.rows; row++) {
      const start = slots[2 * row]!;
      const end = start + slots[2 * row + 1]!;
      for (let i = start + 1; i < end; i++) {
        if (isDigit(bytes[i]!) && isDigit(bytes[i - 1]!)) bytes[i] = 0x30 + Math.floor(Math.random() * 10);
      }
    }
  }
}

const DAY_COLUMNS = [
  ['year', '%Y'],
  ['month', '%m'],
  ['day', '%d'],
]
  .map(([name, format]) => `, strftime(coalesce(time_unix_nano, observed_time_unix_nano), '${format}') AS ${name}`)
  .join('');

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** Two ways each, the second of which is the plain one. */
const contenders: Record<string, readonly [label: string, run: () => Promise<Run>][]> = {
  'file database': [
    ['otelduck', () => intoFile(commitInto)],
    [
      'DuckDB alone',
      () =>
        intoFile(async (writer, home) => {
          await writer.run('BEGIN TRANSACTION');
          await writer.run(`INSERT INTO ${home.catalog}.main.${logsTable.name} SELECT * FROM ${relation}`);
          await writer.run('COMMIT');
        }),
    ],
  ],
  'Parquet, zstd': [
    ['otelduck', () => intoParquet(fromBatches, 'FORMAT parquet, COMPRESSION zstd')],
    ['DuckDB alone', () => intoParquet(fromTable, 'FORMAT parquet, COMPRESSION zstd')],
  ],
  'Parquet, format': [
    ['as exported', () => intoParquet(fromBatches, fileFormat(logsTable))],
    ['DuckDB defaults', () => intoParquet(fromBatches, 'FORMAT parquet, COMPRESSION zstd')],
  ],
  'Parquet, by day': [
    ['one day known', () => intoParquet(fromBatches, fileFormat(logsTable))],
    [
      'partitioned',
      () => intoParquet(fromBatches, `${fileFormat(logsTable)}, PARTITION_BY (year, month, day)`, DAY_COLUMNS),
    ],
  ],
};

console.log(
  `${generation.rows} log rows, ${(generation.byteLength / 1e6).toFixed(0)} MB in ${batches.length} batches, median of ${runs} alternating runs`,
);
for (const [name, ways] of Object.entries(contenders)) {
  const measured = ways.map((): Run[] => []);
  for (const [, run] of ways) await run();
  for (let run = 0; run < runs; run++) {
    for (const [i, [, measure]] of ways.entries()) measured[i]!.push(await measure());
  }
  ways.forEach(([label], i) => {
    report(`${name}, ${label}`, measured[i]!);
  });
  const [ours, plain] = measured;
  const ratio = (of: (run: Run) => number) => median(ours!.map((run, i) => of(run) / of(plain![i]!))).toFixed(2);
  console.log(
    `${name}: ${ratio((run) => 1 / run.seconds)} × the rate, ${ratio((run) => run.cpuSeconds)} × the CPU time\n`,
  );
}
rmSync(folder, { recursive: true });

async function commitInto(writer: DuckDBConnection, home: TableHome): Promise<void> {
  const target = bareTarget(database, writer, home);
  await target.commit(generation, { server: 'otlp:localhost:4318', serverId: 'bench', sequence: 1 });
}

async function connectWriter(): Promise<DuckDBConnection> {
  const writer = await database.connect();
  await writer.run('SET SESSION preserve_insertion_order = false');
  return writer;
}

async function intoFile(commit: (writer: DuckDBConnection, home: TableHome) => Promise<void>): Promise<Run> {
  const file = join(folder, 'seal.db');
  const writer = await connectWriter();
  await writer.run(`ATTACH '${file}' AS sealed (STORAGE_VERSION 'latest')`);
  const home = { catalog: 'sealed', schema: 'main' };
  await createTables(writer, home, [logsTable]);
  await new SealRecords(writer, home).create();
  const measured = await timed(() => commit(writer, home));
  await writer.run('DETACH sealed');
  writer.closeSync();
  const megabytes = statSync(file).size / 1e6;
  rmSync(file);
  return { ...measured, megabytes };
}

async function fromBatches(writer: DuckDBConnection, copy: (relation: string) => string): Promise<void> {
  await database.scans.read(batches, logsTable, { fidelity: 'standard', tenants: 'none' }, (scan) =>
    writer.run(copy(scan)),
  );
}

async function fromTable(writer: DuckDBConnection, copy: (relation: string) => string): Promise<void> {
  await writer.run(copy(relation));
}

async function intoParquet(from: typeof fromTable, format: string, moreColumns = ''): Promise<Run> {
  const path = join(folder, 'seal.parquet');
  const writer = await connectWriter();
  const copy = (source: string) => `COPY (SELECT *${moreColumns} FROM ${source}) TO '${path}' (${format})`;
  const measured = await timed(() => from(writer, copy));
  writer.closeSync();
  const files = statSync(path).isFile() ? [''] : (readdirSync(path, { recursive: true }) as string[]);
  const megabytes = files.reduce((sum, file) => sum + statSync(join(path, file)).size, 0) / 1e6;
  rmSync(path, { recursive: true });
  return { ...measured, megabytes };
}

async function timed(work: () => Promise<unknown>): Promise<{ seconds: number; cpuSeconds: number }> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

function report(label: string, measured: readonly Run[]): void {
  const rate = generation.rows / median(measured.map(({ seconds }) => seconds));
  const cpu = (median(measured.map(({ cpuSeconds }) => cpuSeconds)) / generation.rows) * 1e6;
  const megabytes = median(measured.map((run) => run.megabytes));
  console.log(
    `${label.padEnd(30)} ${Math.round(rate).toLocaleString('en').padStart(9)} rows/s  ${cpu.toFixed(2)} CPU-s per million  ${megabytes.toFixed(1)} MB`,
  );
}
