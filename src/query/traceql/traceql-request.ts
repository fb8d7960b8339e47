import type { MetricsQuestion, SearchQuestion } from './traceql-question.js';

/** What SQL asks a thread. Answers are blocks of the columns in sql-shape.ts. */
export type TraceqlRequest =
  /** Matched spans. */
  | { readonly form: 'spans'; readonly question: SearchQuestion }
  /** Series of a metrics query. */
  | { readonly form: 'series'; readonly question: MetricsQuestion }
  /** How a query of either kind would read. */
  | { readonly form: 'plan'; readonly question: MetricsQuestion };
