// The threads that read files: how long they live, and what becomes of scans when they end.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { ReadPool } from '../../src/files/read-pool.js';
import type { PieceStart, ReadAnswer, ReadPlan } from '../../src/files/read-task.js';
import { eventually } from '../support/eventually.js';
import { OtelDatabase } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const folder = mkdtempSync(join(tmpdir(), 'otel-read-pool-'));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

afterAll(() => rmSync(folder, { recursive: true }));

const line = `${JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'x'.repeat(200) } }] }] }] })}\n`;
const LINES = 60_000;
const plain = file('lines.jsonl', line.repeat(LINES));
const gzipped = file('lines.jsonl.gz', gzipSync(line.repeat(LINES), { level: 1 }));

const plan: ReadPlan = { signal: 'logs', format: undefined, columns: { otlp_logs: ['body'] }, ignoreErrors: false };

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** All answers to one task. */
function read(pool: ReadPool, start: PieceStart): Promise<ReadAnswer[]> {
  const answers: ReadAnswer[] = [];
  return new Promise((resolve) =>
    pool.read({ plan, start }, (answer) => {
      answers.push(answer);
      if (answer.kind === 'done' || answer.kind === 'failed') resolve(answers);
    }),
  );
}

function nextOf(answers: readonly ReadAnswer[]): PieceStart {
  const next = answers.find((answer) => answer.kind === 'next')?.start;
  if (next === undefined) throw new Error('the file has one piece only');
  return next;
}

test('a thread ends when it has been idle, and one that keeps a file open does not', async () => {
  const pool = new ReadPool(1, 20);
  onTestFinished(() => pool.end());
  await read(pool, { kind: 'file', path: plain });
  await eventually(() => expect(pool.threads).toBe(0));
  const next = nextOf(await read(pool, { kind: 'file', path: gzipped }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(pool.threads).toBe(1);
  const rest = await read(pool, next);
  expect(rest.map(({ kind }) => kind)).toEqual(['next', 'rows', 'done']);
  pool.close(nextOf(rest) as { thread: number; id: number } & PieceStart);
  await eventually(() => expect(pool.threads).toBe(0));
});

test('tasks that run, that wait, and that come later fail when the threads end', async () => {
  const pool = new ReadPool(1);
  const tasks = [1, 2, 3].map(() => read(pool, { kind: 'file', path: plain }));
  await pool.end();
  tasks.push(read(pool, { kind: 'file', path: plain }));
  for (const answers of await Promise.all(tasks)) {
    expect(answers.at(-1)).toMatchObject({
      kind: 'failed',
      error: { kind: 'internal', reason: 'its reading was ended' },
    });
  }
});

test('queries on several connections read at once, each all rows in order', async () => {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  const connections = await Promise.all(Array.from({ length: 5 }, () => database.otel.connect()));
  const queries = connections.map((connection, i) =>
    database.rows(
      i === 0
        ? `SELECT count(*) AS n FROM read_otlp_logs('${folder}/none')`
        : `SELECT count(*) AS n FROM read_otlp_logs('${i % 2 === 0 ? plain : gzipped}') WHERE length(body) = 200`,
      connection,
    ),
  );
  const [failed, ...counts] = await Promise.allSettled(queries);
  expect(failed!.status).toBe('rejected');
  for (const count of counts) expect(count).toMatchObject({ value: [{ n: String(LINES) }] });
});

test('an interrupted query, and those that read a part only, leave no file open', async () => {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  const { connection } = database;
  const running = database.rows(`SELECT count(*) FROM read_otlp_logs(['${gzipped}', '${plain}'])`);
  setTimeout(() => connection.interrupt(), 50);
  await expect(running).rejects.toThrow('Interrupted');
  for (let i = 0; i < 5; i++) {
    expect(await database.rows(`SELECT length(body) AS n FROM read_otlp_logs('${gzipped}') LIMIT 2`)).toHaveLength(2);
  }
  // Nobody says when a query has ended: files are closed when its scan is collected.
  if (process.platform !== 'linux') return; // no other system says which files are open
  await eventually(() => {
    collectGarbage();
    expect(openFilesIn(folder)).toEqual([]);
  });
});

test('a query that fails in the middle of a file leaves the next one alone', async () => {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  const bad = file(
    'bad.jsonl.gz',
    gzipSync(`${line.repeat(LINES)}{"resourceLogs":0}\n${line.repeat(LINES)}`, { level: 1 }),
  );
  for (let i = 0; i < 2; i++) {
    await expect(database.rows(`CREATE TABLE t AS FROM read_otlp_logs('${bad}')`)).rejects.toThrow(
      `line ${LINES + 1}: resourceLogs must be an array`,
    );
    expect(await database.value(`SELECT count(*) FROM read_otlp_logs('${gzipped}')`)).toBe(String(LINES));
  }
});

test('EXPLAIN and PREPARE read nothing', async () => {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  await database.rows(`EXPLAIN FROM read_otlp_logs('${folder}/none')`);
  await database.rows(`PREPARE later AS FROM read_otlp_logs('${folder}/none')`);
  await expect(database.rows('EXECUTE later')).rejects.toThrow('No files found that match the pattern');
});

describe('a pipe', () => {
  function pipe(name: string): string {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    return path;
  }

  test('is read until its writer closes it', async () => {
    const database = await OtelDatabase.open();
    onTestFinished(() => database.close());
    const path = pipe('written');
    const writer = openSync(path, 'r+');
    const count = database.value(`SELECT count(*) FROM read_otlp_logs('${path}')`);
    await eventually(() => expect(openFilesIn(path)).toHaveLength(2));
    writeSync(writer, line);
    writeSync(writer, line);
    closeSync(writer);
    expect(await count).toBe('2');
  });

  test('that nobody writes to is an error', async () => {
    const database = await OtelDatabase.open();
    onTestFinished(() => database.close());
    const path = pipe('forgotten');
    await expect(database.rows(`FROM read_otlp_logs('${path}')`)).rejects.toThrow(
      `cannot read ${path}: a pipe that nobody writes to`,
    );
  });

  test('that is waited for keeps nobody from closing, and no server from its last commit', async () => {
    const database = await OtelDatabase.open();
    onTestFinished(() => database.close());
    const path = pipe('silent');
    const writer = openSync(path, 'r+');
    onTestFinished(() => closeSync(writer));
    const reading = database.rows(`FROM read_otlp_logs('${path}')`, await database.otel.connect());
    const ended = expect(reading).rejects.toThrow('its reading was ended');
    await eventually(() => expect(openFilesIn(path)).toHaveLength(2));
    const server = await database.serve({ seal_max_age_ms: 3_600_000 });
    await server.post(logsRequest(3));
    expect(await database.otel.close()).toMatchObject([{ name: server.uri, committedRows: 3 }]);
    await ended;
  });
});

function openFilesIn(path: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(path) ? [target] : [];
    } catch {
      return [];
    }
  });
}
