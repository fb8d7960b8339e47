// What `npm run crash` knows to commit to, each with nothing in it, and the servers that some of them need.

import { join } from 'node:path';
import { HttpProxy } from '../../lake/support/faulty-proxy.js';
import { attachIceberg, bareRows, extensionSettings, s3Path, s3Secret } from '../../lake/support/lake-database.js';
import { OneByOneCatalog } from '../../lake/support/one-by-one-catalog.js';
import { PostgresServer } from '../../lake/support/postgres-server.js';
import { SeaweedServer } from '../../lake/support/seaweed-server.js';
import { missingReason, type Need } from '../../lake/support/test-servers.js';
import { eventually } from '../../support/eventually.js';
import { type Place, targets } from '../harness/targets.js';

export const crashTargetNames = [
  'file',
  'ducklake',
  'sqlite',
  'postgres',
  'iceberg',
  'iceberg-one-by-one',
  'parquet',
  'parquet-s3',
] as const;
export type CrashTargetName = (typeof crashTargetNames)[number];

const needs: Readonly<Record<CrashTargetName, readonly Need[]>> = {
  file: [],
  ducklake: ['extensions'],
  sqlite: ['extensions'],
  postgres: ['extensions', 'postgres'],
  iceberg: ['extensions', 'seaweedfs'],
  'iceberg-one-by-one': ['extensions', 'seaweedfs'],
  parquet: [],
  'parquet-s3': ['extensions', 'seaweedfs'],
};

/** Whether rows are there once, or at least once. */
export function isExactlyOnce(name: CrashTargetName): boolean {
  return !['parquet', 'parquet-s3', 'iceberg-one-by-one'].includes(name);
}

/** Why there is no such target here; undefined where it can be had. */
export function absence(name: CrashTargetName): string | undefined {
  return missingReason(...needs[name]);
}

export class CrashTargets {
  #postgres: PostgresServer | undefined;
  #seaweed: SeaweedServer | undefined;
  #catalog: OneByOneCatalog | undefined;
  /**
   * Completes requests whose client was killed. SeaweedFS updates the tables of a commit one after another and stops
   * when its client disconnects, so that a kill in those milliseconds once left rows without their seal.
   */
  #completing: HttpProxy | undefined;
  #opened = 0;

  /** A target with nothing in it, as long as the folder that it is given is empty. */
  async open(name: CrashTargetName): Promise<Place> {
    const id = `crash_${++this.#opened}`;
    switch (name) {
      case 'sqlite':
        return openSqlite();
      case 'postgres':
        return this.#openPostgres(id);
      case 'iceberg':
        this.#seaweed ??= await SeaweedServer.start();
        this.#completing ??= await HttpProxy.start(this.#seaweed.icebergPort);
        return openIceberg(this.#seaweed, this.#completing.port, id, {});
      case 'iceberg-one-by-one':
        this.#seaweed ??= await SeaweedServer.start();
        this.#catalog ??= await OneByOneCatalog.start(this.#seaweed.icebergPort);
        return openIceberg(this.#seaweed, this.#catalog.port, id, { allow_at_least_once: true });
      case 'parquet-s3':
        this.#seaweed ??= await SeaweedServer.start();
        return openParquetOnS3(this.#seaweed.s3Port, id);
      default:
        return targets[name];
    }
  }

  /** Ends the servers that were started. */
  async close(): Promise<void> {
    await Promise.all([this.#postgres?.close(), this.#catalog?.close(), this.#completing?.close()]);
    await this.#seaweed?.close();
  }

  async #openPostgres(id: string): Promise<Place> {
    this.#postgres ??= await PostgresServer.start();
    const connection = (await this.#postgres.createDatabase(id))();
    return {
      ...targets.ducklake,
      setUp: (folder) => [
        ...extensionSettings(),
        'LOAD ducklake',
        'LOAD postgres_scanner',
        `ATTACH 'ducklake:postgres:${connection}' AS lake (DATA_PATH '${join(folder, 'lake')}')`,
      ],
    };
  }
}

function openSqlite(): Place {
  return {
    ...targets.ducklake,
    setUp: (folder) => [
      ...extensionSettings(),
      'LOAD ducklake',
      'LOAD sqlite_scanner',
      `ATTACH 'ducklake:sqlite:${join(folder, 'catalog.sqlite')}' AS lake
        (DATA_PATH '${join(folder, 'lake')}', META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 30000)`,
    ],
  };
}

async function openParquetOnS3(s3Port: number, id: string): Promise<Place> {
  // SeaweedFS makes the bucket a moment after it is up.
  await eventually(() => bareRows([s3Secret(s3Port)], `FROM glob('${s3Path(id)}*')`));
  return {
    ...targets.parquet,
    setUp: () => [...extensionSettings(), 'LOAD httpfs', s3Secret(s3Port)],
    options: () => ({ parquet_export_path: s3Path(id) }),
  };
}

async function openIceberg(
  seaweed: SeaweedServer,
  catalogPort: number,
  id: string,
  options: Readonly<Record<string, boolean>>,
): Promise<Place> {
  const attach = attachIceberg(seaweed, { catalogPort });
  // SeaweedFS makes the table bucket a moment after it is up.
  await eventually(() => bareRows(attach, `CREATE SCHEMA IF NOT EXISTS ice.${id}`));
  return {
    database: () => ':memory:',
    setUp: () => [...extensionSettings(), ...attach],
    options: () => ({ catalog: 'ice', schema: id, ...options }),
    home: `ice.${id}`,
  };
}
