// What a thread is asked about metrics: plain data, with all that is needed to answer.

import type { QueryLimits } from '#promql';
import type { MetricOptions } from '../metrics/metric-options.js';
import type { ErrorType } from './error-types.js';

/** What is the same for all requests of a caller. */
export interface PromqlSettings {
  readonly metrics: MetricOptions;
  readonly limits: QueryLimits;
}

/** An expression, for one time or for several. */
export interface Evaluated {
  readonly query: string;
  /** Age up to which a sample counts. */
  readonly lookbackMs?: number | undefined;
}

export interface InstantTime {
  readonly timeMs: number;
}

export interface RangeTimes {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

export type EvaluationTimes = InstantTime | RangeTimes;

export interface EvaluationRequest extends Evaluated {
  readonly times: EvaluationTimes;
}

/** Times between which series must have samples. */
export interface SearchTimes {
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/** A search of the catalogue. Selectors are texts; with none, all series are meant. */
export interface Search extends SearchTimes {
  readonly selectors: readonly string[];
  /** 0 for all. */
  readonly limit: number;
}

export type MetadataSearch = {
  readonly metric: string;
  readonly limit: number | undefined;
  readonly limitPerMetric: number | undefined;
};

/** What is answered with JSON. */
export type PromqlQuestion =
  | (EvaluationRequest & { readonly kind: 'evaluate'; readonly limit: number; readonly stats: string })
  | ({ readonly kind: 'labels' } & Search)
  | ({ readonly kind: 'label-values'; readonly label: string } & Search)
  | ({ readonly kind: 'series' } & Search)
  | ({ readonly kind: 'exemplars'; readonly query: string } & SearchTimes)
  | ({ readonly kind: 'metadata' } & MetadataSearch)
  /** How many series there are, by what has the most of them. */
  | { readonly kind: 'cardinality'; readonly limit: number }
  | { readonly kind: 'format' | 'parse'; readonly query: string };

export type PromqlRequest = { readonly settings: PromqlSettings } & (
  | { readonly form: 'json'; readonly question: PromqlQuestion; readonly gzip: boolean }
  /** For SQL: series as rows of blocks. */
  | { readonly form: 'blocks'; readonly evaluation: EvaluationRequest }
  /** For SQL: how an evaluation would read. */
  | { readonly form: 'plan'; readonly evaluation: EvaluationRequest }
);

/** The answer to a question: JSON, or an error that is an answer. No body means that there is nothing to say. */
export type PromqlAnswer =
  | { readonly body: Uint8Array<ArrayBuffer> | undefined; readonly isGzipped: boolean }
  | { readonly error: { readonly type: ErrorType; readonly message: string } };
