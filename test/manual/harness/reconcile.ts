// What was accepted ↔ what is committed, record by record.

import { SEQUENCE_DIGITS, SEQUENCE_MARK, serviceName } from '../../../src/load/request-number.js';
import { type Signal, signals, type TelemetryTable } from '../../../src/schema/column-declaration.js';
import { tablesBySignal } from '../../../src/schema/tables.js';
import type { HarnessDatabase } from './harness-database.js';
import type { Ledger } from './ledger.js';
import { type Reference, referenceFile } from './reference-rows.js';

export interface Reconciliation {
  readonly accepted: number;
  readonly committed: number;
  /** Records that were accepted and are not there. */
  readonly lost: number;
  readonly duplicated: number;
  /** Rows of requests that were refused, or never sent. */
  readonly unexpected: number;
  /** Requests without an answer of which a part is there. */
  readonly torn: number;
  /** Rows that say anything else than their record did. */
  readonly corrupt: number;
}

const none: Reconciliation = {
  accepted: 0,
  committed: 0,
  lost: 0,
  duplicated: 0,
  unexpected: 0,
  torn: 0,
  corrupt: 0,
};

export const failureCounts = ['lost', 'duplicated', 'unexpected', 'torn', 'corrupt'] as const;

/** A column whose text has a record's number. */
export const numberedColumn: Readonly<Record<Signal, string>> = {
  logs: 'body',
  traces: 'span_attributes',
  metrics: 'metric_attributes',
};

export async function reconcile(
  database: HarnessDatabase,
  home: string,
  ledger: Ledger,
  reference: Reference,
): Promise<Reconciliation> {
  let sum = none;
  for (const signal of signals) {
    const [row] = await database.rows(reconciliationSql(signal, home, ledger, reference));
    const counts = Object.fromEntries(Object.entries(row!).map(([name, value]) => [name, Number(value)]));
    const found = counts as unknown as Reconciliation;
    sum = Object.fromEntries(
      Object.entries(sum).map(([name, before]) => [name, before + found[name as keyof Reconciliation]]),
    ) as unknown as Reconciliation;
  }
  return sum;
}

function reconciliationSql(signal: Signal, home: string, ledger: Ledger, reference: Reference): string {
  const records = reference.recordsPerRequest;
  const sent = ledger.entries
    .filter((entry) => entry.signal === signal)
    .map(({ service, firstSequence, outcome }) => `('${serviceName(service)}', ${firstSequence}, '${outcome}')`);
  return `
    WITH sent(service, first, outcome) AS (VALUES ${['(NULL, NULL, NULL)', ...sent].join(', ')}),
    committed AS (${tablesBySignal[signal].map((table) => committedSql(table, home, reference)).join(' UNION ALL ')}),
    requests AS (
      SELECT service, sequence // ${records} * ${records} AS first, count(*) AS present, count(DISTINCT sequence) AS records,
        count(*) FILTER (is_corrupt) AS corrupt
      FROM committed GROUP BY ALL
    ),
    joined AS (
      SELECT outcome, coalesce(present, 0) AS present, coalesce(records, 0) AS records, coalesce(corrupt, 0) AS corrupt
      FROM (FROM sent WHERE service IS NOT NULL) FULL JOIN requests USING (service, first)
    )
    SELECT coalesce(${records} * count(*) FILTER (outcome = 'accepted'), 0) AS accepted,
      coalesce(sum(present), 0) AS committed,
      coalesce(sum(${records} - records) FILTER (outcome = 'accepted'), 0) AS lost,
      coalesce(sum(present - records), 0) AS duplicated,
      coalesce(sum(present) FILTER (outcome IS NULL), 0) AS unexpected,
      count(*) FILTER (outcome = 'unanswered' AND records NOT IN (0, ${records})) AS torn,
      coalesce(sum(corrupt), 0) AS corrupt
    FROM joined`;
}

/** Rows of a table: whose they are, which, and whether they differ from the reference's. */
function committedSql({ name, signal, columns }: TelemetryTable, home: string, reference: Reference): string {
  const number = `CAST(regexp_extract(${numberedColumn[signal]}, '${SEQUENCE_MARK}(\\d{${SEQUENCE_DIGITS}})', 1) AS BIGINT)`;
  const given = `coalesce(TRY(${number}), -1)`;
  const record = `${given} % ${reference.recordsPerRequest}`;
  const digits = (value: string) => `'${SEQUENCE_MARK}' || lpad((${value})::VARCHAR, ${SEQUENCE_DIGITS}, '0')`;
  const asReference = columns.map((column) =>
    column.type === 'VARCHAR'
      ? `replace(replace(${column.name}, ${digits(given)}, ${digits(record)}), service_name, '${serviceName(0)}')`
      : column.name,
  );
  return `
    SELECT committed.service, committed.sequence, committed.content IS DISTINCT FROM expected.content AS is_corrupt
    FROM (SELECT service_name AS service, ${given} AS sequence, ${record} AS record, row(${asReference.join(', ')}) AS content
      FROM ${home}.${name}) AS committed
    LEFT JOIN (SELECT ${number} AS record, row(${columns.map((column) => column.name).join(', ')}) AS content
      FROM '${referenceFile(reference.folder, name)}') AS expected USING (record)`;
}
