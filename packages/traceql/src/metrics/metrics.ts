// A metrics query: what each of its functions reads, the series that they give, and what is done with these.

import { QueryError } from '#promql';
import type { Attribute } from '../data/attribute.js';
import { compilePipeline } from '../eval/pipeline.js';
import type { Spanset } from '../eval/spanset.js';
import { TraceTree } from '../eval/trace-tree.js';
import { ALL_NEEDS, attributesOfMetrics, needsOf } from '../plan/needs.js';
import { allOf, exactCondition, isPlain } from '../plan/span-condition.js';
import { isImpossible, traceCondition } from '../plan/trace-condition.js';
import type { AggregateRequest, ReadContext, SpanCondition, TraceRequest, TraceSource } from '../source.js';
import type { MetricsExpression, MetricsPipeline, MetricsQuery, Pipeline } from '../syntax/ast.js';
import { checkQuery } from '../syntax/check.js';
import { parseQuery } from '../syntax/parser.js';
import { printMetrics } from '../syntax/print.js';
import { CompareMetrics } from './compare-metrics.js';
import { endOf, type MetricsGrid } from './grid.js';
import { combineSeries, combineWithScalar, filterSeries, rankSeries, thresholdOf } from './second-stage.js';
import type { MetricsSeries } from './series.js';
import { type MetricsLimits, measureOf, SpanMetrics } from './span-metrics.js';

/** Traces looked at for each exemplar, when a store has counted the spans by itself. */
const TRACES_PER_EXEMPLAR = 4;

export interface MetricsRequest {
  readonly query: string;
  /** From `rangeGrid` or `instantGrid`. */
  readonly grid: MetricsGrid;
  readonly limits: MetricsLimits;
}

export interface MetricsResult {
  /** Series with a value at some step. */
  readonly series: readonly MetricsSeries[];
  /** What was looked at; spans that the store counted are not among it. */
  readonly inspected: { readonly traces: number; readonly spans: number };
}

/** What one function of a query asks of the store. */
export interface MetricsReads {
  /** The function with the pipeline in front of it. */
  readonly text: string;
  /** Answered by the store itself, if it can. */
  readonly aggregate: AggregateRequest | undefined;
  readonly traces: TraceRequest;
}

export class Metrics {
  readonly request: MetricsRequest;
  readonly query: MetricsQuery;
  readonly #limits: MetricsLimits;

  /** Throws a ParseError or CheckError for a query that is none. */
  constructor(request: MetricsRequest) {
    const query = parseQuery(request.query);
    checkQuery(query);
    if (query.kind !== 'metrics')
      throw new QueryError('execution', 'a search has no series: it lacks a metrics function such as rate()');
    refuseExtrapolation(query);
    this.request = request;
    this.query = query;
    this.#limits = { ...request.limits, exemplars: hintedExemplars(query) ?? request.limits.exemplars };
  }

  /** For each function of the query, from left to right. */
  get reads(): MetricsReads[] {
    return functionsOf(this.query.expression).map((each) => this.#readsOf(each));
  }

  async run<Principal>(source: TraceSource<Principal>, context: ReadContext<Principal>): Promise<MetricsResult> {
    const inspected = { traces: 0, spans: 0 };
    const series = await this.#evaluate(this.query.expression, source, context, inspected);
    return { series: series.filter(({ values }) => values.some((value) => !Number.isNaN(value))), inspected };
  }

  async #evaluate<Principal>(
    expression: MetricsExpression,
    source: TraceSource<Principal>,
    context: ReadContext<Principal>,
    inspected: { traces: number; spans: number },
  ): Promise<MetricsSeries[]> {
    const evaluate = (each: MetricsExpression) => this.#evaluate(each, source, context, inspected);
    switch (expression.kind) {
      case 'metrics-pipeline':
        return this.#compute(expression, source, context, inspected);
      case 'metrics-operation':
        return combineSeries(await evaluate(expression.left), await evaluate(expression.right), expression.operator);
      case 'scalar-metrics-operation': {
        const { operator, scalar, scalarSide } = expression;
        return combineWithScalar(await evaluate(expression.expression), operator, scalar, scalarSide);
      }
      case 'ranking':
        return rankSeries(await evaluate(expression.expression), expression.function, Number(expression.limit));
      case 'metrics-filter':
        return filterSeries(await evaluate(expression.expression), expression.operator, thresholdOf(expression.value));
    }
  }

  async #compute<Principal>(
    pipeline: MetricsPipeline,
    source: TraceSource<Principal>,
    context: ReadContext<Principal>,
    inspected: { traces: number; spans: number },
  ): Promise<MetricsSeries[]> {
    const { grid } = this.request;
    const { aggregate: stage } = pipeline;
    const reads = this.#readsOf(pipeline);
    const run = compilePipeline(pipeline.pipeline);
    const read = (request: TraceRequest) => readTrees(request, run, source, context, inspected);
    if (stage.kind === 'compare') {
      const compare = new CompareMetrics(stage, grid, this.#limits);
      for await (const [tree, spansets] of read(reads.traces))
        observeAll(spansets, (span) => compare.observe(tree, span));
      return compare.series();
    }
    const metrics = new SpanMetrics(stage, grid, this.#limits, attributesOfMetrics(pipeline));
    const folded = reads.aggregate && (await source.aggregate?.(reads.aggregate, context));
    if (folded === undefined) {
      for await (const [tree, spansets] of read(reads.traces))
        observeAll(spansets, (span) => metrics.observe(tree, span));
      return metrics.series();
    }
    metrics.observeFolded(folded);
    let left = TRACES_PER_EXEMPLAR * this.#limits.exemplars;
    if (left === 0 || grid.isInstant || folded.groups.length === 0) return metrics.series();
    // What a store counts by itself are filters that look at one span each.
    for await (const [tree, spansets] of read({ ...reads.traces, wanted: this.#limits.exemplars, spans: 'some' })) {
      observeAll(spansets, (span) => metrics.observeExemplar(tree, span));
      if (--left === 0 || !metrics.wantsExemplars) break;
    }
    return metrics.series();
  }

  #readsOf(pipeline: MetricsPipeline): MetricsReads {
    const { grid } = this.request;
    const { aggregate: stage } = pipeline;
    const traces: TraceRequest = {
      startUnixNs: grid.startUnixNs + 1n,
      endUnixNs: endOf(grid) + 1n,
      condition: traceCondition(pipeline.pipeline),
      needs: stage.kind === 'compare' ? ALL_NEEDS : needsOf(attributesOfMetrics(pipeline)),
      order: 'any',
      wanted: undefined,
      spans: 'all',
    };
    return { text: printMetrics(pipeline), aggregate: aggregateRequest(pipeline, grid), traces };
  }
}

/** Tempo's. Each holds the attributes of a span. */
const MAX_HINTED_EXEMPLARS = 100n;

/** `with(exemplars=10)` and `with(exemplars=false)`. */
function hintedExemplars({ hints }: MetricsQuery): number | undefined {
  const value = hints.find(({ name }) => name === 'exemplars')?.value;
  if (typeof value === 'bigint') {
    return Number(value < 0n ? 0n : value > MAX_HINTED_EXEMPLARS ? MAX_HINTED_EXEMPLARS : value);
  }
  return value === false ? 0 : undefined;
}

/** The one hint that asks for other values. Those of speed ask for what is nearly as good as all spans, which are read. */
function refuseExtrapolation({ hints }: MetricsQuery): void {
  const hint = hints.find(({ name }) => name === 'extrapolate');
  if (hint === undefined || hint.value === false) return;
  throw new QueryError(
    'execution',
    'the hint extrapolate is not supported: spans count once, however they were sampled',
  );
}

function functionsOf(expression: MetricsExpression): MetricsPipeline[] {
  switch (expression.kind) {
    case 'metrics-pipeline':
      return [expression];
    case 'metrics-operation':
      return [...functionsOf(expression.left), ...functionsOf(expression.right)];
    default:
      return functionsOf(expression.expression);
  }
}

/** Undefined where spans have to be looked at. */
function aggregateRequest({ pipeline, aggregate }: MetricsPipeline, grid: MetricsGrid): AggregateRequest | undefined {
  if (aggregate.kind === 'compare') return undefined;
  const condition = exactPipelineCondition(pipeline);
  const by = aggregate.by.map(({ attribute }) => attribute);
  const measured: readonly Attribute[] = aggregate.attribute === undefined ? [] : [aggregate.attribute.attribute];
  if (condition === undefined || ![...by, ...measured].every(isPlain)) return undefined;
  const { startUnixNs, stepNs, count } = grid;
  return { condition, by, measure: measureOf(aggregate), grid: { startUnixNs, stepNs, count } };
}

/** What spans pass filters one after another. */
function exactPipelineCondition({ steps }: Pipeline): SpanCondition | undefined {
  const conditions: SpanCondition[] = [];
  for (const step of steps) {
    if (step.kind === 'select' || step.kind === 'coalesce') continue;
    const condition = step.kind === 'spanset-filter' ? exactCondition(step.expression) : undefined;
    if (condition === undefined) return undefined;
    conditions.push(condition);
  }
  return allOf(conditions);
}

/** Traces as trees, with their spansets; those without are left out. */
async function* readTrees<Principal>(
  request: TraceRequest,
  run: (tree: TraceTree) => readonly Spanset[],
  source: TraceSource<Principal>,
  context: ReadContext<Principal>,
  inspected: { traces: number; spans: number },
): AsyncGenerator<readonly [TraceTree, readonly Spanset[]], void> {
  if (isImpossible(request.condition)) return;
  for await (const batch of source.read(request, context)) {
    context.signal.throwIfAborted();
    for (const trace of batch) {
      inspected.traces++;
      inspected.spans += trace.spans.length;
      if (trace.spans.length === 0) continue;
      const tree = new TraceTree(trace);
      const spansets = run(tree);
      if (spansets.length > 0) yield [tree, spansets];
    }
  }
}

function observeAll(spansets: readonly Spanset[], observe: (span: number) => void): void {
  for (const { spans } of spansets) for (const span of spans) observe(span);
}
