// Found traces → blocks of `spanColumns`.

import {
  type FoundSpan,
  type FoundSpanset,
  type FoundTrace,
  kindOf,
  printAttribute,
  statusOf,
  valueText,
} from '#traceql';
import { doubleColumn, integerColumn, listColumn, textColumn } from '../../buffer/block-columns.js';
import type { BlockColumn, ColumnBlock } from '../../buffer/column-block.js';

interface SpanRow {
  readonly trace: FoundTrace;
  /** The number of the spanset in its trace, from 1. */
  readonly number: number;
  readonly spanset: FoundSpanset;
  readonly span: FoundSpan;
}

/** Undefined for traces without any. */
export function spanBlock(traces: readonly FoundTrace[]): ColumnBlock | undefined {
  const rows: SpanRow[] = traces.flatMap((trace) =>
    trace.spansets.flatMap((spanset, index) =>
      spanset.spans.map((span) => ({ trace, number: index + 1, spanset, span })),
    ),
  );
  if (rows.length === 0) return undefined;
  const texts = (of: (row: SpanRow) => string | null) => textColumn(rows.map(of));
  const lists = (of: (row: SpanRow) => readonly string[]): BlockColumn => listColumn(rows.map(of), textColumn);
  return {
    rowCount: rows.length,
    columns: [
      texts(({ trace }) => trace.traceId),
      integerColumn(rows.map(({ number }) => number)),
      texts(({ span }) => span.spanId),
      texts(({ span }) => span.parentSpanId || null),
      texts(({ span }) => span.serviceName || null),
      texts(({ span }) => span.name),
      texts(({ span }) => kindOf(span.kind).name),
      texts(({ span }) => statusOf(span.statusCode).name),
      integerColumn(rows.map(({ span }) => microseconds(span.startUnixNs))),
      doubleColumn(rows.map(({ span }) => span.durationNs)),
      lists(({ span }) => span.attributes.map(({ attribute }) => printAttribute(attribute))),
      lists(({ span }) => span.attributes.map(({ value }) => valueText(value))),
      lists(({ spanset }) => [...lastValues(spanset).keys()]),
      lists(({ spanset }) => [...lastValues(spanset).values()]),
      texts(({ trace }) => trace.rootServiceName || null),
      texts(({ trace }) => trace.rootName ?? null),
      integerColumn(rows.map(({ trace }) => microseconds(trace.startUnixNs))),
      doubleColumn(rows.map(({ trace }) => trace.durationNs)),
    ],
  };
}

/** A step that a pipeline has twice gives a value for each, of which the last one is of the spanset as it is. */
function lastValues({ attributes }: FoundSpanset): Map<string, string> {
  return new Map(attributes.map(({ name, value }) => [name, valueText(value)]));
}

/** Since 1970, as SQL counts; nanoseconds below are cut. */
export function microseconds(unixNs: bigint): number {
  return Number(unixNs / 1000n);
}
