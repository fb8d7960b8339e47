// What a seal costs beside DuckDB alone: realistic logs from detached batches through COMMIT into a file database, and
// into Parquet, against DuckDB's own INSERT … SELECT and COPY of the same rows from a table in memory, with the same
// columns, compression, threads, session settings and storage version.
//
// npm run bench:seal [-- rows in thousands (200) runs (7)]

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { OpenRows } from '../src/buffer/open-rows.js';
import { SignalRows } from '../src/buffer/signal-rows.js';
import { catalogKind } from '../src/catalog/catalog-kind.js';
import { CatalogTarget } from '../src/catalog/catalog-target.js';
import { SealRecords } from '../src/catalog/seal-record.js';
import { createTables, type TableHome } from '../src/catalog/tables.js';
import { decodeProtobuf } from '../src/decode/protobuf/decode-protobuf.js';
import { Database } from '../src/duckdb/database.js';
import { FrozenRows } from '../src/duckdb/frozen-rows.js';
import { logsTable } from '../src/schema/logs.js';
import { median } from './median.js';
import { payloads } from './payloads.js';

const thousands = Number(process.argv[2] ?? 200);
const runs = Number(process.argv[3] ?? 7);

const folder = mkdtempSync(join(tmpdir(), 'otelduck-bench-seal-'));
const instance = await DuckDBInstance.create(':memory:');
const database = await Database.open(instance);

const open = new OpenRows((rows) => new FrozenRows(rows));
const scratch = new SignalRows('logs');
const bodies = payloads('logs').protobuf;
for (let i = 0; i < thousands; i++) {
  const body = bodies[i % bodies.length]!;
  scratch.reset({ heapBytes: Number.MAX_SAFE_INTEGER, rows: Number.MAX_SAFE_INTEGER });
  decodeProtobuf('logs', body, scratch);
  varyDigits(scratch);
  open.append(scratch, body.length, Date.now(), 0);
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

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

const contenders: Record<string, { ours: () => Promise<Run>; duckdb: () => Promise<Run> }> = {
  'file database': {
    ours: () => intoFile(commitInto),
    duckdb: () =>
      intoFile(async (writer, home) => {
        await writer.run('BEGIN TRANSACTION');
        await writer.run(`INSERT INTO ${home.catalog}.main.${logsTable.name} SELECT * FROM ${relation}`);
        await writer.run('COMMIT');
      }),
  },
  'Parquet, zstd': {
    ours: () =>
      intoParquet((writer, copy) => database.scans.read(batches, logsTable, (scan) => writer.run(copy(scan)))),
    duckdb: () => intoParquet((writer, copy) => writer.run(copy(relation))),
  },
};

console.log(
  `${generation.rows} log rows, ${(generation.byteLength / 1e6).toFixed(0)} MB in ${batches.length} batches, median of ${runs} alternating runs`,
);
for (const [name, { ours, duckdb }] of Object.entries(contenders)) {
  const oursRuns: Run[] = [];
  const duckdbRuns: Run[] = [];
  await ours();
  await duckdb();
  for (let run = 0; run < runs; run++) {
    oursRuns.push(await ours());
    duckdbRuns.push(await duckdb());
  }
  report(`${name}, otelduck`, oursRuns);
  report(`${name}, DuckDB alone`, duckdbRuns);
  const ratio = median(oursRuns.map(({ seconds }, run) => duckdbRuns[run]!.seconds / seconds));
  console.log(`${name}: ${ratio.toFixed(2)} × the rate of DuckDB alone\n`);
}
rmSync(folder, { recursive: true });

async function commitInto(writer: DuckDBConnection, home: TableHome): Promise<void> {
  const target = new CatalogTarget({
    database,
    writer,
    home,
    kind: catalogKind('duckdb'),
    catalogName: home.catalog,
    promoted: [],
    maintenance: undefined,
    seals: new SealRecords(writer, home),
    isAtomic: true,
    longestAppendMs: Number.POSITIVE_INFINITY,
  });
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

async function intoParquet(
  copy: (writer: DuckDBConnection, sql: (relation: string) => string) => Promise<unknown>,
): Promise<Run> {
  const file = join(folder, 'seal.parquet');
  const writer = await connectWriter();
  const measured = await timed(() =>
    copy(writer, (from) => `COPY (SELECT * FROM ${from}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`),
  );
  writer.closeSync();
  const megabytes = statSync(file).size / 1e6;
  rmSync(file);
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
