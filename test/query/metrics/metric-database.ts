// A server and a scanner on one database: OTLP in, blocks out.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ServerRegistry } from '../../../src/control/server-registry.js';
import { Database } from '../../../src/duckdb/database.js';
import { DuckDBFiles } from '../../../src/files/file-source.js';
import { ReadErrorLog } from '../../../src/files/read-error-log.js';
import { ReadPool } from '../../../src/files/read-pool.js';
import { SqlFunctions } from '../../../src/functions/register.js';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import { defaultMetricOptions, type MetricOptions } from '../../../src/query/metrics/metric-options.js';
import type { MetricStore, MetricStoreParts } from '../../../src/query/metrics/metric-store.js';
import { openMetricStore } from '../../../src/query/metrics/open-metric-store.js';
import type { Scanner } from '../../../src/query/scan/scanner.js';
import { SqlScans } from '../../../src/query/scan/sql-scanner.js';
import { StatementSlots } from '../../../src/query/scan/statement-slots.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { send } from '../../support/http-client.js';
import { TOKEN } from '../../support/otel-database.js';
import { newQueries } from '../query-database.js';

const home = { catalog: 'memory', schema: 'main' };

export class MetricDatabase {
  readonly connection: DuckDBConnection;
  readonly scanner: Scanner;
  catalogues = new MetricCatalogues();
  readonly #close: () => Promise<void>;
  readonly #port: number;
  readonly #uri: string;

  private constructor(connection: DuckDBConnection, scanner: Scanner, uri: string, close: MetricDatabase['close']) {
    this.connection = connection;
    this.scanner = scanner;
    this.#uri = uri;
    this.#port = Number(/\d+$/.exec(uri)![0]);
    this.#close = close;
  }

  static async open(): Promise<MetricDatabase> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
    const database = await Database.open(instance);
    const connection = await instance.connect();
    const registry = new ServerRegistry(database, () => {});
    const files = { source: new DuckDBFiles(database), pool: new ReadPool(), errors: new ReadErrorLog() };
    const functions = new SqlFunctions(registry, files, newQueries(database, registry));
    await functions.registerInstance(database, registry, 32);
    await functions.registerConnection(connection);
    const scans = new SqlScans(database, registry.live, new StatementSlots(2));
    const serve = `FROM otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}', seal_max_age_ms := 3600000)`;
    const [row] = (await connection.runAndReadAll(serve)).getRowObjectsJson();
    const uri = String(row!['listen_uri']);
    return new MetricDatabase(connection, scans.scanner({ home, principal: soleTenant }), uri, async () => {
      await connection.run(`FROM otlp_stop('${uri}')`);
      await scans.close();
      await database.close();
      connection.closeSync();
      instance.closeSync();
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Sends the body of an OTLP/JSON request for metrics. */
  async send(body: unknown): Promise<void> {
    const { status, text } = await send({
      port: this.#port,
      path: '/v1/metrics',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(body),
    });
    if (status !== 202 && status !== 200) throw new Error(`metrics were refused with ${status}: ${text}`);
  }

  async flush(): Promise<void> {
    await this.connection.run(`FROM otlp_flush('${this.#uri}')`);
  }

  /** A store for one query, as an engine opens it. */
  store(options: Partial<MetricOptions> = {}, rest: Partial<MetricStoreParts> = {}): MetricStore {
    return openMetricStore({
      scanner: this.scanner,
      catalogues: this.catalogues,
      principal: soleTenant,
      home,
      ...rest,
      options: { ...defaultMetricOptions, ...options },
    });
  }
}
