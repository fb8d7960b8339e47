import { compareLabels, type Labels } from '#promql/data/labels';
import { QueryError } from '#promql/data/query-error';
import { NOTHING, SERIES_BYTES, type StepSeries } from '#promql/data/step-series';
import { type QueryAccount, QueryControl, type QueryLimits } from '#promql/eval/limits';
import type { LogSource } from '../source.js';
import type { Expression, SampleExpression } from '../syntax/ast.js';
import { parseExpression } from '../syntax/parser.js';
import { Evaluation } from './evaluation.js';
import { type LogEntry, type LogTimes, readEntries } from './log-entries.js';
import type { Reading } from './range-aggregation.js';
import { gridBetween, instantGrid, type TimeGrid } from './time-grid.js';

/** What an entry takes beside its line: times, and labels that are shared with others of its stream. */
const ENTRY_BYTES = 200;

/** How queries are evaluated; the same for all of them. */
export interface EngineOptions {
  readonly limits?: LogQueryLimits;
  /** Whether the store may filter and count. Off, the pipeline does everything, and the answer is the same. */
  readonly pushdown?: 'on' | 'off';
}

/** What one query may use. A limit that is not given is not checked. `maxSamples` counts numbers in memory. */
export interface LogQueryLimits extends QueryLimits {
  /** Series of an answer. Loki's default is 500. */
  readonly maxResultSeries?: number;
}

/** One query: its text or the expression parsed from it, who asks, and of whom. */
export interface QueryRequest<Principal> {
  readonly query: string;
  readonly expression?: Expression;
  readonly source: LogSource<Principal>;
  readonly principal: Principal;
  readonly signal?: AbortSignal;
  readonly account?: QueryAccount;
}

export interface QueryStatistics {
  readonly linesRead: number;
  readonly peakSamples: number;
}

export interface Answer<Result> {
  readonly result: Result;
  /** What the result takes. The account of the query has it as held; whoever asked releases it. */
  readonly bytes: number;
  readonly warnings: readonly string[];
  readonly statistics: QueryStatistics;
}

export interface InstantSample {
  readonly labels: Labels;
  readonly value: number;
}

export type InstantResult =
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'vector'; readonly samples: readonly InstantSample[] };

/** Series with a value for each step of the grid, or none. */
export interface RangeResult {
  readonly grid: TimeGrid;
  readonly series: readonly StepSeries[];
}

export interface RangeTimes {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly stepNs: bigint;
}

/**
 * Lines of a log query, in batches, as they are found. Ending the iteration ends the query. Rejects with `ParseError` or
 * `QueryError`.
 */
export async function* streamLogs<Principal>(
  request: QueryRequest<Principal>,
  times: LogTimes,
  options: EngineOptions = {},
): AsyncGenerator<readonly LogEntry[]> {
  const expression = request.expression ?? parseExpression(request.query);
  if (expression.kind !== 'logs') throw new QueryError('execution', 'only log selector is supported');
  const control = new QueryControl(options.limits ?? {}, request.signal, request.account);
  try {
    yield* readEntries(expression, times, readingOf(request, control, options, []));
  } finally {
    control.end();
  }
}

/** All lines of a log query. Rejects as `streamLogs` does. */
export async function evaluateLogs<Principal>(
  request: QueryRequest<Principal>,
  times: LogTimes,
  options: EngineOptions = {},
): Promise<Answer<readonly LogEntry[]>> {
  const expression = request.expression ?? parseExpression(request.query);
  if (expression.kind !== 'logs') throw new QueryError('execution', 'only log selector is supported');
  return run(request, options, async (reading) => {
    const entries: LogEntry[] = [];
    for await (const batch of readEntries(expression, times, reading)) {
      // They stay until the answer is made of them.
      reading.control.hold(0, entriesBytes(batch));
      entries.push(...batch);
    }
    return entries;
  });
}

/** Samples for one time. Rejects with `ParseError` or `QueryError`. */
export function evaluateInstant<Principal>(
  request: QueryRequest<Principal>,
  timeNs: bigint,
  options: EngineOptions = {},
): Promise<Answer<InstantResult>> {
  return run(request, options, async (reading): Promise<InstantResult> => {
    const expression = samplesOf(request);
    if (expression.kind === 'number') return { type: 'scalar', value: expression.value };
    const found = await new Evaluation(instantGrid(timeNs), reading).evaluate(expression);
    const series = found.filter(({ kinds }) => kinds[0] !== NOTHING);
    checkSeries(series.length, options);
    if (!keepsOrder(expression)) series.sort(byLabels);
    return { type: 'vector', samples: series.map(({ labels, values }) => ({ labels, value: values[0]! })) };
  });
}

/** Samples for the times from `startNs` to `endNs`, `stepNs` apart. Rejects as `evaluateInstant` does. */
export function evaluateRange<Principal>(
  request: QueryRequest<Principal>,
  { startNs, endNs, stepNs }: RangeTimes,
  options: EngineOptions = {},
): Promise<Answer<RangeResult>> {
  const grid = gridBetween(startNs, endNs, stepNs);
  return run(request, options, async (reading): Promise<RangeResult> => {
    reading.control.checkSteps(grid.count);
    if (grid.count === 0) return { grid, series: [] };
    const found = await new Evaluation(grid, reading).evaluate(samplesOf(request));
    const series = found.filter(({ isEmpty }) => !isEmpty).sort(byLabels);
    checkSeries(series.length, options);
    return { grid, series };
  });
}

async function run<Principal, Result extends readonly LogEntry[] | InstantResult | RangeResult>(
  request: QueryRequest<Principal>,
  options: EngineOptions,
  evaluate: (reading: Reading<Principal>) => Promise<Result>,
): Promise<Answer<Result>> {
  const control = new QueryControl(options.limits ?? {}, request.signal, request.account);
  try {
    const warnings: string[] = [];
    const result = await evaluate(readingOf(request, control, options, warnings));
    const bytes = bytesOf(result);
    control.keep(bytes);
    const statistics = { linesRead: control.samplesRead, peakSamples: control.peakSamples };
    return { result, bytes, warnings: [...new Set(warnings)], statistics };
  } finally {
    control.end();
  }
}

function readingOf<Principal>(
  { source, principal }: QueryRequest<Principal>,
  control: QueryControl,
  { pushdown = 'on' }: EngineOptions,
  warnings: string[],
): Reading<Principal> {
  return { source, principal, control, pushdown, warn: (text) => warnings.push(text) };
}

function entriesBytes(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, { line }) => sum + ENTRY_BYTES + 2 * line.length, 0);
}

function bytesOf(result: readonly LogEntry[] | InstantResult | RangeResult): number {
  if ('samples' in result) return result.samples.length * SERIES_BYTES;
  if ('series' in result) return result.series.reduce((sum, { holding }) => sum + holding.bytes, 0);
  return 'value' in result ? 0 : entriesBytes(result);
}

function samplesOf<Principal>({ expression, query }: QueryRequest<Principal>): SampleExpression {
  const parsed = expression ?? parseExpression(query);
  if (parsed.kind !== 'logs') return parsed;
  throw new QueryError(
    'execution',
    'log queries are not supported as an instant query type, please change your query to a range query type',
  );
}

function checkSeries(count: number, { limits }: EngineOptions): void {
  const { maxResultSeries } = limits ?? {};
  if (maxResultSeries === undefined || count <= maxResultSeries) return;
  throw new QueryError(
    'limit',
    `maximum number of series (${maxResultSeries}) reached for a single query; consider reducing query cardinality by ` +
      'adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), ' +
      'count() or topk()',
  );
}

/** Whether the query sorts its answer itself. */
function keepsOrder(expression: SampleExpression): boolean {
  switch (expression.kind) {
    case 'vector-aggregation':
      return expression.operator.startsWith('sort') || keepsOrder(expression.expression);
    case 'binary':
      return keepsOrder(expression.left) || keepsOrder(expression.right);
    case 'label-replace':
      return keepsOrder(expression.expression);
    default:
      return false;
  }
}

function byLabels(left: StepSeries, right: StepSeries): number {
  return compareLabels(left.labels, right.labels);
}
