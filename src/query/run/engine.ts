// What runs on an engine's thread, as the thread sees it. An engine is a module that exports `run`: EngineRun.

import type { TableHome } from '../../catalog/table-home.js';
import type { Principal } from '../../server/identity/principal.js';
import type { Scanner } from '../scan/scanner.js';

export interface EngineContext {
  /** Reads the tables of `home`, as far as `principal` may see them. */
  readonly scanner: Scanner;
  readonly principal: Principal;
  readonly home: TableHome;
  /**
   * Aborted when the query is canceled or late, as soon as the thread's event loop turns. Loops that take long call
   * `report.throwIfEnded()`, which needs no turn.
   */
  readonly signal: AbortSignal;
  readonly report: Report;
  /**
   * Hands over a part of the answer, whose buffers may be transferred. Resolves when there is room for the next: a reader that is slow
   * slows the engine down.
   */
  emit(piece: unknown, transfer?: readonly ArrayBuffer[]): Promise<void>;
}

/** What an engine tells of its work while it works. All of it is cheap enough for inner loops to call every few thousand values. */
export interface Report {
  /** Counts samples, lines or spans that were read. Throws `queryTooLarge` beyond `max_samples`, and where throwIfEnded() does. */
  countSamples(count: number): void;
  /**
   * Takes bytes of the budget of all queries. Throws `queryTooLarge` if there are not so many left. What a query has is given back when it
   * ends.
   */
  reserveBytes(bytes: number): void;
  /** Gives back bytes before the end. */
  releaseBytes(bytes: number): void;
  /** Throws the reason if the query has been canceled or is late. */
  throwIfEnded(): void;
}

/** The last part of an answer: whatever structuredClone() takes. */
export interface EngineAnswer {
  readonly value: unknown;
  /** Buffers in `value` that are handed over instead of copied. They count as memory of the query until clients have them. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** Answers one request. Several run on one thread, between each other's awaits. A Failure or SqlError reaches the client as it is. */
export type EngineRun = (request: unknown, context: EngineContext) => Promise<EngineAnswer>;

export interface EngineModule {
  readonly run: EngineRun;
}
