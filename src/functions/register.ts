// Instance, ServerRegistry → the functions of SQL, on every connection there is.

import type { DuckDBConnection } from '@duckdb/node-api';
import { explainArgumentErrors } from '../duckdb/argument-errors.js';
import type { Database } from '../duckdb/database.js';
import { registerListFunction } from '../duckdb/list-function.js';
import { PendingCalls } from '../duckdb/pending-calls.js';
import { macroSql, type PendingFunction, registerPendingFunction } from '../duckdb/pending-function.js';
import { registerScanFunction, type ScanFunction, scanMacroSql } from '../duckdb/scan-function.js';
import { qualifiedName, quotedIdentifier } from '../duckdb/sql-text.js';
import { registerStructFunction } from '../duckdb/struct-function.js';
import { messageOf } from '../failure.js';
import type { FileScanParts } from '../files/file-scan.js';
import type { ServerRegistry } from '../server/server-registry.js';
import { otapServe } from './otap-serve.js';
import { otlpDeadLetterList } from './otlp-dead-letter-list.js';
import { otlpFlush } from './otlp-flush.js';
import { otlpReadErrorList } from './otlp-read-error-list.js';
import { otlpReplay } from './otlp-replay.js';
import { otlpSealList } from './otlp-seal-list.js';
import { otlpServe } from './otlp-serve.js';
import { otlpServerList } from './otlp-server-list.js';
import { otlpStop } from './otlp-stop.js';
import { otlpUriParser } from './otlp-uri-parser.js';
import { readOtap } from './read-otap.js';
import { readOtlp } from './read-otlp.js';

/** Catalog in which connections that nobody registered find the lifecycle functions. */
const PUBLIC_CATALOG = 'otelduck';

export class SqlFunctions {
  readonly #lifecycle: readonly PendingFunction[];
  readonly #scans: readonly ScanFunction[];
  readonly #files: FileScanParts;

  constructor(registry: ServerRegistry, files: FileScanParts) {
    this.#files = files;
    this.#lifecycle = [
      otlpServe(registry),
      otapServe(registry),
      otlpFlush(registry),
      otlpReplay(registry),
      otlpStop(registry),
    ];
    this.#scans = [...readOtlp(files), ...readOtap(files)];
  }

  /** Registers what all connections of the instance see. Once per instance. */
  async registerInstance(database: Database, registry: ServerRegistry, poolThreads: number): Promise<void> {
    const { control } = database;
    const calls = new PendingCalls(poolThreads);
    for (const declared of this.#lifecycle) registerPendingFunction(control, declared, calls);
    registerListFunction(control, otlpServerList(registry));
    registerListFunction(control, otlpSealList(registry));
    registerListFunction(control, otlpDeadLetterList(registry));
    registerListFunction(control, otlpReadErrorList(this.#files.errors));
    for (const declared of this.#scans) registerScanFunction(control, declared, calls);
    registerStructFunction(control, otlpUriParser);
    await this.#publish(control);
  }

  /** Makes the lifecycle functions exist on a connection under their own names. */
  async registerConnection(connection: DuckDBConnection): Promise<void> {
    for (const declared of this.#lifecycle) {
      const name = quotedIdentifier(declared.name);
      await connection.run(macroSql(declared, { prefix: 'CREATE OR REPLACE TEMP MACRO', name }));
    }
    for (const declared of this.#scans) {
      const name = quotedIdentifier(declared.name);
      await connection.run(scanMacroSql(declared, { prefix: 'CREATE OR REPLACE TEMP MACRO', name }));
    }
    explainArgumentErrors(connection, [...this.#lifecycle, ...this.#scans]);
  }

  /** Makes them exist as `otelduck.<name>` on all connections. Macros cannot live in the system catalog. */
  async #publish(control: DuckDBConnection): Promise<void> {
    try {
      await control.run(`ATTACH ':memory:' AS ${PUBLIC_CATALOG}`);
    } catch (error) {
      // A read-only instance attaches nothing in memory, and a user's database may have this name. Registered
      // connections lack nothing then.
      process.emitWarning(
        `otelduck's functions exist on registered connections only, not as ${PUBLIC_CATALOG}.<name>: ${messageOf(error)}`,
      );
      return;
    }
    for (const declared of this.#lifecycle) {
      await control.run(
        macroSql(declared, { prefix: 'CREATE MACRO', name: qualifiedName(PUBLIC_CATALOG, 'main', declared.name) }),
      );
    }
    for (const declared of this.#scans) {
      await control.run(
        scanMacroSql(declared, { prefix: 'CREATE MACRO', name: qualifiedName(PUBLIC_CATALOG, 'main', declared.name) }),
      );
    }
  }
}
