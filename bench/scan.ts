// What reading rows costs the JavaScript thread: blocks of columns beside the values of DuckDB's API.
//
// npm run bench:scan [-- --rows 3600000 --turns 3]
//
// 3.6 million samples are 10,000 series at 15 s for an hour and a half. Time is that in which the thread's event loop was busy; meanwhile it
// answers nobody.

import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { Database } from '../src/duckdb/database.js';
import { LiveRows } from '../src/live/live-rows.js';
import { SqlScans } from '../src/query/scan/sql-scanner.js';
import { StatementSlots } from '../src/query/scan/statement-slots.js';
import { soleReader } from '../src/server/identity/principal.js';
import { median } from './median.js';

const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: '3600000' }, turns: { type: 'string', default: '3' } },
});
const rows = Number(flags.rows);

const instance = await DuckDBInstance.create(':memory:');
const database = await Database.open(instance);
const scans = new SqlScans(database, new LiveRows(), new StatementSlots(2));
const scanner = scans.scanner({ home: { catalog: 'memory', schema: 'main' }, principal: soleReader });
await database.control.run(`CREATE TABLE samples AS
  SELECT (range % 10000)::BIGINT AS id, (range * 1.5)::DOUBLE AS t, range / 7 AS v, 'job ' || range % 100 AS job,
    'a text of a log, some sixty bytes long, with a number: ' || range AS body
  FROM range(${rows})`);

const queries = {
  '(BIGINT, DOUBLE, DOUBLE)': 'SELECT id, t, v FROM samples',
  'short texts': 'SELECT job FROM samples',
  'texts of 60 bytes': 'SELECT body FROM samples',
};

for (const [what, sql] of Object.entries(queries)) {
  const blocks: number[] = [];
  const values: number[] = [];
  for (let turn = 0; turn < Number(flags.turns); turn++) {
    blocks.push(
      await busyMs(async () => {
        let read = 0;
        for await (const { rowCount } of scanner.scan({ sql }, new AbortController().signal)) read += rowCount;
        return read;
      }),
    );
    values.push(
      await busyMs(async () => {
        const result = await database.control.stream(sql);
        let read = 0;
        for (
          let chunk = await result.fetchChunk();
          chunk !== null && chunk.rowCount > 0;
          chunk = await result.fetchChunk()
        ) {
          read += chunk.getColumnValues(0).length;
          for (let column = 1; column < result.columnCount; column++) chunk.getColumnValues(column);
        }
        return read;
      }),
    );
  }
  console.log(
    `${what}: blocks ${median(blocks).toFixed(0)} ms, values ${median(values).toFixed(0)} ms of the JavaScript thread`,
  );
}
await scans.close();
await database.close();
instance.closeSync();

/** Milliseconds in which the event loop was busy. */
async function busyMs(read: () => Promise<number>): Promise<number> {
  const before = performance.eventLoopUtilization();
  const found = await read();
  if (found !== rows) throw new Error(`read ${found} of ${rows} rows`);
  return performance.eventLoopUtilization(before).active;
}
