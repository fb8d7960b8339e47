// The SQL of the guides, run section by section: each section has a database and a folder of its own, and begins with the
// page's first section unless it attaches something itself. The page's log is sent as soon as a server listens. What a guide
// calls localhost:8333, db.internal or my-key-id is what runs here.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FIRST_LOG, sendFirstLog } from '../support/first-log.js';
import type { JsonRow, OtelDatabase } from '../support/otel-database.js';
import { freePorts } from './support/free-ports.js';
import { fileFolder, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { POSTGRES_PASSWORD, PostgresServer } from './support/postgres-server.js';
import { BUCKET, S3_KEY, S3_SECRET, SeaweedServer } from './support/seaweed-server.js';

const folder = fileFolder();
const home = process.cwd();

interface Section {
  readonly title: string;
  readonly sql: readonly string[];
}

/** The sections of a page that have SQL to run. */
function sectionsOf(page: string): Section[] {
  return readFileSync(join(home, 'docs', page), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => ({
      title: text.split('\n')[0]!,
      sql: [...text.matchAll(/^ *```sql\n(.*?)^ *```$/gms)].map(([, sql]) => sql!),
    }))
    .filter(({ sql }) => sql.length > 0);
}

lakeSuite('the guides', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;
  let sections = 0;

  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
  });
  afterAll(() => Promise.all([postgres?.close(), seaweed?.close()]));

  for (const page of ['ducklake.md', 'iceberg.md', 'parquet.md', 'retention.md', 'administration.md']) {
    const [first, ...others] = sectionsOf(page);
    test(`${page} sends something before it asks for rows`, () => {
      const text = readFileSync(join(home, 'docs', page), 'utf8');
      expect(text.indexOf(FIRST_LOG)).toBeGreaterThan(text.indexOf('otlp_serve('));
      expect(text.indexOf(FIRST_LOG)).toBeLessThan(text.indexOf('SELECT '));
    });
    for (const { title, sql } of [first!, ...others]) {
      test(`${page}: ${title}`, async () => {
        const name = `guide${++sections}`;
        mkdirSync(join(folder, name));
        // Guides have relative paths. What ends last was begun first: the database, when it is closed, still writes there.
        onTestFinished(() => process.chdir(home));
        process.chdir(join(folder, name));
        const [port] = await freePorts(1);
        const here = await valuesHere(name, port!);
        const database = await openLakeDatabase();
        const needsFirst = title !== first!.title && !/ AS (?:lake|ice) |parquet_export_path/.test(sql.join());
        for (const block of needsFirst ? [...first!.sql, ...sql] : sql) {
          await runBlock(database, here(block), port!);
        }
      });
    }
  }

  /** Runs the statements of a block one by one, because each is bound against what those before it have made. */
  async function runBlock(database: OtelDatabase, sql: string, port: number): Promise<void> {
    for (const statement of sql.split(/;\s*$/m).filter((text) => text.trim() !== '')) {
      // Rows may wait for a seal by age, and SeaweedFS makes its table bucket a moment after it is up.
      const mayWait = /AS records|CREATE SCHEMA/.test(statement);
      const check = async () => checkRows(statement, await database.rows(statement));
      await (mayWait ? eventually(check) : check());
      if (/otlp_serve/.test(statement)) await sendLog(port);
    }
  }

  /** What asks for rows has to get some. */
  function checkRows(statement: string, rows: readonly JsonRow[]): void {
    if (/^\s*(?:SELECT|FROM)\b/.test(statement)) expect(rows, statement).not.toEqual([]);
    if (/AS records/.test(statement)) expect(Number(rows[0]!['records']), statement).toBeGreaterThan(0);
    if (/otlp_flush/.test(statement)) expect(rows, statement).toMatchObject([{ status: 'sealed', error: null }]);
  }

  async function sendLog(port: number): Promise<void> {
    expect((await sendFirstLog(port)).status).toBe(202);
  }

  /** Puts what there is here into the place of a guide's hosts, keys and paths. */
  async function valuesHere(name: string, port: number): Promise<(sql: string) => string> {
    await postgres.createDatabase(name);
    const values: readonly (readonly [string, string])[] = [
      ["'otlp:localhost:4318'", `'otlp:127.0.0.1:${port}'`],
      ["'otlp:0.0.0.0:4318'", `'otlp:127.0.0.1:${port}'`],
      ["'query:localhost:4338'", "'query:127.0.0.1:0'"],
      ["HOST 'db.internal', PORT 5432, DATABASE 'lake'", `HOST '127.0.0.1', PORT ${postgres.port}, DATABASE '${name}'`],
      ["USER 'otelduck', PASSWORD 'from your vault'", `USER 'postgres', PASSWORD '${POSTGRES_PASSWORD}'`],
      [
        "REGION 'eu-west-1'",
        `REGION 'us-east-1', ENDPOINT '127.0.0.1:${seaweed.s3Port}', URL_STYLE 'path', USE_SSL false`,
      ],
      ['my-key-id', S3_KEY],
      ['my-secret-key', S3_SECRET],
      ['localhost:8333', `127.0.0.1:${seaweed.s3Port}`],
      ['localhost:8182', `127.0.0.1:${seaweed.icebergPort}`],
      ['s3://my-telemetry', `s3://${BUCKET}/${name}`],
    ];
    return (sql) => values.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), sql);
  }
});
