// A DuckDB instance with the plugin and the extensions that attach lakes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, onTestFinished } from 'vitest';
import { type AtEnd, type JsonRow, OtelDatabase } from '../../support/otel-database.js';
import { BUCKET, S3_KEY, S3_SECRET, type SeaweedServer, WAREHOUSE } from './seaweed-server.js';
import { placeOf } from './test-servers.js';

/** Statements that make an instance find extensions on this machine only. */
export function extensionSettings(): string[] {
  return [
    `SET extension_directory = '${placeOf('extensions')}'`,
    // A test that fails on S3 is to fail at once, and a test of S3's faults is to see them.
    'LOAD httpfs',
    'SET GLOBAL http_retries = 1',
    'SET GLOBAL http_timeout = 10',
  ];
}

/** A database whose tests attach lakes. It is closed when the running test ends. */
export async function openLakeDatabase(
  statements: readonly string[] = [],
  {
    path,
    atEnd = onTestFinished,
    threads,
  }: { readonly path?: string; readonly atEnd?: AtEnd; readonly threads?: number } = {},
): Promise<OtelDatabase> {
  const database = await OtelDatabase.open(path, threads);
  atEnd(() => database.close());
  for (const sql of [...extensionSettings(), ...statements]) await database.rows(sql);
  return database;
}

/** Rows of a DuckDB that knows nothing of otelduck, as any other reader of a lake. */
export async function bareRows(statements: readonly string[], query: string): Promise<JsonRow[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    for (const sql of [...extensionSettings(), ...statements]) await connection.run(sql);
    return (await connection.runAndReadAll(query)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export function s3Secret(port: number): string {
  return `CREATE SECRET s3 (TYPE s3, KEY_ID '${S3_KEY}', SECRET '${S3_SECRET}', REGION 'us-east-1',
    ENDPOINT '127.0.0.1:${port}', URL_STYLE 'path', USE_SSL false)`;
}

/** Attaches the server's Iceberg catalog as `ice`, through other ports where they are given. */
export function attachIceberg(
  server: SeaweedServer,
  { catalogPort = server.icebergPort, s3Port = server.s3Port } = {},
): string[] {
  return [
    'LOAD iceberg',
    s3Secret(s3Port),
    `CREATE SECRET ic (TYPE iceberg, CLIENT_ID '${S3_KEY}', CLIENT_SECRET '${S3_SECRET}',
      OAUTH2_SERVER_URI 'http://127.0.0.1:${server.icebergPort}/v1/oauth/tokens')`,
    `ATTACH '${WAREHOUSE}' AS ice (TYPE iceberg, ENDPOINT 'http://127.0.0.1:${catalogPort}', SECRET ic,
      ACCESS_DELEGATION_MODE 'none')`,
  ];
}

export const s3Path = (name: string) => `s3://${BUCKET}/${name}/`;

/** A folder that is gone when the file's tests are. */
export function fileFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-lake-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
