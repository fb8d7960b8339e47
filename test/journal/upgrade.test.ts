// What earlier versions wrote is read by this one, and by later ones with more columns: databases, journals, dead letters.
// Once, any new column had old journals refused, and rows lost that were acknowledged before an upgrade.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { otlp } from '../../src/otlp.js';
import { telemetryTables } from '../../src/schema/tables.js';
import { GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, logs, statusIn } from '../grpc/otap-client.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { APPENDED_COLUMN, laterVersion } from '../support/later-version.js';
import { OtelDatabase, type OtelServer } from '../support/otel-database.js';

/** `npm run drill:duckdb` brings others. */
const given = process.env['JOURNAL_FIXTURES'];
const FIXTURES = given === undefined ? new URL('fixtures/', import.meta.url) : pathToFileURL(`${given}/`);
const NEVER_MS = 3_600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otelduck-upgrade-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function opened(plugin: typeof otlp): Promise<OtelDatabase> {
  const database = await OtelDatabase.open(join(folder, 'otlp.db'), undefined, plugin);
  onTestFinished(() => database.close());
  return database;
}

function serve(database: OtelDatabase, scheme: string, tenants = 'none'): Promise<OtelServer> {
  const options = { tenants, durability: 'journal', journal_path: join(folder, scheme), seal_max_age_ms: NEVER_MS };
  return database.serve(options, `${scheme}:127.0.0.1:0`);
}

/** Format 3 is that of servers with tenants. */
const tenantsByFormat: Readonly<Record<string, string>> = { 'format-3': 'header' };

describe.each(readdirSync(FIXTURES).filter((name) => name.startsWith('format-')))('%s', (format) => {
  const tenants = tenantsByFormat[format] ?? 'none';
  const ofTenants = tenants === 'none' ? [] : ['tenant_id'];
  describe.each([
    ['this version', async () => otlp, []],
    ['a later version', laterVersion, [APPENDED_COLUMN]],
  ] as const)('is read by %s', (_, version, appended) => {
    test('every row once', async () => {
      cpSync(new URL(`${format}/`, FIXTURES), folder, { recursive: true });
      writeFileSync(join(folder, 'otlp.db'), gunzipSync(readFileSync(join(folder, 'otlp.db.gz'))));
      const database = await opened(await version());
      for (const scheme of ['otlp', 'otap']) {
        const server = await serve(database, scheme, tenants);
        expect(await server.counters('replayed_rows_total', 'journal_error')).toEqual({
          replayed_rows_total: '6',
          journal_error: null,
        });
        expect(await database.rows(`FROM otlp_replay('${server.uri}')`)).toEqual([
          { status: 'replayed', replayed_rows: '2', error: null },
        ]);
        // Rows of a database of the earlier version, and those of its journal that are not committed yet.
        const live = await database.rows('SELECT DISTINCT unit FROM otlp_live_metrics_gauge() ORDER BY unit');
        expect(live).toEqual([{ unit: '1' }, { unit: 'By' }]);
        expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
        expect(readdirSync(join(folder, scheme)).filter((name) => name.endsWith('.journal'))).toEqual([]);
        expect(readdirSync(join(folder, scheme))).not.toContain('damaged');
      }
      for (const { name, columns } of telemetryTables) {
        const names = (await database.rows(`SELECT column_name FROM (DESCRIBE ${name})`)).flatMap(Object.values);
        expect([...names].sort()).toEqual([...columns.map((column) => column.name), ...appended, ...ofTenants].sort());
        // Both journals have the same rows, from different wires.
        const counts = await database.rows(`SELECT count(*) AS times FROM ${name} GROUP BY ${names.join()}`);
        expect(new Set(counts.map(({ times }) => times))).toEqual(new Set(['2']));
        if (tenants === 'none') continue;
        expect(await database.rows(`SELECT DISTINCT tenant_id FROM ${name}`)).toEqual([{ tenant_id: 'acme' }]);
      }
    });
  });
});

test('rows of a column that only a later version has stop the start, and are there when that one is back', async () => {
  const later = await laterVersion();
  const before = await OtelDatabase.open(join(folder, 'otlp.db'), undefined, later);
  const server = await serve(before, 'otap');
  const stream = new GrpcClient(server.port).stream(arrowPath.logs);
  stream.send(new OtapEncoder('logs').encode(logs(2)));
  expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
  stream.end();
  await before.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  await before.rows(`FROM otlp_stop('${server.uri}')`);
  await before.rows('ALTER TABLE hidden RENAME TO otlp_logs');
  await before.close();

  const database = await OtelDatabase.open(join(folder, 'otlp.db'), undefined, otlp);
  await expect(serve(database, 'otap')).rejects.toThrow(
    new RegExp(`cannot read record 1 of .*: it has a column otlp_logs.${APPENDED_COLUMN} VARCHAR, which this`),
  );
  await database.close();

  const after = await opened(later);
  await (await serve(after, 'otap')).stop();
  expect(await after.rows('SELECT body FROM otlp_logs ORDER BY body')).toEqual([{ body: 'log 0' }, { body: 'log 1' }]);
});
