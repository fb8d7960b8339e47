// What a test file consists of once parsed. Text is still unsubstituted: `${…}` and `__TEST_DIR__` get their values
// when a record runs, because loops and `let` change them.

export type TestRecord =
  | StatementRecord
  | QueryRecord
  | LetRecord
  | PostRecord
  | LoopRecord
  | RequireRecord
  | EnvironmentRecord
  | LoadRecord
  | RestartRecord
  | ContinueRecord
  | ReconnectRecord
  | SleepRecord
  | UnzipRecord
  | ModeRecord
  | HashThresholdRecord
  | MessageListRecord
  | SeedRecord
  | ResetLabelRecord;

interface RecordPlace {
  /** Line of the directive, counted from 1. */
  readonly line: number;
  /** From `skipif`/`onlyif` on loop variables; the record runs if all of them allow it. */
  readonly conditions: readonly LoopCondition[];
}

/** Where a record's expectation stands in its file: the lines after `----`, or where `----` would be put. */
export interface ExpectationPlace {
  /** Line of `----`, or of the first line after the SQL, counted from 1. */
  readonly line: number;
  /** Lines that it takes, `----` included; 0 if there is none. */
  readonly lines: number;
}

export interface LoopCondition {
  readonly action: 'skipif' | 'onlyif';
  readonly variable: string;
  readonly comparison: '=' | '<>' | '<' | '<=' | '>' | '>=';
  readonly value: string;
}

export interface StatementRecord extends RecordPlace {
  readonly kind: 'statement';
  readonly outcome: 'ok' | 'error' | 'maybe';
  readonly sql: string;
  /** Empty for the file's main connection. */
  readonly connection: string;
  /** Text or regular expression that an error must match; empty accepts every error, undefined says nothing of it. */
  readonly expectedError: string | undefined;
  readonly expectedAt: ExpectationPlace;
}

export type SortMode = 'nosort' | 'rowsort' | 'valuesort';

export interface QueryRecord extends RecordPlace {
  readonly kind: 'query';
  readonly columnCount: number;
  readonly sort: SortMode;
  readonly connection: string;
  /** Queries of one label must give the same result. Empty for none. */
  readonly label: string;
  readonly sql: string;
  readonly expected: readonly string[];
  readonly expectedAt: ExpectationPlace;
}

export interface LetRecord extends RecordPlace {
  readonly kind: 'let';
  readonly name: string;
  readonly connection: string;
  readonly sql: string;
}

export interface PostRecord extends RecordPlace {
  readonly kind: 'post';
  readonly url: string;
  readonly file: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Text or regular expression for the response's body; empty accepts every body. */
  readonly expectedBody: string;
}

export interface LoopRecord extends RecordPlace {
  readonly kind: 'loop';
  readonly concurrent: boolean;
  /** `foreach a,b 1,2 3,4` sets two variables per round. */
  readonly variables: readonly string[];
  /** One round per entry, which holds a value for each variable. */
  readonly rounds: readonly (readonly string[])[];
  readonly body: readonly TestRecord[];
}

export interface RequireRecord extends RecordPlace {
  readonly kind: 'require';
  readonly name: string;
  readonly parameters: readonly string[];
}

export interface EnvironmentRecord extends RecordPlace {
  readonly kind: 'environment';
  readonly name: string;
  /** What happens when the variable is unset, or set to something else. */
  readonly otherwise:
    | { readonly action: 'skip'; readonly wanted: string | undefined }
    | { readonly action: 'default'; readonly value: string };
}

export interface LoadRecord extends RecordPlace {
  readonly kind: 'load';
  /** Empty for a fresh in-memory database. */
  readonly database: string;
  readonly readonly: boolean;
  /** Storage version for a new file; empty for DuckDB's default. */
  readonly storageVersion: string;
}

export interface RestartRecord extends RecordPlace {
  readonly kind: 'restart';
  readonly reloadExtensions: boolean;
}

/** Ends the round of the innermost loop. */
export interface ContinueRecord extends RecordPlace {
  readonly kind: 'continue';
}

export interface ReconnectRecord extends RecordPlace {
  readonly kind: 'reconnect';
}

export interface SleepRecord extends RecordPlace {
  readonly kind: 'sleep';
  readonly durationMs: number;
}

export interface UnzipRecord extends RecordPlace {
  readonly kind: 'unzip';
  readonly source: string;
  readonly target: string;
}

export type OutputMode = 'output_hash' | 'output_result' | 'no_output' | 'debug';

export interface ModeRecord extends RecordPlace {
  readonly kind: 'mode';
  readonly mode: OutputMode;
}

export interface HashThresholdRecord extends RecordPlace {
  readonly kind: 'hash-threshold';
  readonly values: number;
}

export interface MessageListRecord extends RecordPlace {
  readonly kind: 'messages';
  readonly list: 'ignore_error_messages' | 'always_fail_error_messages';
  readonly messages: readonly string[];
}

export interface SeedRecord extends RecordPlace {
  readonly kind: 'seed';
  readonly seed: string;
}

export interface ResetLabelRecord extends RecordPlace {
  readonly kind: 'reset-label';
  readonly label: string;
}
