import type { FixedWidthColumn } from '../../buffer/column.js';
import type { SignalRows } from '../../buffer/signal-rows.js';
import type { TableRows } from '../../buffer/table-rows.js';
import { type Columns, NONE } from '../arrow/columns.js';
import { metricColumns } from '../rows/metric-columns.js';
import { Groups } from './groups.js';
import { setTexts } from './heap-texts.js';
import { readIds, readSortedParentIds } from './ids.js';
import type { Payloads } from './message-payloads.js';
import { setBooleans, setInts } from './numbers.js';
import { Origins } from './origins.js';
import type { PayloadName } from './payload-types.js';
import {
  type AddPoints,
  expHistogramPayloads,
  expHistogramPoints,
  histogramPayloads,
  histogramPoints,
  numberPayloads,
  numberPoints,
  summaryPayloads,
  summaryPoints,
} from './points.js';

/** A metric without a kind, and so without points. */
const NO_KIND = 0;

interface Kind {
  /** What `metric_type` says for it. */
  readonly type: number;
  readonly payload: PayloadName;
  readonly table: TableRows;
  readonly addPoints: AddPoints;
  readonly temporality?: FixedWidthColumn<Int32Array>;
  readonly isMonotonic?: FixedWidthColumn<Uint8Array>;
}

/** Returns the function that makes rows of a message's data points. */
export function metricsDecoder(rows: SignalRows): (payloads: Payloads) => void {
  const kinds = metricKinds(rows);

  return (payloads) => {
    const metrics = payloads.get('UNIVARIATE_METRICS') ?? payloads.get('MULTIVARIATE_METRICS');
    if (metrics === undefined) return;
    const types = readTypes(metrics, kinds.length);
    const ids = readIds(metrics, metrics.length);
    const origins = new Origins(payloads, metrics);
    const pointsByPayload = new Map<PayloadName, PointsByMetric>();
    for (const kind of kinds) {
      const points = payloads.get(kind.payload);
      if (points === undefined) continue;
      const byMetric = pointsByPayload.get(kind.payload) ?? new PointsByMetric(points);
      pointsByPayload.set(kind.payload, byMetric);
      const { order, owners } = byMetric.take(ids, (metric) => types[metric] === kind.type);
      if (order.length === 0) continue;
      const first = kind.addPoints(payloads, points, order);
      origins.fill(kind.table, first, owners);
      setMetrics(payloads, metrics, kind, first, owners);
    }
  };
}

function metricKinds(rows: SignalRows): readonly Kind[] {
  const { gauge, sum, histogram, expHistogram, summary } = metricColumns(rows);
  return [
    { type: 1, payload: numberPayloads.points, table: gauge.point.table, addPoints: numberPoints(gauge) },
    {
      type: 2,
      payload: numberPayloads.points,
      table: sum.point.table,
      addPoints: numberPoints(sum),
      temporality: sum.temporality,
      isMonotonic: sum.isMonotonic,
    },
    {
      type: 3,
      payload: histogramPayloads.points,
      table: histogram.point.table,
      addPoints: histogramPoints(histogram),
      temporality: histogram.temporality,
    },
    {
      type: 4,
      payload: expHistogramPayloads.points,
      table: expHistogram.point.table,
      addPoints: expHistogramPoints(expHistogram),
      temporality: expHistogram.temporality,
    },
    { type: 5, payload: summaryPayloads.points, table: summary.point.table, addPoints: summaryPoints(summary) },
  ];
}

function setMetrics(payloads: Payloads, metrics: Columns, kind: Kind, firstRow: number, owners: Uint32Array): void {
  const { json } = payloads.writers;
  const { table, temporality, isMonotonic } = kind;
  for (const name of ['name', 'description', 'unit']) {
    setTexts(json, metrics, name, table.text(name), firstRow, owners);
  }
  if (temporality !== undefined) setInts(metrics, 'aggregation_temporality', temporality, firstRow, owners);
  if (isMonotonic !== undefined) setBooleans(metrics, 'is_monotonic', isMonotonic, firstRow, owners);
}

function readTypes(metrics: Columns, maxType: number): Uint8Array {
  const column = metrics.ints('metric_type') ?? metrics.fail('metric_type', 'is required');
  const { entries, values } = column;
  const types = new Uint8Array(entries.length);
  for (let row = 0; row < types.length; row++) {
    const entry = entries[row]!;
    const type = entry === NONE ? NO_KIND : values.array[entry]!;
    if (type < NO_KIND || type > maxType) {
      metrics.fail('metric_type', `must be ${NO_KIND} to ${maxType}, got ${type} in row ${row}`);
    }
    types[row] = type;
  }
  return types;
}

/** The rows of a table of points by metric. Each is handed out once, to the first metric that claims it. */
class PointsByMetric {
  readonly #groups: Groups;
  readonly #isTaken: Uint8Array;

  constructor(points: Columns) {
    const parentIds = readSortedParentIds(points);
    this.#groups = new Groups(parentIds, undefined, points.scratch);
    this.#isTaken = new Uint8Array(this.#groups.count);
  }

  /** The rows of the points of some metrics, in the order of those; and of each point the row of its metric. */
  take(ids: Uint32Array, isWanted: (metric: number) => boolean): { order: Uint32Array; owners: Uint32Array } {
    const { rows, starts } = this.#groups;
    const order: number[] = [];
    const owners: number[] = [];
    for (let metric = 0; metric < ids.length; metric++) {
      if (!isWanted(metric)) continue;
      const group = this.#groups.groupOf(ids[metric]!);
      if (group === NONE || this.#isTaken[group] === 1) continue;
      this.#isTaken[group] = 1;
      for (let at = starts[group]!; at < starts[group + 1]!; at++) {
        order.push(rows[at]!);
        owners.push(metric);
      }
    }
    return { order: Uint32Array.from(order), owners: Uint32Array.from(owners) };
  }
}
