// What a thread is asked of traces in TraceQL: plain data. Times are nanoseconds since 1970.

/** Traces with a span that starts in the range; its end is not part of it. */
export interface SearchQuestion {
  readonly query: string;
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
  /** How many traces are found at most. */
  readonly limit: number;
  readonly spansPerSpanset: number;
}

export interface MetricsQuestion {
  readonly query: string;
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
  /** Absent for one value over the whole range. */
  readonly stepNs: bigint | undefined;
  readonly exemplars: number;
  readonly maxSeries: number;
}
