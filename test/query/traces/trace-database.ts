// An instance with a server in it that keeps all that it is sent, and the scanner that engines get.

import { DuckDBInstance } from '@duckdb/node-api';
import { ServerRegistry } from '../../../src/control/server-registry.js';
import { Database } from '../../../src/duckdb/database.js';
import { DuckDBFiles } from '../../../src/files/file-source.js';
import { ReadErrorLog } from '../../../src/files/read-error-log.js';
import { ReadPool } from '../../../src/files/read-pool.js';
import { SqlFunctions } from '../../../src/functions/register.js';
import type { Scanner } from '../../../src/query/scan/scanner.js';
import { SqlScans } from '../../../src/query/scan/sql-scanner.js';
import { StatementSlots } from '../../../src/query/scan/statement-slots.js';
import type { Fidelity } from '../../../src/schema/column-declaration.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { encodeProtobuf } from '../../oracle/encode-protobuf.js';
import type { Message } from '../../oracle/message.js';
import { send } from '../../support/http-client.js';
import { newQueries } from '../query-database.js';

export interface TraceDatabase {
  readonly scanner: Scanner;
  /** How many statements were scanned. */
  readonly statements: () => number;
  /** Sends a request. Its rows wait in memory until they are flushed. */
  post(request: Message): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export async function openTraceDatabase(fidelity: Fidelity): Promise<TraceDatabase> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const database = await Database.open(instance);
  const connection = await instance.connect();
  const registry = new ServerRegistry(database, () => {});
  const files = { source: new DuckDBFiles(database), pool: new ReadPool(), errors: new ReadErrorLog() };
  const functions = new SqlFunctions(registry, files, newQueries(database, registry));
  await functions.registerInstance(database, registry, 32);
  await functions.registerConnection(connection);
  const served = await connection.runAndReadAll(
    `SELECT listen_uri FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000, fidelity := '${fidelity}')`,
  );
  const uri = String(served.getRows()[0]![0]);
  const scans = new SqlScans(database, registry.live, new StatementSlots(2));
  const scanner = scans.scanner({ home: { catalog: 'memory', schema: 'main' }, principal: soleTenant });
  let statements = 0;
  return {
    scanner: {
      scan: (request, signal) => {
        statements++;
        return scanner.scan(request, signal);
      },
    },
    statements: () => statements,
    post: async (request) => {
      const answer = await send({
        port: Number(/\d+$/.exec(uri)![0]),
        path: '/v1/traces',
        headers: { 'content-type': 'application/x-protobuf' },
        body: encodeProtobuf('traces', request),
      });
      if (answer.status !== 202) throw new Error(`the server answered ${answer.status}: ${answer.text}`);
    },
    flush: async () => {
      await connection.run(`CALL otlp_flush('${uri}')`);
    },
    close: async () => {
      await scans.close();
      await connection.run(`CALL otlp_stop('${uri}')`);
      await database.close();
      connection.closeSync();
      instance.closeSync();
    },
  };
}
