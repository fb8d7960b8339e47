// Export to Parquet files: where they are, what is in them, and what becomes of them when a seal fails or a process ends.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { type OtelDatabase, type OtelServer, openDatabase, SEVERAL_THREADS } from '../support/otel-database.js';
import { metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
import { HttpProxy } from './support/faulty-proxy.js';
import { bareRows, fileFolder, openLakeDatabase, s3Path, s3Secret } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, DAY_NS, FIRST_NS, numberedLogs, sums } from './support/lake-telemetry.js';
import { S3_SECRET, SeaweedServer } from './support/seaweed-server.js';

const NEVER_MS = 3_600_000;
const folder = fileFolder();
let roots = 0;
const newRoot = () => join(folder, `root${++roots}`);

const FILE = /^year=\d{4}\/month=\d{2}\/day=\d{2}\/[\w-]+\.parquet$/;

/** All files below a folder, as paths from there. */
function filesBelow(root: string): string[] {
  const files = (below: string): string[] => {
    try {
      return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? files(join(below, entry.name)) : [join(below, entry.name)],
      );
    } catch (error) {
      // Gone since it was listed, or not there yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
  return files('').sort();
}

/** Rows of a table's files for a DuckDB that has nothing but the files. */
const exported = (root: string, table = 'otlp_logs') =>
  `read_parquet('${root}/${table}/*/*/*/*.parquet', hive_partitioning = true)`;

async function serve(root: string, database: OtelDatabase, options = {}): Promise<OtelServer> {
  return database.serve({ parquet_export_path: root, seal_max_age_ms: NEVER_MS, ...options });
}

describe('files', () => {
  // A trace by its id read every row group of every file.
  test('of spans say which ids of traces are not in them', async () => {
    const root = newRoot();
    const database = await openDatabase();
    const server = await serve(root, database);
    const traceId = (trace: number) => Buffer.from(trace.toString(16).padStart(32, '0'), 'hex');
    const spans = Array.from({ length: 4000 }, (_, i) => ({
      trace_id: traceId(1 + (i >> 1)),
      span_id: Buffer.from(i.toString(16).padStart(16, '1'), 'hex'),
    }));
    const body = encodeProtobuf('traces', { resource_spans: [{ scope_spans: [{ spans }] }] });
    await server.post(body, { path: pathOf.traces });
    await server.flush();
    const excluded = (id: Buffer) =>
      database.value(
        `SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe('${root}/otlp_traces/**/*.parquet', 'trace_id', '${id.toString('hex')}')`,
      );
    expect(await excluded(traceId(7))).toBe(false);
    expect(await excluded(Buffer.alloc(16, 255))).toBe(true);
  });

  test('are below the day of the event, and keep every type', async () => {
    const root = newRoot();
    const database = await openDatabase();
    const server = await serve(root, database);
    // From two hours before midnight until two hours after.
    const timeNs = (i: number) => (FIRST_NS / DAY_NS) * DAY_NS + DAY_NS + (BigInt(i - 50) * DAY_NS) / 600n;
    await server.post(numberedLogs({ count: 100, timeNs }));
    await server.post(spansRequest(10), { path: pathOf.traces });
    await server.post(metricsRequest(), { path: pathOf.metrics });
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '115', error: null });

    for (const table of readdirSync(root).filter((name) => name.startsWith('otlp_'))) {
      for (const file of filesBelow(join(root, table))) expect(file).toMatch(FILE);
    }
    const days = await bareRows(
      [],
      `SELECT year::INTEGER AS y, month::INTEGER AS m, day::INTEGER AS d, count(*)::INTEGER AS n,
         bool_and(time_unix_nano::DATE = make_date(year, month, day)) AS is_day_of_event
       FROM ${exported(root)} GROUP BY ALL ORDER BY d`,
    );
    expect(days).toEqual([
      { y: 2023, m: 11, d: 14, n: 50, is_day_of_event: true },
      { y: 2023, m: 11, d: 15, n: 50, is_day_of_event: true },
    ]);
    expect(
      await bareRows(
        [],
        `SELECT duration_time_unix_nano AS ns, start_time_unix_nano AS started, count(*)::INTEGER AS n
         FROM ${exported(root, 'otlp_traces')} GROUP BY ALL ORDER BY started LIMIT 1`,
      ),
    ).toEqual([{ ns: '5000', started: '2023-11-14 22:13:20', n: 1 }]);
    expect(await bareRows([], `SELECT count, bucket_counts FROM ${exported(root, 'otlp_metrics_histogram')}`)).toEqual([
      { count: '1', bucket_counts: ['1'] },
    ]);
  });

  test('are compressed with zstd', async () => {
    const root = newRoot();
    const server = await serve(root, await openDatabase());
    await server.post(numberedLogs({ count: 100 }));
    await server.flush();
    expect(
      await bareRows([], `SELECT DISTINCT compression FROM parquet_metadata('${root}/otlp_logs/*/*/*/*.parquet')`),
    ).toEqual([{ compression: 'ZSTD' }]);
  });

  for (const [times, record, day] of [
    ['its own time', { time_unix_nano: FIRST_NS, observed_time_unix_nano: FIRST_NS + DAY_NS }, '2023-11-14'],
    ['the time at which it was observed, without its own', { observed_time_unix_nano: FIRST_NS }, '2023-11-14'],
    ['its arrival, without any', {}, undefined],
    ['the first day that there is', { time_unix_nano: 1n }, '1970-01-01'],
    ['the last day that there is', { time_unix_nano: 2n ** 63n - 1n }, '2262-04-11'],
    ['the last moment of a day', { time_unix_nano: (FIRST_NS / DAY_NS) * DAY_NS - 1n }, '2023-11-13'],
  ] as const) {
    test(`a record is below the day of ${times}`, async () => {
      const root = newRoot();
      // A session's time zone has no say in this.
      const database = await openDatabase();
      await database.rows("SET GLOBAL TimeZone = 'Pacific/Kiritimati'");
      const server = await serve(root, database);
      await server.post(
        encodeProtobuf('logs', {
          resource_logs: [{ scope_logs: [{ log_records: [{ ...record, body: { string_value: '0' } }] }] }],
        }),
      );
      const before = new Date().toISOString().slice(0, 10);
      expect((await server.flush())['status']).toBe('sealed');
      const after = new Date().toISOString().slice(0, 10);
      const [file] = filesBelow(join(root, 'otlp_logs'));
      const found = /year=(\d+)\/month=(\d+)\/day=(\d+)\//.exec(file!)!.slice(1).join('-');
      expect(day === undefined ? [before, after] : [day]).toContain(found);
      expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(1)]);
    });
  }

  test('more days in a seal than files may be open', async () => {
    const root = newRoot();
    const server = await serve(root, await openDatabase(undefined, undefined, SEVERAL_THREADS));
    const timeNs = (i: number) => FIRST_NS + BigInt(i % 300) * DAY_NS;
    await server.post(numberedLogs({ count: 3_000, timeNs }));
    expect(await server.flush()).toMatchObject({ sealed_rows: '3000', error: null });
    expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(3_000)]);
    expect(
      await bareRows([], `SELECT count(DISTINCT (year, month, day))::INTEGER AS days FROM ${exported(root)}`),
    ).toEqual([{ days: 300 }]);
  });

  test('have their final name only when they are whole', async () => {
    const root = newRoot();
    const server = await serve(root, await openDatabase(undefined, undefined, SEVERAL_THREADS));
    // Spread over days, and large enough to be written for a while.
    const timeNs = (i: number) => FIRST_NS + BigInt(i % 7) * DAY_NS;
    for (let i = 0; i < 20; i++) await server.post(numberedLogs({ first: i * 10_000, count: 10_000, timeNs }));
    let isSealing = true;
    const sealed = server.flush().finally(() => {
      isSealing = false;
    });
    const seen = new Set<string>();
    let looks = 0;
    let staged = 0;
    while (isSealing) {
      looks++;
      staged += filesBelow(join(root, '_staging')).length;
      for (const file of filesBelow(join(root, 'otlp_logs'))) {
        if (seen.has(file)) continue;
        seen.add(file);
        // A whole file begins and ends with the same four bytes; the ones at its end are the last to be written.
        const bytes = readFileSync(join(root, 'otlp_logs', file));
        expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1']);
      }
      await turn();
    }
    expect(await sealed).toMatchObject({ status: 'sealed', error: null });
    expect(looks).toBeGreaterThan(1);
    expect(staged).toBeGreaterThan(0);
    expect(filesBelow(join(root, '_staging'))).toEqual([]);
    expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(200_000)]);
  });
});

describe('views', () => {
  test('are in the schema that was asked for, empty until there are files, and know the days', async () => {
    const root = newRoot();
    const database = await openDatabase();
    const server = await serve(root, database, { schema: 'telemetry' });
    expect(server.row).toMatchObject({ catalog_name: '', schema_name: 'telemetry', logs_table: 'otlp_logs' });
    const columns = async () => database.rows('SELECT column_name, column_type FROM (DESCRIBE telemetry.otlp_logs)');
    const empty = await columns();
    expect(await database.rows(sums('telemetry.otlp_logs'))).toEqual([{ rows: 0, numbers: 0, total: null }]);

    await server.post(numberedLogs({ count: 30 }));
    await server.flush();
    expect(await columns()).toEqual(empty);
    expect(await database.rows(sums('telemetry.otlp_logs'))).toEqual([allBelow(30)]);
    const plan = await database.rows('EXPLAIN SELECT body FROM telemetry.otlp_logs WHERE year = 2023 AND day = 13');
    expect(JSON.stringify(plan)).toMatch(/Scanning Files: 0\/1|EMPTY_RESULT/);
    expect(await database.value("SELECT count(*)::INTEGER FROM duckdb_tables() WHERE table_name LIKE 'otlp_%'")).toBe(
      0,
    );
  });

  test('are there for the next who opens the database, from whatever folder', async () => {
    const root = newRoot();
    const path = join(folder, 'views.db');
    const database = await openDatabase(path);
    const server = await serve(root, database);
    await server.post(numberedLogs({ count: 30 }));
    await server.stop();
    await database.close();
    expect(await bareRows([`ATTACH '${path}' AS views (READ_ONLY)`], sums('views.otlp_logs'))).toEqual([allBelow(30)]);
  });

  test('a relative path is one of this process, and the view does not depend on that', async () => {
    const database = await openDatabase();
    const relative = `${folder.replace(process.cwd(), '.').replace(/^\//, '../'.repeat(process.cwd().split('/').length - 1))}/relative`;
    const server = await serve(relative, database);
    await server.post(numberedLogs({ count: 30 }));
    await server.flush();
    expect(await bareRows([], sums(exported(join(folder, 'relative'))))).toEqual([allBelow(30)]);
    const [view] = await database.rows("SELECT sql FROM duckdb_views() WHERE view_name = 'otlp_logs'");
    expect(view!['sql']).toContain(`'${join(folder, 'relative')}/otlp_logs/`);
  });

  test('over a path with characters that mean something in a pattern', async () => {
    const root = join(folder, "it's [a]*?{b}");
    const database = await openDatabase();
    const server = await serve(root, database);
    await server.post(numberedLogs({ count: 30 }));
    expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
    expect(filesBelow(join(root, 'otlp_logs'))).toHaveLength(1);
    expect(await database.rows(sums('otlp_logs'))).toEqual([allBelow(30)]);
  });

  test('a table in the place of a view is an error that names it, and stays', async () => {
    const database = await openDatabase();
    await database.rows('CREATE TABLE otlp_logs AS SELECT 1 AS mine');
    await expect(serve(newRoot(), database)).rejects.toThrow(/"main"\."otlp_logs".*a table has that name/);
    expect(await database.value('SELECT mine FROM otlp_logs')).toBe(1);
  });
});

describe('what cannot be', () => {
  test('promoted attributes, which are columns of a catalog', async () => {
    const database = await openDatabase();
    for (const options of [
      { promote_resource_attributes: 'a' },
      { promote_scope_attributes: 'a' },
      { promote_resource_attributes: '', promote_scope_attributes: 'a' },
    ]) {
      await expect(serve(newRoot(), database, options)).rejects.toThrow(
        'parquet_export_path cannot be combined with promoted attributes',
      );
    }
  });

  test('a path that names nothing', async () => {
    const database = await openDatabase();
    await expect(serve('', database)).rejects.toThrow('parquet_export_path must not be empty');
  });

  test('a folder that cannot be made', async () => {
    const database = await openDatabase();
    writeFileSync(join(folder, 'a-file'), '');
    await expect(serve(join(folder, 'a-file', 'root'), database)).rejects.toThrow(/ENOTDIR.*a-file/);
    expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
  });
});

describe('a seal that fails', () => {
  test('does not write again what it has written', async () => {
    const root = newRoot();
    const server = await serve(root, await openDatabase());
    await server.post(numberedLogs({ count: 30 }));
    await server.post(spansRequest(10), { path: pathOf.traces });
    await server.post(metricsRequest(), { path: pathOf.metrics });
    // In the way of the folder that traces need.
    writeFileSync(join(root, 'otlp_traces'), '');
    expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('otlp_traces') });
    expect(await server.flush()).toMatchObject({ status: 'failed' });
    expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '45' });
    const written = filesBelow(root).filter((file) => /^otlp_\w+\//.test(file));

    rmSync(join(root, 'otlp_traces'));
    expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
    const files = filesBelow(root).filter((file) => /^otlp_\w+\//.test(file));
    expect(files).toEqual(expect.arrayContaining(written));
    expect(files).toHaveLength(7);
    expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(30)]);
    expect(
      await bareRows(
        [],
        `SELECT count(DISTINCT name)::INTEGER AS n, count(*)::INTEGER AS rows FROM ${exported(root, 'otlp_traces')}`,
      ),
    ).toEqual([{ n: 10, rows: 10 }]);
  });

  test('goes on with the files that had not their final name yet', async () => {
    const root = newRoot();
    const server = await serve(root, await openDatabase());
    await server.post(numberedLogs({ count: 30, timeNs: (i) => FIRST_NS + BigInt(i % 3) * DAY_NS }));
    mkdirSync(join(root, 'otlp_logs/year=2023/month=11'), { recursive: true });
    writeFileSync(join(root, 'otlp_logs/year=2023/month=11/day=15'), '');
    expect((await server.flush())['status']).toBe('failed');
    rmSync(join(root, 'otlp_logs/year=2023/month=11/day=15'));
    expect((await server.flush())['status']).toBe('sealed');
    expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(30)]);
  });

  test('writes anew what somebody has removed meanwhile', async () => {
    const root = newRoot();
    const server = await serve(root, await openDatabase());
    await server.post(numberedLogs({ count: 30, timeNs: (i) => FIRST_NS + BigInt(i % 3) * DAY_NS }));
    mkdirSync(join(root, 'otlp_logs/year=2023/month=11'), { recursive: true });
    writeFileSync(join(root, 'otlp_logs/year=2023/month=11/day=15'), '');
    expect((await server.flush())['status']).toBe('failed');
    rmSync(join(root, 'otlp_logs/year=2023/month=11/day=15'));
    rmSync(join(root, '_staging'), { recursive: true });
    await eventually(async () => expect((await server.flush())['error']).toBeNull());
    expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(30)]);
  });
});

describe('one root', () => {
  test('for several servers of a process and for several processes, whose files never meet', async () => {
    const root = newRoot();
    const database = await openDatabase();
    const servers = [await serve(root, database), await serve(root, database, { schema: 'other' })];
    const children = Array.from({ length: 2 }, () => new ChildProgram(serving(root)));
    const ports = await Promise.all(children.map((child) => child.line<number>()));
    // The same numbers from nobody twice; the same seal numbers from all.
    let first = 0;
    for (let seal = 0; seal < 4; seal++) {
      for (const server of servers) {
        await server.post(numberedLogs({ first, count: 25 }));
        first += 25;
      }
      for (const port of ports) {
        const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf' },
          body: numberedLogs({ first, count: 25 }),
        });
        expect(response.status).toBe(202);
        first += 25;
      }
      await Promise.all([
        ...servers.map(async (server) => expect((await server.flush())['error']).toBeNull()),
        ...children.map(async (child) => {
          child.process.kill('SIGUSR2');
          expect(await child.line()).toEqual({ status: 'sealed', sealed_rows: '25' });
        }),
      ]);
    }
    expect(first).toBe(400);
    expect(filesBelow(join(root, 'otlp_logs'))).toHaveLength(16);
    expect(await bareRows([], sums(exported(root)))).toEqual([allBelow(400)]);
    expect(await database.rows(sums('otlp_logs'))).toEqual([allBelow(400)]);
    expect(await database.rows(sums('other.otlp_logs'))).toEqual([allBelow(400)]);
  });

  test('for the next process, which goes on and cleans up after the one before', async () => {
    const root = newRoot();
    const child = new ChildProgram(serving(root));
    const port = await child.line<number>();
    const post = (body: Uint8Array) =>
      fetch(`http://127.0.0.1:${port}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body,
      });
    await post(numberedLogs({ count: 30 }));
    child.process.kill('SIGUSR2');
    await child.line();
    // Ends while files are on their way.
    writeFileSync(join(root, 'otlp_traces'), '');
    const spans = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: spansRequest(10),
    });
    expect(spans.status).toBe(202);
    child.process.kill('SIGUSR2');
    expect(await child.line()).toMatchObject({ status: 'failed' });
    expect(filesBelow(join(root, '_staging'))).toHaveLength(1);
    child.process.kill('SIGKILL');
    await child.exited();
    rmSync(join(root, 'otlp_traces'));

    const database = await openDatabase();
    const server = await serve(root, database);
    expect(filesBelow(join(root, '_staging'))).toEqual([]);
    expect(await database.rows(sums('otlp_logs'))).toEqual([allBelow(30)]);
    await server.post(numberedLogs({ first: 30, count: 30 }));
    await server.stop();
    expect(await database.rows(sums('otlp_logs'))).toEqual([allBelow(60)]);
  });
});

test('what ended processes have staged is removed at a start, and what others may still need is kept', async () => {
  const root = newRoot();
  const { pid } = spawnSync(process.execPath, ['--version']);
  const ids = `${randomUUID()}-${randomUUID()}`;
  const kept = [`${hostname()}-${process.ppid}-${ids}`, `elsewhere-1-${ids}`, `${hostname()}-7-${pid}-${ids}`];
  const abandoned = [`${hostname()}-${pid}-${ids}`, `elsewhere-2-${ids}`];
  for (const name of [...kept, ...abandoned]) mkdirSync(join(root, '_staging', name), { recursive: true });
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  utimesSync(join(root, '_staging', abandoned[1]!), twoDaysAgo, twoDaysAgo);
  // Is listed and cannot be found, as what another host removes at that moment.
  const vanished = `elsewhere-3-${ids}`;
  symlinkSync(join(root, 'nowhere'), join(root, '_staging', vanished));
  await serve(root, await openDatabase());
  expect(readdirSync(join(root, '_staging')).sort()).toEqual([...kept, vanished].sort());
});

test('a root of any name is read, and a journal goes on there', async () => {
  const root = join(folder, 'any [a-z*?] na\\me');
  const journal = { durability: 'journal', journal_path: join(folder, 'any-journal') };
  for (let round = 0; round < 2; round++) {
    const database = await openDatabase();
    const server = await serve(root, database, journal);
    await server.post(numberedLogs({ first: round * 30, count: 30 }));
    await server.flush();
    expect(await server.seals()).toMatchObject([{ seal_sequence: String(round + 1), success: true }]);
    expect(await database.rows(sums('otlp_logs'))).toEqual([allBelow((round + 1) * 30)]);
    await server.stop();
  }
});

test('what the manifest of a dead letter says is not about the journal', async () => {
  const root = newRoot();
  const database = await openDatabase();
  const journal = { durability: 'journal', journal_path: join(folder, 'letters-journal') };
  const first = await serve(root, database, journal);
  await first.post(numberedLogs({ count: 30 }));
  await first.stop();
  const [manifest] = readdirSync(join(root, '_seals'));
  const ofLetter = join(root, '_seals', manifest!.replace('.json', '-dead-letter-7-7.json'));
  writeFileSync(ofLetter, JSON.stringify({ seal_sequence: 7, journal_sequence: 7 }));
  const second = await serve(root, database, journal);
  await second.post(numberedLogs({ first: 30, count: 30 }));
  await second.flush();
  expect(await second.seals()).toMatchObject([{ seal_sequence: '2', success: true }]);
  await second.stop();
});

/** A program that serves a root, says its port, and flushes on a signal and says what came of it. */
function serving(root: string): string {
  return `
    const otel = await otlp.attach(await DuckDBInstance.create(':memory:'));
    const connection = await otel.connect();
    const [{ listen_uri: uri }] = await rowsOf(connection,
      "FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := ${NEVER_MS}, parquet_export_path := '${root}')");
    process.on('SIGUSR2', async () => say((await rowsOf(connection, "SELECT status, sealed_rows FROM otlp_flush('" + uri + "')"))[0]));
    say(Number(uri.split(':').at(-1)));
    setInterval(() => {}, 60_000);
  `;
}

lakeSuite('on S3', ['extensions', 'seaweedfs'], () => {
  let seaweed: SeaweedServer;
  let storage: HttpProxy;

  beforeAll(async () => {
    seaweed = await SeaweedServer.start();
    storage = await HttpProxy.start(seaweed.s3Port);
    // SeaweedFS makes the bucket a moment after it is up.
    await eventually(() => read(`FROM glob('${s3Path('')}*')`));
  });
  afterAll(() => storage?.close().then(() => seaweed?.close()));

  /** A database that reaches the store through the proxy. */
  async function openThroughProxy(): Promise<OtelDatabase> {
    storage.fate = () => 'passes';
    return openLakeDatabase([s3Secret(storage.port)]);
  }
  const read = (query: string) => bareRows([s3Secret(seaweed.s3Port)], query);
  const rootOf = (name: string) => s3Path(name).replace(/\/$/, '');

  test('the same layout, and a view over it', async () => {
    const root = rootOf('layout');
    const database = await openThroughProxy();
    const server = await serve(`${root}/`, database);
    expect(await database.rows(sums('otlp_logs'))).toEqual([{ rows: 0, numbers: 0, total: null }]);
    await server.post(numberedLogs({ count: 200, timeNs: (i) => FIRST_NS + BigInt(i % 2) * DAY_NS }));
    await server.post(metricsRequest(), { path: pathOf.metrics });
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '205', error: null });
    expect(await database.rows(sums('otlp_logs'))).toEqual([allBelow(200)]);
    await database.close();

    expect(await read(sums(exported(root)))).toEqual([allBelow(200)]);
    const files = await read(`FROM glob('${root}/**')`);
    expect(files).toHaveLength(7);
    for (const { file } of files)
      expect(String(file).slice(root.length + 1)).toMatch(
        /^otlp_\w+\/year=2023\/month=11\/day=1[45]\/[\w-]+\.parquet$/,
      );
  });

  test('a retry writes again only the signal that failed, over what there is of it', async () => {
    const root = rootOf('retry');
    const database = await openThroughProxy();
    const server = await serve(root, database);
    const written: string[] = [];
    // The last answer of each upload to traces never comes, so that the object is there and DuckDB does not know.
    storage.fate = ({ method, path }) => {
      if (method === 'PUT') written.push(path);
      return path.includes('otlp_traces') && method !== 'GET' && method !== 'HEAD' ? 'answer lost' : 'passes';
    };
    await server.post(numberedLogs({ count: 30 }));
    await server.post(spansRequest(10), { path: pathOf.traces });
    expect(await server.flush()).toMatchObject({ status: 'failed', sealed_rows: '0' });
    expect(written.filter((path) => path.includes('otlp_traces')).length).toBeGreaterThan(0);
    const logsWritten = written.filter((path) => path.includes('otlp_logs')).length;
    storage.fate = ({ method, path }) => {
      if (method === 'PUT') written.push(path);
      return 'passes';
    };
    await eventually(async () => expect((await server.flush())['error']).toBeNull());
    expect(written.filter((path) => path.includes('otlp_logs'))).toHaveLength(logsWritten);
    expect(await read(sums(exported(root)))).toEqual([allBelow(30)]);
    expect(await read(`SELECT count(*)::INTEGER AS rows FROM ${exported(root, 'otlp_traces')}`)).toEqual([
      { rows: 10 },
    ]);
  });

  test('two servers and a restart on one root', async () => {
    const root = rootOf('shared');
    const databases = [await openThroughProxy(), await openLakeDatabase([s3Secret(seaweed.s3Port)])];
    for (let round = 0; round < 2; round++) {
      const servers = await Promise.all(databases.map((database) => serve(root, database)));
      await Promise.all(
        servers.map((server, i) => server.post(numberedLogs({ first: (round * 2 + i) * 50, count: 50 }))),
      );
      for (const stopped of await Promise.all(servers.map((server) => server.stop()))) {
        expect(stopped['dropped_rows']).toBe('0');
      }
    }
    expect(await databases[0]!.rows(sums('otlp_logs'))).toEqual([allBelow(200)]);
    expect(await read(sums(exported(root)))).toEqual([allBelow(200)]);
  });

  test('a journal goes on where its manifest says', async () => {
    const root = rootOf('journal');
    const journal = { durability: 'journal', journal_path: join(folder, 's3-journal') };
    for (let round = 0; round < 2; round++) {
      const database = await openThroughProxy();
      const server = await serve(root, database, journal);
      await server.post(numberedLogs({ first: round * 40, count: 40 }));
      await server.stop();
      await database.close();
    }
    expect(await read(sums(exported(root)))).toEqual([allBelow(80)]);
    expect(await read(`SELECT count(*)::INTEGER AS n FROM glob('${root}/_seals/*.json')`)).toEqual([{ n: 1 }]);
  });

  test('with keys that are refused there is no server', async () => {
    const database = await openLakeDatabase([s3Secret(seaweed.s3Port).replace(S3_SECRET, 'not-the-secret')]);
    await expect(serve(rootOf('refused'), database)).rejects.toThrow(
      /403|Forbidden|AccessDenied|SignatureDoesNotMatch/,
    );
    expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
  });
});
