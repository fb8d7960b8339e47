import type { Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';

/**
 * In which order a source gives entries. Entries of the same time keep the order in which the source has them, or its
 * reverse. `any` leaves it to the source, which need not sort.
 */
export type LogOrder = 'newest-first' | 'oldest-first' | 'any';

/**
 * What the evaluation will do with the lines, said so that a store can do it first. The evaluation applies every filter
 * again, so a store may leave out what it cannot say.
 */
export type LogFilter = LineContains | LineMatches | LabelMatches | AnyOf;

/** The line holds one of the texts, or none of them if negated. Letters differ from their capitals. */
export interface LineContains {
  readonly kind: 'line-contains';
  readonly texts: readonly string[];
  readonly isNegated: boolean;
}

/** A part of the line matches one of the regular expressions, or no part any of them: RE2, where `.` is not a line break. */
export interface LineMatches {
  readonly kind: 'line-matches';
  readonly patterns: readonly string[];
  readonly isNegated: boolean;
}

/**
 * The label has a value that matches: that of the stream, or else that of the structured metadata, or else the empty one.
 * Matchers are anchored as those of a selector are.
 */
export interface LabelMatches {
  readonly kind: 'label-matches';
  readonly matcher: Matcher;
}

/** One of the filters passes. */
export interface AnyOf {
  readonly kind: 'any-of';
  readonly alternatives: readonly LogFilter[];
}

/** What a query reads: entries of the streams that match, from `startNs`, which is included, to `endNs`, which is not. */
export interface LogSelection {
  readonly matchers: readonly Matcher[];
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly order: LogOrder;
  /** Entries that pass all of these are those that pass the stages of the query which they stand for, and no others are needed. */
  readonly filters: readonly LogFilter[];
  /** Entries that fail one of these cannot pass the query. Those that pass may. */
  readonly prefilters: readonly LogFilter[];
  /**
   * Entries wanted, if `filters` say all that the query does to lines. A store that applies all of them may end there.
   * Absent when the query has other stages, which may drop entries: it then ends the iteration when it has enough.
   */
  readonly limit: number | undefined;
  /** What is looked at. The rest may be left empty. */
  readonly needs: LogNeeds;
}

export interface LogNeeds {
  readonly line: boolean;
  /** Structured metadata: all of it, or labels by name. */
  readonly metadata: 'all' | readonly string[];
}

/** Entries in columns. The arrays belong to the source: they are read, never changed, and may be reused for the next batch. */
export interface LogBatch {
  readonly rowCount: number;
  /** Nanoseconds since 1970. */
  readonly times: BigInt64Array;
  readonly lines: readonly string[];
  /** Labels of the stream: one object for each stream, since work is kept by it. */
  readonly streams: readonly Labels[];
  /** Structured metadata, `Labels.none` where there is none. Equal sets may share an object, which saves work. */
  readonly metadata: readonly Labels[];
}

/**
 * A count of entries, or of the bytes of their lines, that a store can take itself. Bucket `i` holds times behind
 * `startNs + i * bucketNs` up to and including `startNs + (i + 1) * bucketNs`.
 */
export interface BucketSelection {
  readonly matchers: readonly Matcher[];
  readonly startNs: bigint;
  readonly bucketNs: bigint;
  readonly bucketCount: number;
  /** All that the query does to lines. A store that cannot say one of them must not answer. */
  readonly filters: readonly LogFilter[];
  readonly measure: 'entries' | 'bytes';
  /**
   * Labels that tell the series apart, of the stream or else of structured metadata. Absent when all labels do: those of the
   * stream, and structured metadata, which is called `name_extracted` where the stream has a label `name`.
   */
  readonly by: readonly string[] | undefined;
}

/** Counts of one series, each series once. Labels have the values that they have for `LabelMatches`. */
export interface BucketSeries {
  readonly labels: Labels;
  /** One for each bucket; zero where there are no entries. */
  readonly counts: Float64Array;
  /** 1 where there are entries. Absent when that is where counts are not zero. */
  readonly hasEntries?: Uint8Array;
}

export interface LogReadContext<Principal> {
  /** Who asks, as the caller of the evaluation named it. The evaluation does not look into it. */
  readonly principal: Principal;
  /** Aborted when the query is cancelled or takes too long: reading must then end. */
  readonly signal: AbortSignal;
  /** Says something about the answer, such as that a part of the data could not be read. */
  warn(text: string): void;
}

/** Where entries come from. */
export interface LogSource<Principal> {
  /** Batches of any size, in the order of the selection. Ending the iteration early ends the reading. */
  read(selection: LogSelection, context: LogReadContext<Principal>): AsyncIterable<LogBatch>;
  /** Counts in buckets; undefined when the store cannot take them, and the entries are then read and counted. */
  count?(
    selection: BucketSelection,
    context: LogReadContext<Principal>,
  ): AsyncIterable<readonly BucketSeries[]> | undefined;
}
