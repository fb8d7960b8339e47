import type { Generation } from '../buffer/generation.js';

/** Where the time of a commit went. */
export interface CommitTiming {
  readonly appendMs: number;
  readonly commitMs: number;
}

/** Where generations become durable. */
export interface SealTarget {
  /** Name of the catalog as users gave it; empty for the database that the host opened. */
  readonly catalogName: string;
  readonly schemaName: string;
  /** Commits every row of a generation, or rejects with none of them visible. Reads the generation, keeps nothing. */
  commit(generation: Generation): Promise<CommitTiming>;
  close(): void;
}
