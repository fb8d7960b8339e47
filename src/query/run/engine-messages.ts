// What the main thread and an engine's thread say to each other.

import { Failure, type FailureKind, messageOf } from '../../base/failure.js';
import { SqlError, type SqlErrorCode } from '../../base/sql-error.js';
import type { ColumnBlock } from '../../buffer/column-block.js';
import type { TableHome } from '../../catalog/table-home.js';
import type { Principal } from '../../server/identity/principal.js';
import type { ScanRequest } from '../scan/scanner.js';

export interface EngineThreadData {
  /** URLs of engines' modules, by name. */
  readonly engines: Readonly<Record<string, string>>;
  /** A MemoryBudget's. */
  readonly budget: SharedArrayBuffer;
}

/** Messages of a job name it; those of a scan name it too. Both are numbers of the thread that began them. */
export type ToThread =
  | {
      readonly say: 'run';
      readonly job: number;
      readonly engine: string;
      readonly request: unknown;
      readonly principal: Principal;
      readonly home: TableHome;
      /** A QueryAccount's. */
      readonly account: SharedArrayBuffer;
      readonly maxSamples: number;
    }
  | { readonly say: 'end'; readonly job: number; readonly reason: PortableError }
  /** A piece was taken: there is room for another. */
  | { readonly say: 'taken'; readonly job: number }
  | { readonly say: 'block'; readonly scan: number; readonly block: ColumnBlock }
  | { readonly say: 'scanned'; readonly scan: number; readonly error?: PortableError };

export type ToMain =
  | { readonly say: 'answer'; readonly job: number; readonly value: unknown }
  | { readonly say: 'failed'; readonly job: number; readonly error: PortableError }
  | { readonly say: 'piece'; readonly job: number; readonly piece: unknown }
  | { readonly say: 'scan'; readonly job: number; readonly scan: number; readonly request: ScanRequest }
  /** A block was taken: there is room for another. */
  | { readonly say: 'more'; readonly scan: number }
  | { readonly say: 'endScan'; readonly scan: number };

/** Blocks of one scan, and pieces of one answer, that may be under way: one is worked on while the next is made. */
export const MAX_UNDER_WAY = 2;

/** Classes do not survive the way between threads. */
export type PortableError =
  | { readonly kind: FailureKind; readonly message: string }
  | { readonly code: SqlErrorCode; readonly message: string };

export function portable(error: unknown): PortableError {
  if (error instanceof SqlError) return { code: error.code, message: error.message };
  return { kind: error instanceof Failure ? error.kind : 'internal', message: messageOf(error) };
}

export function errorFrom(error: PortableError): Failure | SqlError {
  return 'code' in error ? new SqlError(error.code, error.message) : new Failure(error.kind, error.message);
}
