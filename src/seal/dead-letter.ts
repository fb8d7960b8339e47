/** Rows that the target rejected for good, as listed in SQL. */
export interface ListedLetter {
  /** File with their records; undefined if they are in memory. */
  readonly path: string | undefined;
  readonly bytes: number;
  /** Sequences of the first and the last journal record; undefined without a journal. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly setAsideUnixMs: number;
  /** Error of the target. */
  readonly error: string;
}

export interface ReplayResult {
  readonly replayedRows: number;
  /** Why dead letters could not be committed. They are kept. */
  readonly error: string | undefined;
}
