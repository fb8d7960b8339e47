/** Rows that the target refuses for good, as they are listed. */
export interface ListedLetter {
  /** File that holds their records; undefined where they are in memory. */
  readonly path: string | undefined;
  readonly bytes: number;
  /** Sequences of the first and the last journal record; undefined without a journal. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly setAsideUnixMs: number;
  /** What the target said. */
  readonly error: string;
}

export interface ReplayResult {
  readonly replayedRows: number;
  /** What kept dead letters from being committed. They are kept. */
  readonly error: string | undefined;
}
