import type { Matcher } from '#promql/syntax/matcher';
import type {
  BinaryOperator,
  ComparisonOperator,
  LineOperator,
  RangeOperator,
  UnwrapConversion,
  VectorOperator,
} from './operators.js';

/** A checked query. */
export type Expression = LogQuery | SampleExpression;

/** What gives samples instead of lines. */
export type SampleExpression =
  | RangeAggregation
  | VectorAggregation
  | BinaryOperation
  | NumberLiteral
  | VectorLiteral
  | LabelReplace;

/** A selector and the stages that its lines go through. */
export interface LogQuery {
  readonly kind: 'logs';
  readonly matchers: readonly Matcher[];
  readonly stages: readonly Stage[];
}

export type Stage =
  | LineFilters
  | JsonStage
  | LogfmtStage
  | RegexpStage
  | PatternStage
  | UnpackStage
  | LabelFilterStage
  | LineFormat
  | LabelFormat
  | Decolorize
  | LabelSelection;

/** Neighbouring line filters: a line must pass all of them. */
export interface LineFilters {
  readonly kind: 'line-filters';
  readonly filters: readonly LineFilter[];
}

/** A line passes if one of the alternatives matches. A negated filter has one alternative: `or` made filters of the others. */
export interface LineFilter {
  readonly operator: LineOperator;
  readonly alternatives: readonly LineMatch[];
}

export interface LineMatch {
  readonly text: string;
  /** The text is an address, a range of addresses or a network, as in `ip("10.0.0.0/8")`. */
  readonly isAddress: boolean;
}

/** Without expressions, all fields of the line become labels. */
export interface JsonStage {
  readonly kind: 'json';
  readonly expressions: readonly Extraction[];
}

export interface LogfmtStage {
  readonly kind: 'logfmt';
  readonly expressions: readonly Extraction[];
  readonly isStrict: boolean;
  readonly keepsEmpty: boolean;
}

/** `label="expression"`; the label alone stands for the field of that name. */
export interface Extraction {
  readonly label: string;
  readonly expression: string;
}

export interface RegexpStage {
  readonly kind: 'regexp';
  readonly pattern: string;
}

export interface PatternStage {
  readonly kind: 'pattern';
  readonly pattern: string;
}

export interface UnpackStage {
  readonly kind: 'unpack';
}

export interface LabelFilterStage {
  readonly kind: 'label-filter';
  readonly filter: LabelFilter;
}

export type LabelFilter =
  | { readonly kind: 'and' | 'or'; readonly left: LabelFilter; readonly right: LabelFilter }
  | { readonly kind: 'matcher'; readonly matcher: Matcher }
  | { readonly kind: 'address'; readonly label: string; readonly operator: '=' | '!='; readonly pattern: string }
  | LabelComparison;

/** Compares the number, duration in nanoseconds or count of bytes that a label holds. */
export interface LabelComparison {
  readonly kind: 'number' | 'duration' | 'bytes';
  readonly label: string;
  readonly operator: ComparisonOperator;
  /** A bigint for durations and bytes, which can be more than a double holds exactly. */
  readonly value: number | bigint;
}

export interface LineFormat {
  readonly kind: 'line-format';
  readonly template: string;
}

export interface LabelFormat {
  readonly kind: 'label-format';
  readonly formats: readonly LabelAssignment[];
}

/** The label becomes what the template gives, or another label is renamed to it. */
export type LabelAssignment =
  | { readonly label: string; readonly kind: 'template'; readonly template: string }
  | { readonly label: string; readonly kind: 'rename'; readonly from: string };

export interface Decolorize {
  readonly kind: 'decolorize';
}

export interface LabelSelection {
  readonly kind: 'drop' | 'keep';
  readonly labels: readonly LabelChoice[];
}

/** A label by name, or only where its value matches. */
export type LabelChoice = string | Matcher;

export interface LogRange {
  readonly query: LogQuery;
  readonly unwrap: Unwrap | undefined;
  readonly rangeNs: bigint;
  readonly offsetNs: bigint;
}

/** The label whose value becomes the sample, and what the labels must then still hold. */
export interface Unwrap {
  readonly label: string;
  readonly conversion: UnwrapConversion | undefined;
  readonly filters: readonly LabelFilter[];
}

export interface RangeAggregation {
  readonly kind: 'range-aggregation';
  readonly operator: RangeOperator;
  readonly range: LogRange;
  /** Of `quantile_over_time` only. */
  readonly parameter: number | undefined;
  readonly grouping: Grouping | undefined;
}

export interface VectorAggregation {
  readonly kind: 'vector-aggregation';
  readonly operator: VectorOperator;
  readonly expression: SampleExpression;
  /** Of `topk`, `bottomk` and `approx_topk` only. */
  readonly parameter: number | undefined;
  /** Absent when nothing was written, which groups as `by ()` does. */
  readonly grouping: Grouping | undefined;
}

export interface Grouping {
  readonly labels: readonly string[];
  readonly without: boolean;
}

export interface BinaryOperation {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: SampleExpression;
  readonly right: SampleExpression;
  readonly returnsBool: boolean;
  readonly matching: VectorMatching;
}

export interface VectorMatching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many';
  readonly on: boolean;
  /** Absent when neither `on` nor `ignoring` names labels. */
  readonly labels: readonly string[] | undefined;
  /** Labels that the many side takes from the one side. */
  readonly include: readonly string[] | undefined;
}

export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
}

/** `vector(1)`: the number at each step. */
export interface VectorLiteral {
  readonly kind: 'vector';
  readonly value: number;
}

export interface LabelReplace {
  readonly kind: 'label-replace';
  readonly expression: SampleExpression;
  readonly to: string;
  readonly replacement: string;
  readonly from: string;
  readonly pattern: string;
}
