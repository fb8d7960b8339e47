// How an expression would be read → rows for SQL, one for each statement.

import { plannedSelections, type QueryTimes, type Selection } from '#promql';
import { integerColumn, listColumn, textColumn } from '../../buffer/block-columns.js';
import type { ColumnBlock } from '../../buffer/column-block.js';
import type { MetricStore, PlannedRead } from '../metrics/metric-store.js';
import { runnableSql } from '../scan/runnable-sql.js';
import type { ScanOrigin } from '../scan/sql-scanner.js';
import { parsed } from './answer-question.js';
import type { EvaluationRequest } from './promql-request.js';

interface PlanRow extends PlannedRead {
  readonly selection: Selection;
}

/** A block of `planColumns`. */
export async function planBlock(
  { query, times, lookbackMs }: EvaluationRequest,
  store: MetricStore,
  origin: ScanOrigin,
  signal: AbortSignal,
): Promise<ColumnBlock> {
  const queryTimes: QueryTimes = 'timeMs' in times ? { startMs: times.timeMs, endMs: times.timeMs, stepMs: 0 } : times;
  const options = lookbackMs === undefined ? {} : { lookbackMs };
  const rows: PlanRow[] = [];
  for (const selection of plannedSelections(parsed(query), queryTimes, options)) {
    for (const read of await store.plan(selection, signal)) rows.push({ ...read, selection });
  }
  return {
    rowCount: rows.length,
    columns: [
      textColumn(rows.map(({ selection }) => `{${selection.matchers.map(String).join(',')}}`)),
      integerColumn(rows.map(({ selection }) => 1000 * selection.startMs)),
      integerColumn(rows.map(({ selection }) => 1000 * selection.endMs)),
      textColumn(rows.map(({ table }) => table)),
      listColumn(
        rows.map(({ metrics }) => metrics),
        textColumn,
      ),
      integerColumn(rows.map(({ series }) => series)),
      listColumn(
        rows.map(({ pushed }) => pushed),
        textColumn,
      ),
      textColumn(rows.map((read) => runnableSql(read, origin))),
    ],
  };
}
