import type { Attribute } from '../data/attribute.js';
import type { Value } from '../data/value.js';
import type { Position } from './position.js';
import type {
  AggregateFunction,
  ArithmeticOperator,
  LogicalOperator,
  MetricsFunction,
  RankingFunction,
  ScalarComparison,
  StructuralOperator,
} from './token.js';

/** A parsed query. Every node says where it stands in the query. */
export type Query = SearchQuery | MetricsQuery;

/** Finds spans, grouped in spansets. */
export interface SearchQuery {
  readonly kind: 'search';
  readonly pipeline: Pipeline;
  readonly hints: readonly Hint[];
}

/** Computes series from spans. */
export interface MetricsQuery {
  readonly kind: 'metrics';
  readonly expression: MetricsExpression;
  readonly hints: readonly Hint[];
}

/** `with (name=value)`. Which hints mean something is the engine's question. */
export interface Hint {
  readonly name: string;
  readonly value: Value;
}

/** Steps that spansets pass one after another. */
export interface Pipeline {
  readonly kind: 'pipeline';
  readonly steps: readonly PipelineStep[];
  readonly position: Position;
}

export type PipelineStep = SpansetExpression | ScalarFilter | GroupBy | Coalesce | Select;

export type SpansetExpression = SpansetFilter | SpansetOperation | Pipeline;

/** `{ … }`. */
export interface SpansetFilter {
  readonly kind: 'spanset-filter';
  readonly expression: FieldExpression;
  readonly position: Position;
}

export interface SpansetOperation {
  readonly kind: 'spanset-operation';
  readonly operator: LogicalOperator | StructuralOperator;
  readonly left: SpansetExpression;
  readonly right: SpansetExpression;
  readonly position: Position;
}

/** `avg(duration) > 1s`: keeps spansets of which the comparison holds. */
export interface ScalarFilter {
  readonly kind: 'scalar-filter';
  readonly operator: ScalarComparison;
  readonly left: ScalarExpression;
  readonly right: ScalarExpression;
  readonly position: Position;
}

export interface GroupBy {
  readonly kind: 'by';
  readonly expression: FieldExpression;
  readonly position: Position;
}

export interface Coalesce {
  readonly kind: 'coalesce';
  readonly position: Position;
}

export interface Select {
  readonly kind: 'select';
  readonly attributes: readonly AttributeReference[];
  readonly position: Position;
}

/** What a spanset gives one value for. */
export type ScalarExpression = Aggregate | ScalarOperation | ScalarPipeline | Literal;

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly function: AggregateFunction;
  /** Absent for `count()`. */
  readonly expression: FieldExpression | undefined;
  readonly position: Position;
}

export interface ScalarOperation {
  readonly kind: 'scalar-operation';
  readonly operator: ArithmeticOperator;
  readonly left: ScalarExpression;
  readonly right: ScalarExpression;
  readonly position: Position;
}

/** `({ … } | count())`. */
export interface ScalarPipeline {
  readonly kind: 'scalar-pipeline';
  readonly pipeline: Pipeline;
  readonly scalar: ScalarExpression;
  readonly position: Position;
}

/** What a span gives one value for. */
export type FieldExpression = AttributeReference | BinaryOperation | Literal | NilTest | UnaryOperation;

export interface AttributeReference {
  readonly kind: 'reference';
  readonly attribute: Attribute;
  readonly position: Position;
}

export type FieldOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '=~'
  | '!~'
  | '&&'
  | '||';

export interface BinaryOperation {
  readonly kind: 'binary';
  readonly operator: FieldOperator;
  readonly left: FieldExpression;
  readonly right: FieldExpression;
  readonly position: Position;
}

export interface UnaryOperation {
  readonly kind: 'unary';
  readonly operator: '-' | '!';
  readonly expression: FieldExpression;
  readonly position: Position;
}

/** `… = nil` and `… != nil`. */
export interface NilTest {
  readonly kind: 'nil-test';
  readonly operator: '=' | '!=';
  readonly expression: FieldExpression;
  readonly position: Position;
}

export interface Literal {
  readonly kind: 'literal';
  readonly value: Exclude<Value, undefined>;
  readonly position: Position;
}

/** What gives series. */
export type MetricsExpression = MetricsPipeline | MetricsOperation | ScalarMetricsOperation | Ranking | MetricsFilter;

/** Spansets that pass a pipeline, and the series that their spans give. */
export interface MetricsPipeline {
  readonly kind: 'metrics-pipeline';
  readonly pipeline: Pipeline;
  readonly aggregate: MetricsAggregate | Compare;
  readonly position: Position;
}

export interface MetricsAggregate {
  readonly kind: 'metrics-aggregate';
  readonly function: Exclude<MetricsFunction, 'compare'>;
  /** Absent for `rate()` and `count_over_time()`. */
  readonly attribute: AttributeReference | undefined;
  readonly quantiles: readonly number[];
  readonly by: readonly AttributeReference[];
  readonly position: Position;
}

/** `compare({ … }, 10, start, end)`: which attributes tell the selected spans from all others. */
export interface Compare {
  readonly kind: 'compare';
  readonly selection: SpansetFilter;
  /** How many values of each attribute are given. */
  readonly topN: number;
  /** Nanoseconds since 1970; 0 for the range of the query. */
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
  readonly position: Position;
}

export type MetricsOperator = '+' | '-' | '*' | '/';

export interface MetricsOperation {
  readonly kind: 'metrics-operation';
  readonly operator: MetricsOperator;
  readonly left: MetricsExpression;
  readonly right: MetricsExpression;
  readonly position: Position;
}

export interface ScalarMetricsOperation {
  readonly kind: 'scalar-metrics-operation';
  readonly operator: MetricsOperator;
  readonly scalar: number;
  readonly scalarSide: 'left' | 'right';
  readonly expression: MetricsExpression;
  readonly position: Position;
}

/** `topk(5)` and `bottomk(5)`. */
export interface Ranking {
  readonly kind: 'ranking';
  readonly function: RankingFunction;
  readonly limit: bigint;
  readonly expression: MetricsExpression;
  readonly position: Position;
}

/** `rate() > 10`: keeps values of which the comparison holds. */
export interface MetricsFilter {
  readonly kind: 'metrics-filter';
  readonly operator: ScalarComparison;
  readonly value: Exclude<Value, undefined>;
  readonly expression: MetricsExpression;
  readonly position: Position;
}
