// How a query would read → a block of `planColumns`. The store is asked in earnest, over a scanner that notes the first
// statement and finds nothing.

import {
  type AggregateRequest,
  checkQuery,
  type NamedAttribute,
  type Needs,
  parseQuery,
  printAttribute,
  Search,
  type TraceRequest,
  type TraceSource,
} from '#traceql';
import { integerColumn, listColumn, textColumn } from '../../buffer/block-columns.js';
import type { ColumnBlock } from '../../buffer/column-block.js';
import type { Principal } from '../../server/identity/principal.js';
import { runnableSql } from '../scan/runnable-sql.js';
import type { Scanner, ScanRequest } from '../scan/scanner.js';
import type { ScanOrigin } from '../scan/sql-scanner.js';
import { spanConditionText, traceConditionText } from './condition-text.js';
import { type Asking, metricsOf } from './evaluate.js';
import { microseconds } from './span-blocks.js';
import type { MetricsQuestion } from './traceql-question.js';

interface PlanRow {
  readonly text: string;
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
  /** The statement that groups spans, or spans that are read and evaluated. */
  readonly answeredBy: 'statement' | 'spans';
  readonly condition: string;
  readonly attributes: readonly string[];
  readonly statement: ScanRequest | undefined;
}

/** Opens the store over a scanner. */
export type OpenSource = (scanner: Scanner) => TraceSource<Principal>;

export async function planBlock(
  question: MetricsQuestion,
  open: OpenSource,
  asking: Asking,
  origin: ScanOrigin,
): Promise<ColumnBlock> {
  const rows = await planRows(question, open, asking);
  return {
    rowCount: rows.length,
    columns: [
      textColumn(rows.map(({ text }) => text)),
      integerColumn(rows.map(({ startUnixNs }) => microseconds(startUnixNs))),
      integerColumn(rows.map(({ endUnixNs }) => microseconds(endUnixNs))),
      textColumn(rows.map(({ answeredBy }) => answeredBy)),
      textColumn(rows.map(({ condition }) => condition)),
      listColumn(
        rows.map(({ attributes }) => attributes),
        textColumn,
      ),
      textColumn(rows.map(({ statement }) => (statement === undefined ? null : runnableSql(statement, origin)))),
    ],
  };
}

async function planRows(question: MetricsQuestion, open: OpenSource, asking: Asking): Promise<PlanRow[]> {
  const query = parseQuery(question.query);
  checkQuery(query);
  if (query.kind === 'search') {
    const search = new Search({ ...question, limit: Number.POSITIVE_INFINITY, spansPerSpanset: 0 });
    return [await tracesRow(search.text, search.traceRequest, open, asking)];
  }
  const rows: PlanRow[] = [];
  for (const { text, aggregate, traces } of metricsOf(question, () => {}).reads) {
    const grouped = aggregate && (await statementRow(text, aggregate, traces, open, asking));
    rows.push(grouped ?? (await tracesRow(text, traces, open, asking)));
  }
  return rows;
}

async function tracesRow(text: string, request: TraceRequest, open: OpenSource, asking: Asking): Promise<PlanRow> {
  const scanner = new NotingScanner();
  for await (const _none of open(scanner).read(request, asking)) break;
  const { startUnixNs, endUnixNs, condition, needs } = request;
  const [answeredBy, attributes] = ['spans', attributeNames(needs)] as const;
  const statement = scanner.first;
  return { text, startUnixNs, endUnixNs, answeredBy, condition: traceConditionText(condition), attributes, statement };
}

/** Undefined where the store declines. */
async function statementRow(
  text: string,
  request: AggregateRequest,
  { startUnixNs, endUnixNs, needs }: TraceRequest,
  open: OpenSource,
  asking: Asking,
): Promise<PlanRow | undefined> {
  const scanner = new NotingScanner();
  const groups = await open(scanner).aggregate?.(request, asking);
  if (groups === undefined) return undefined;
  const condition = `{ ${spanConditionText(request.condition)} }`;
  const [answeredBy, attributes] = ['statement', attributeNames(needs)] as const;
  return { text, startUnixNs, endUnixNs, answeredBy, condition, attributes, statement: scanner.first };
}

function attributeNames({ attributes }: Needs): readonly string[] {
  return attributes === 'all' ? ['all'] : attributes.map((each: NamedAttribute) => printAttribute(each));
}

class NotingScanner implements Scanner {
  first: ScanRequest | undefined;

  async *scan(request: ScanRequest): AsyncGenerator<ColumnBlock, void> {
    this.first ??= request;
    yield* [];
  }
}
