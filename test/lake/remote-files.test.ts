// Files that DuckDB fetches: over HTTP, and from S3 with a secret.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { encodeJson, encodeNdjson } from '../oracle/encode-json.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { fixtureRequests } from '../oracle/fixture-requests.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { ChildProgram } from '../support/child-program.js';
import type { OtelDatabase } from '../support/otel-database.js';
import { extensionSettings, openLakeDatabase, s3Path, s3Secret } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { S3_KEY, S3_SECRET, SeaweedServer } from './support/seaweed-server.js';

const { logs, traces } = fixtureRequests;

/** A line that is a request of one log record. */
const line = (body: string, padding = '') =>
  `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"${body}"},"eventName":"${padding}"}]}]}]}\n`;

/** More than is fetched at once, the bodies being the lines' numbers. */
const MANY_LINES = 20_000;
const manyLines = Buffer.from(Array.from({ length: MANY_LINES }, (_, i) => line(String(i), 'x'.repeat(900))).join(''));

async function expectManyLines(database: OtelDatabase, path: string, options = ''): Promise<void> {
  const rows = await database.rows(`SELECT body::INTEGER AS number FROM read_otlp_logs('${path}'${options})`);
  expect(rows).toHaveLength(MANY_LINES);
  expect(rows.findIndex(({ number }, i) => number !== i)).toBe(-1);
}

const files: Record<string, Uint8Array> = {
  'logs.json': encodeJson('logs', logs),
  'logs.jsonl': encodeNdjson('logs', [logs, logs]),
  'logs.jsonl.gz': gzipSync(encodeNdjson('logs', [logs, logs])),
  'logs.pb': encodeProtobuf('logs', logs),
  'logs.pb.gz': gzipSync(encodeProtobuf('logs', logs)),
  'traces.pb.gz': gzipSync(encodeProtobuf('traces', traces)),
  'logs.otap': new OtapEncoder('logs').encode(logs),
  'empty.json': Buffer.alloc(0),
  'many.jsonl': manyLines,
  'many.ndjson.gz': gzipSync(manyLines, { level: 1 }),
  'many.txt': manyLines,
  'bad.jsonl': Buffer.concat([manyLines, Buffer.from('\n{"resourceLogs":5}\n')]),
  'not-utf8.jsonl': Buffer.concat([manyLines, Buffer.from([0x22, 0xff, 0x22, 0x0a])]),
  'long-line.jsonl': Buffer.from(line('long', 'x'.repeat(17 << 20))),
};

async function serveFiles(onRequest: (request: string) => void): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url!.slice(1).split('?')[0]!;
    onRequest(`${request.method} ${path}`);
    const size = /^(?<bytes>\d+)-bytes$/.exec(path)?.groups?.['bytes'];
    const content = files[path];
    if (content === undefined && size === undefined) return void response.writeHead(404).end();
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const part = range === null ? content : content?.subarray(Number(range[1]), Number(range[2]) + 1);
    response.writeHead(range === null ? 200 : 206, {
      'content-length': size ?? part!.length,
      'accept-ranges': 'bytes',
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function closeFiles(server: Server | undefined): void {
  server?.closeAllConnections();
  server?.close();
}

lakeSuite('over HTTP', ['extensions'], () => {
  let server: Server;
  let url: string;
  let requests: string[];

  beforeAll(async () => {
    server = await serveFiles((request) => requests.push(request));
    url = urlOf(server);
  });
  afterAll(() => closeFiles(server));

  async function openHttp(): Promise<OtelDatabase> {
    requests = [];
    return openLakeDatabase();
  }

  for (const [name, rows] of [
    ['logs.json', 3],
    ['logs.jsonl', 6],
    ['logs.jsonl.gz', 6],
    ['logs.pb', 3],
    ['logs.pb.gz', 3],
    ['empty.json', 0],
  ] as const) {
    test(`${name} has the rows of a local file`, async () => {
      const database = await openHttp();
      const read = `FROM read_otlp_logs('${url}/${name}') ORDER BY ALL`;
      const fixture = "FROM read_otlp_logs('test/data/logs.pb')";
      const local = rows === 0 ? `${fixture} LIMIT 0` : rows === 3 ? fixture : `${fixture} UNION ALL ${fixture}`;
      const expected = await database.rows(`FROM (${local}) ORDER BY ALL`);
      expect(expected).toHaveLength(rows);
      expect(await database.rows(read)).toEqual(expected);
    });
  }

  test('OTAP, and the name of the file', async () => {
    const database = await openHttp();
    expect(
      await database.rows(
        `SELECT filename, count(*) AS rows FROM read_otap_logs('${url}/logs.otap', filename := true) GROUP BY ALL`,
      ),
    ).toEqual([{ filename: `${url}/logs.otap`, rows: '3' }]);
    await expect(database.rows(`FROM read_otap_traces('${url}/logs.otap')`)).rejects.toThrow(
      `OTAP decode error on ${url}/logs.otap: `,
    );
  });

  test('lists mix places, and keep their order', async () => {
    const database = await openHttp();
    const rows = await database.rows(
      `SELECT filename FROM read_otlp_logs(['${url}/logs.pb', 'test/data/logs.pb', '${url}/logs.json'], filename := true)`,
    );
    expect(rows.map(({ filename }) => filename)).toEqual(
      [`${url}/logs.pb`, 'test/data/logs.pb', `${url}/logs.json`].flatMap((name) => [name, name, name]),
    );
  });

  for (const [name, options] of [
    ['many.jsonl?signature=abc', ''],
    ['many.ndjson.gz', ''],
    ['many.txt', ", format := 'jsonl'"],
  ] as const) {
    test(`${name} is read in order, each line once`, async () => {
      const database = await openHttp();
      await expectManyLines(database, `${url}/${name}`, options);
    });
  }

  test('lines of a large file are numbered, and the bad ones skipped where this is asked for', async () => {
    const database = await openHttp();
    await expect(database.rows(`SELECT max(body) FROM read_otlp_logs('${url}/bad.jsonl')`)).rejects.toThrow(
      `OTLP parse error on ${url}/bad.jsonl: Parse failed: line ${MANY_LINES + 2}: resourceLogs must be an array, got 5`,
    );
    expect(
      await database.value(`SELECT count(body) FROM read_otlp_logs('${url}/bad.jsonl', ignore_errors := true)`),
    ).toBe(String(MANY_LINES));
  });

  test('what DuckDB cannot read as lines is told by the line', async () => {
    const database = await openHttp();
    await expect(database.rows(`SELECT max(body) FROM read_otlp_logs('${url}/not-utf8.jsonl')`)).rejects.toThrow(
      `OTLP parse error on ${url}/not-utf8.jsonl: Parse failed: line ${MANY_LINES + 1}: must be UTF-8`,
    );
    await expect(database.rows(`SELECT max(body) FROM read_otlp_logs('${url}/long-line.jsonl')`)).rejects.toThrow(
      `OTLP parse error on ${url}/long-line.jsonl: Parse failed: line 1: must have no more than 16777216 bytes`,
    );
  });

  test('queries that stop early leave the next ones undisturbed', async () => {
    const database = await openHttp();
    for (let i = 0; i < 3; i++) {
      expect(await database.rows(`SELECT body FROM read_otlp_logs('${url}/many.jsonl') LIMIT 1`)).toEqual([
        { body: '0' },
      ]);
    }
    await expectManyLines(database, `${url}/many.jsonl`);
  });

  test('queries that would wait for each other for ever are refused', async () => {
    // Two scans wait for the sizes of their files, which are held. Two more take the other threads of a pool of four before
    // the contents can be asked for.
    const content = files['logs.json']!;
    const held: (() => void)[] = [];
    let isReleased = false;
    const slow = createServer((request, response) => {
      const answer = () => {
        response.writeHead(200, { 'content-length': content.length, 'accept-ranges': 'bytes' });
        response.end(request.method === 'HEAD' ? undefined : content);
      };
      if (request.url === '/held') return void response.end(String(held.length));
      if (request.url === '/release') {
        isReleased = true;
        for (const release of held) release();
        return void response.end();
      }
      if (isReleased) answer();
      else held.push(answer);
    });
    await once(slow.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => closeFiles(slow));
    const program = new ChildProgram(
      `const otel = await otlp.attach(await DuckDBInstance.create(':memory:'));
       const connections = [];
       for (let i = 0; i < 4; i++) connections.push(await otel.connect());
       for (const sql of ${JSON.stringify(extensionSettings())}) await connections[0].run(sql);
       const read = (connection) =>
         rowsOf(connection, "SELECT count(*) AS n FROM read_otlp_logs('${urlOf(slow)}/logs.json')").then(
           ([{ n }]) => n,
           (error) => error.message,
         );
       const ask = async (path) => (await fetch('${urlOf(slow)}' + path)).text();
       const reads = connections.slice(0, 2).map(read);
       while ((await ask('/held')) !== '2') await new Promise((resolve) => setTimeout(resolve, 10));
       reads.push(...connections.slice(2).map(read));
       await ask('/release');
       say(await Promise.all(reads));
       process.exit(0);`,
      { UV_THREADPOOL_SIZE: '4' },
    );
    const refused = expect.stringContaining('2 calls of otelduck functions are waiting');
    // A program that is given as text has no threads that read; it is enough that the contents got as far as there.
    const fetched = expect.stringContaining('the thread that read it ended: --input-type');
    expect(await program.line()).toEqual([fetched, fetched, refused, refused]);
  });

  test('a file that is not there is an error, and so is one that is too large to be held whole', async () => {
    const database = await openHttp();
    await expect(database.rows(`FROM read_otlp_logs('${url}/missing.pb')`)).rejects.toThrow(
      new RegExp(`cannot read ${url}/missing.pb: .*404`),
    );
    await expect(database.rows(`FROM read_otlp_logs('${url}/268435457-bytes')`)).rejects.toThrow(
      `OTLP parse error on ${url}/268435457-bytes: Parse failed: a file that is not local must have no more than 268435456 bytes, or be JSON Lines by its name or by format := 'jsonl', got 268435457 bytes`,
    );
    expect(requests.filter((request) => request === 'GET 268435457-bytes')).toEqual([]);
  });

  test('EXPLAIN and PREPARE fetch nothing', async () => {
    const database = await openHttp();
    await database.rows(`EXPLAIN FROM read_otlp_logs('${url}/logs.pb')`);
    await database.rows(`PREPARE later AS FROM read_otlp_logs('${url}/logs.pb')`);
    expect(requests).toEqual([]);
    expect(await database.rows('EXECUTE later')).toHaveLength(3);
    expect(requests).not.toEqual([]);
  });
});

lakeSuite('from S3', ['extensions', 'seaweedfs'], () => {
  let seaweed: SeaweedServer;

  beforeAll(async () => {
    seaweed = await SeaweedServer.start();
  });
  afterAll(() => seaweed?.close());

  async function openS3(): Promise<OtelDatabase> {
    return openLakeDatabase([s3Secret(seaweed.s3Port)]);
  }

  /** Puts a local file into the bucket. */
  const put = (database: OtelDatabase, path: string, to: string) =>
    database.rows(`COPY (SELECT content FROM read_blob('${path}')) TO '${to}' (FORMAT blob, COMPRESSION none)`);

  test('patterns name the bucket’s files', async () => {
    const database = await openS3();
    const folder = s3Path('archive');
    for (const name of [
      'logs.json',
      'logs.json.zst',
      'logs.ndjson',
      'logs.ndjson.gz',
      'logs.pb',
      'logs.pb.gz',
      'logs.otap',
    ]) {
      await put(database, `test/data/${name}`, `${folder}day=1/${name}`);
    }
    expect(
      await database.rows(
        `SELECT parse_filename(filename) AS name, count(*) AS rows, count(DISTINCT body) AS bodies
        FROM read_otlp_logs(['${folder}**/*json*', '${folder}day=1/*.pb*'], filename := true) GROUP BY ALL ORDER BY ALL`,
      ),
    ).toEqual(
      ['logs.json', 'logs.json.zst', 'logs.ndjson', 'logs.ndjson.gz', 'logs.pb', 'logs.pb.gz'].map((name) => ({
        name,
        rows: '3',
        bodies: '3',
      })),
    );
    expect(await database.value(`SELECT count(body) FROM read_otap_logs('${folder}day=1/logs.otap')`)).toBe('3');
    await put(database, 'test/data/logs.pb', `${folder}odd/[1] a.pb`);
    expect(await database.value(`SELECT count(body) FROM read_otlp_logs('${folder}odd/*')`)).toBe('3');
    await expect(database.rows(`FROM read_otlp_logs('${folder}day=2/*')`)).rejects.toThrow(
      `No files found that match the pattern "${folder}day=2/*"`,
    );
  });

  test('large files are read by lines', async () => {
    const database = await openS3();
    await database.rows(
      `COPY (SELECT '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"' || i || '"},"eventName":"' || repeat('x', 900) || '"}]}]}]}'
        FROM range(${MANY_LINES}) r(i)) TO '${s3Path('large')}lines.jsonl' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')`,
    );
    await expectManyLines(database, `${s3Path('large')}lines.jsonl`);
  });

  test('without the secret, the error says what the store said', async () => {
    const database = await openLakeDatabase([s3Secret(seaweed.s3Port).replace(/SECRET '.*?'/, "SECRET 'wrong'")]);
    await expect(database.rows(`FROM read_otlp_logs('${s3Path('archive')}day=1/logs.pb')`)).rejects.toThrow(/403/);
  });

  test('the section of the guide to files', async () => {
    const database = await openS3();
    const server = await serveFiles(() => undefined);
    onTestFinished(() => closeFiles(server));
    await put(database, 'test/data/logs.ndjson', `${s3Path('guide')}logs/2023/shop.jsonl`);
    await database.rows('DROP SECRET s3');
    const section = /^## Files elsewhere$.*?^```sql\n(?<sql>.*?)^```$/ms.exec(readFileSync('docs/files.md', 'utf8'));
    const here = [
      ["REGION 'eu-west-1'", `ENDPOINT '127.0.0.1:${seaweed.s3Port}', URL_STYLE 'path', USE_SSL false`],
      ['my-key-id', S3_KEY],
      ['my-secret-key', S3_SECRET],
      ['s3://my-telemetry/', s3Path('guide')],
      ['https://example.com', urlOf(server)],
    ] as const;
    const sql = here.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), section!.groups!['sql']!);
    const results = [];
    for (const statement of sql.trim().split(/;\n?/).filter(Boolean)) results.push(await database.rows(statement));
    expect(results.slice(1)).toEqual([
      expect.arrayContaining([
        { service_name: 'cart', records: '2' },
        { service_name: 'payment', records: '1' },
      ]),
      [{ records: '2' }],
    ]);
  });
});
