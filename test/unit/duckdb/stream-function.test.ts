// Table functions over jobs, as SQL sees them: values, waiting, errors, and jobs that end with their statements.

import { setTimeout as pause } from 'node:timers/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { doubleColumn, listColumn, textColumn } from '../../../src/buffer/block-columns.js';
import type { ColumnBlock } from '../../../src/buffer/column-block.js';
import { PendingCalls } from '../../../src/duckdb/pending-calls.js';
import { registerStreamFunction, type StreamFunction, streamMacroSql } from '../../../src/duckdb/stream-function.js';
import { queryColumn } from '../../../src/schema/result-column.js';

type Given = Readonly<Record<string, string | null>>;
type Job = (given: Given, signal: AbortSignal) => AsyncIterable<ColumnBlock>;

/** A connection with `series(kind)`: a row for each of the numbers of a series. */
async function connect(job: Job, threads = '1'): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads });
  const connection = await instance.connect();
  onTestFinished(() => {
    connection.closeSync();
    instance.closeSync();
  });
  const declared: StreamFunction = {
    name: 'series',
    parameters: [{ name: 'kind', sqlType: 'VARCHAR', doc: '', defaultSql: "'some'" }],
    streamed: [
      { name: 'name', type: 'VARCHAR' },
      { name: 'tags', type: 'VARCHAR[]' },
      { name: 'numbers', type: 'DOUBLE[]' },
      { name: 'nested', type: 'DOUBLE[][]' },
      { name: 'count', type: 'BIGINT' },
    ],
    columns: [
      queryColumn('name', 'VARCHAR', '', 'name'),
      queryColumn('tags', 'VARCHAR', '', 'tags'),
      queryColumn('number', 'DOUBLE', '', 'unnest(numbers)'),
      queryColumn('nested', 'VARCHAR', '', 'nested'),
      queryColumn('count', 'BIGINT', '', 'count'),
    ],
    open: (_caller, given, signal) => job(given, signal),
  };
  registerStreamFunction(connection, declared, PendingCalls.ofPool(32));
  await connection.run(streamMacroSql(declared, { prefix: 'CREATE OR REPLACE TEMP MACRO', name: 'series' }));
  return connection;
}

interface Row {
  readonly name: string | null;
  readonly tags: readonly (string | null)[] | null;
  readonly numbers: readonly number[];
  readonly nested?: readonly (readonly number[])[];
}

function blockOf(rows: readonly Row[]): ColumnBlock {
  return {
    rowCount: rows.length,
    columns: [
      textColumn(rows.map(({ name }) => name)),
      listColumn(
        rows.map(({ tags }) => tags),
        textColumn,
      ),
      listColumn(
        rows.map(({ numbers }) => numbers),
        doubleColumn,
      ),
      listColumn(
        rows.map(({ nested = [] }) => nested),
        (inner) => listColumn(inner, doubleColumn),
      ),
      { kind: 'bigint', values: BigInt64Array.from(rows, (_, i) => BigInt(i) - 2n ** 60n), valid: undefined },
    ],
  };
}

async function* blocks(...given: ColumnBlock[]): AsyncGenerator<ColumnBlock> {
  for (const block of given) {
    await pause(1);
    yield block;
  }
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
}

const LONG = 'a text that is longer than a slot of twelve bytes';

test('texts, lists, lists of lists and NULLs arrive as they are', async () => {
  const connection = await connect(() =>
    blocks(
      blockOf([
        { name: 'short', tags: ['a', LONG, null], numbers: [1, 2.5], nested: [[1], [], [2, 3]] },
        { name: LONG, tags: null, numbers: [Infinity] },
      ]),
      blockOf([]),
      blockOf([{ name: null, tags: [], numbers: [-0.5] }]),
    ),
  );
  expect(await rowsOf(connection, 'FROM series()')).toEqual([
    ['short', `[a, '${LONG}', NULL]`.replaceAll("'", ''), 1, '[[1.0], [], [2.0, 3.0]]', '-1152921504606846976'],
    ['short', `[a, ${LONG}, NULL]`, 2.5, '[[1.0], [], [2.0, 3.0]]', '-1152921504606846976'],
    [LONG, null, 'Infinity', '[]', '-1152921504606846975'],
    [null, '[]', -0.5, '[]', '-1152921504606846976'],
  ]);
});

// Chunks hold 2,048 rows, and a bounded number of list elements.
test('blocks of any size come whole and in order', async () => {
  const sizes = [1, 5000, 2048, 2049];
  const connection = await connect(() =>
    blocks(
      ...sizes.map((rows) =>
        blockOf(
          Array.from({ length: rows }, (_, i) => ({
            name: `${i} ${i % 3 === 0 ? LONG : ''}`,
            tags: [`${i}`, LONG],
            numbers: Array.from({ length: rows === 2048 ? 100 : 1 }, () => i),
          })),
        ),
      ),
    ),
  );
  const wrong = `split_part(name, ' ', 1) <> number::INT::VARCHAR OR tags[2:strpos(tags, ',') - 1] <> number::INT::VARCHAR`;
  expect(await rowsOf(connection, `SELECT count(*), count(*) FILTER (${wrong}), sum(number) FROM series()`)).toEqual([
    ['211850', '0', 4999 * 2500 + 2047 * 1024 * 100 + 2048 * 1024.5],
  ]);
  expect(
    await rowsOf(connection, 'SELECT count(*) FROM series() a JOIN series() b USING (name) WHERE a.number < 2'),
  ).toEqual([
    // 0 is in each of the four blocks, 1 in three, once or a hundred times.
    [String(103 ** 2 + 102 ** 2)],
  ]);
});

test('an error of the job is the error of the statement, before and between rows', async () => {
  const connection = await connect(async function* ({ kind }) {
    if (kind === 'between') yield blockOf([{ name: 'a', tags: [], numbers: [1] }]);
    await pause(1);
    throw new Error(`no ${kind} [OTLP_ARGUMENT_INVALID]`);
  });
  for (const kind of ['before', 'between']) {
    await expect(connection.run(`FROM series('${kind}')`)).rejects.toThrow(`no ${kind} [OTLP_ARGUMENT_INVALID]`);
  }
});

test('EXPLAIN, PREPARE and DESCRIBE start nothing', async () => {
  let started = 0;
  const connection = await connect(() => {
    started++;
    return blocks(blockOf([{ name: 'a', tags: [], numbers: [1] }]));
  });
  await connection.run('EXPLAIN FROM series()');
  await connection.run('DESCRIBE FROM series()');
  const prepared = await connection.prepare('SELECT number FROM series($1)');
  expect(started).toBe(0);
  prepared.bindVarchar(1, 'x');
  await prepared.run();
  await prepared.run();
  expect(started).toBe(2);
});

/** A job that never ends by itself, and the promise of its end. */
function endless(yielded?: ColumnBlock): {
  job: Job;
  started: Promise<void>;
  ended: Promise<void>;
  blocks: () => number;
} {
  let start = () => {};
  let end = () => {};
  let count = 0;
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* job(_given: Given, signal: AbortSignal): AsyncGenerator<ColumnBlock> {
    start();
    try {
      while (!signal.aborted) {
        if (yielded === undefined) await pause(60_000, undefined, { signal, ref: false });
        else {
          await pause(0);
          count++;
          yield yielded;
        }
      }
    } finally {
      end();
    }
  }
  return { job, started, ended, blocks: () => count };
}

/** Two hundred series of ten thousand numbers: 16 MB. */
const large = blockOf(Array.from({ length: 200 }, () => ({ name: 'a', tags: ['b'], numbers: Array(10_000).fill(1) })));

test('Ctrl-C ends a job that has given no rows', async () => {
  const { job, started, ended } = endless();
  const connection = await connect(job);
  const query = connection.run('FROM series()').catch((error: Error) => error.message);
  await started;
  connection.interrupt();
  expect(await query).toContain('INTERRUPT');
  await ended;
});

test('a LIMIT ends a job that would go on', async () => {
  const { job, ended, blocks } = endless(large);
  const connection = await connect(job);
  expect(await rowsOf(connection, 'SELECT number FROM series() LIMIT 3')).toEqual([[1], [1], [1]]);
  await ended;
  // It went ahead of its reader by a bounded number of bytes.
  expect(blocks()).toBeLessThan(6);
});

test('a result that is not read on keeps its job, and closing the connection ends it', async () => {
  const { job, ended, blocks } = endless(large);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await connect(job);
  const reader = connection;
  let result: Awaited<ReturnType<DuckDBConnection['stream']>> | undefined =
    await reader.stream('SELECT number FROM series()');
  await result.fetchChunk();
  // Long enough for a collection that would take it for gone.
  await pause(700);
  const before = blocks();
  for (let chunk = 0; chunk < 2500; chunk++) expect((await result.fetchChunk())!.rowCount).toBeGreaterThan(0);
  expect(blocks()).toBeGreaterThan(before);
  result = undefined;
  reader.closeSync();
  instance.closeSync();
  await ended;
});
