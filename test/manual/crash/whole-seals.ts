// Is what a killed server left behind made of whole seals, the oldest ones?

import { SEQUENCE_DIGITS, SEQUENCE_MARK, serviceName } from '../../../src/load/request-number.js';
import { signals } from '../../../src/schema/column-declaration.js';
import { tablesBySignal, telemetryTables } from '../../../src/schema/tables.js';
import type { HarnessDatabase } from '../harness/harness-database.js';
import type { Ledger, LedgerEntry } from '../harness/ledger.js';
import { numberedColumn } from '../harness/reconcile.js';

/**
 * Requests that are committed although an earlier one is not, of the same connection and the same life of the server. A
 * connection waits for each answer before it sends the next request, and seals commit rows in the order in which they were
 * accepted, so there is none, unless a seal left only a part: of all signals where its transaction spans their tables, else
 * within a signal.
 */
export async function holes(
  database: HarnessDatabase,
  home: string,
  ledger: Ledger,
  recordsPerRequest: number,
  isAtomic: boolean,
): Promise<number> {
  const committed = new Set<string>();
  for (const signal of signals) {
    const { name } = tablesBySignal[signal][0]!;
    const number = `regexp_extract(${numberedColumn[signal]}, '${SEQUENCE_MARK}(\\d{${SEQUENCE_DIGITS}})', 1)::BIGINT`;
    const found = await database.rows(
      `SELECT DISTINCT service_name AS service, ${number} // ${recordsPerRequest} * ${recordsPerRequest} AS first FROM ${home}.${name}`,
    );
    for (const { service, first } of found) committed.add(`${signal} ${service} ${first}`);
  }
  const isCommitted = ({ signal, service, firstSequence }: LedgerEntry) =>
    committed.has(`${signal} ${serviceName(service)} ${firstSequence}`);
  const broken = new Set<string>();
  let count = 0;
  for (const entry of ledger.entries) {
    const order = `${entry.service} ${entry.life} ${isAtomic ? '' : entry.signal}`;
    if (isCommitted(entry)) count += broken.has(order) ? 1 : 0;
    else if (entry.outcome === 'accepted') broken.add(order);
  }
  return count;
}

/** Rows that a full scan finds beyond those that `otlp_seals` tells of, or fewer, over all tables. */
export async function unrecorded(database: HarnessDatabase, home: string): Promise<number> {
  const tables = telemetryTables.map(
    ({ name }) => `SELECT '${name}' AS table_name, count(resource_attributes)::BIGINT AS rows FROM ${home}.${name}`,
  );
  const [row] = await database.rows(
    `SELECT coalesce(sum(abs(scanned.rows - coalesce(recorded.rows, 0))), 0) AS n
     FROM (${tables.join(' UNION ALL ')}) AS scanned
     LEFT JOIN (SELECT table_name, sum(row_count)::BIGINT AS rows FROM ${home}.otlp_seals GROUP BY table_name) AS recorded
       USING (table_name)`,
  );
  return Number(row!['n']);
}
