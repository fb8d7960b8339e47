// Logs in files: how fast read_otlp_logs makes rows of them, and with how much memory, beside DuckDB's read_json on the
// same JSONL with the projection in files/read-json-logs.ts. Each query runs in a process of its own; contenders take
// turns, and medians are printed. A checksum over all columns proves that all read the same rows. Linux only.
//
// npm run bench:files [-- --gigabytes 1 --runs 3 --only jsonl,read_json]
//
// The gigabytes are those of the JSONL; the protobuf files hold the same rows.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { logsTable } from '../src/schema/logs.js';
import { OurServer } from './end-to-end/our-server.js';
import { peakRssBytes, usageOf } from './end-to-end/process-usage.js';
import { type LogFiles, writeLogFiles } from './files/log-files.js';
import { readJsonLogs, readJsonMacro } from './files/read-json-logs.js';
import { median } from './median.js';

const { values: flags } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '1' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});
const FEW_COLUMNS = ['time_unix_nano', 'service_name', 'severity_number'];

interface Contender {
  readonly name: string;
  readonly relation: string;
  readonly megabytes: number;
}

interface Measured {
  readonly rows: number;
  readonly checksum: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

const queries = {
  'all columns': logsTable.columns.map(({ name }) => name),
  [`${FEW_COLUMNS.length} columns`]: FEW_COLUMNS,
  'count(*)': [],
};

const folder = mkdtempSync(join(tmpdir(), 'otelduck-files-'));
try {
  const files = await writeLogFiles(folder, Number(flags.gigabytes) * 1e9);
  const wanted = flags.only?.split(',');
  const contenders = contendersFor(files).filter(({ name }) => wanted === undefined || wanted.includes(name));
  if (contenders.length === 0) throw new Error(`--only names none of ${contendersFor(files).map((c) => c.name)}`);
  const lines: Record<string, string | number>[] = [];
  for (const [query, columns] of Object.entries(queries)) lines.push(...(await measure(query, columns, contenders)));
  console.table(lines);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function contendersFor({ jsonl, protobuf, protobufFolder }: LogFiles): Contender[] {
  const jsonlMegabytes = statSync(jsonl).size / 1e6;
  const protobufMegabytes = statSync(protobuf).size / 1e6;
  return [
    { name: 'jsonl', relation: `read_otlp_logs('${jsonl}')`, megabytes: jsonlMegabytes },
    { name: 'read_json', relation: readJsonLogs(jsonl), megabytes: jsonlMegabytes },
    { name: 'protobuf', relation: `read_otlp_logs('${protobuf}')`, megabytes: protobufMegabytes },
    { name: 'protobuf-files', relation: `read_otlp_logs('${protobufFolder}/*.pb')`, megabytes: protobufMegabytes },
  ];
}

/** Lets the contenders take turns with a query that reads these columns, and gives a line for each. */
async function measure(
  query: string,
  columns: readonly string[],
  contenders: readonly Contender[],
): Promise<Record<string, string | number>[]> {
  const measured = new Map<Contender, Measured[]>(contenders.map((contender) => [contender, []]));
  for (let run = 0; run < Number(flags.runs); run++) {
    for (const [contender, runs] of measured) runs.push(await runQuery(contender, columns));
  }
  const [{ rows, checksum }] = [...measured.values()][0] as [Measured];
  return contenders.map((contender) => {
    const runs = measured.get(contender)!;
    const different = runs.find((one) => one.rows !== rows || one.checksum !== checksum);
    if (different !== undefined) {
      throw new Error(
        `${contender.name}, ${query}: ${different.rows} rows, checksum ${different.checksum}; ` +
          `${contenders[0]!.name} has ${rows}, ${checksum}`,
      );
    }
    const seconds = median(runs.map((one) => one.seconds));
    return {
      query,
      contender: contender.name,
      rows,
      seconds: seconds.toFixed(1),
      'k rows/s': Math.round(rows / seconds / 1000),
      'MB/s': Math.round(contender.megabytes / seconds),
      'CPU s/M rows': ((median(runs.map((one) => one.cpuSeconds)) / rows) * 1e6).toFixed(1),
      'RSS MB': Math.round(Math.max(...runs.map((one) => one.rssBytes)) / 1e6),
    };
  });
}

async function runQuery({ relation }: Contender, columns: readonly string[]): Promise<Measured> {
  const server = await OurServer.start('memory', folder);
  try {
    await server.sql(readJsonMacro);
    const checksum = columns.length === 0 ? 'NULL' : `sum(hash(${columns.join(', ')}))`;
    const cpuBefore = usageOf(server.pid).cpuSeconds;
    const startMs = performance.now();
    const [row] = await server.sql(`SELECT count(*) AS rows, ${checksum} AS checksum FROM ${relation}`);
    const seconds = (performance.now() - startMs) / 1000;
    return {
      rows: Number(row!['rows']),
      checksum: String(row!['checksum']),
      seconds,
      cpuSeconds: usageOf(server.pid).cpuSeconds - cpuBefore,
      rssBytes: peakRssBytes(server.pid),
    };
  } finally {
    await server.stop();
  }
}
