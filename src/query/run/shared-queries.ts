// Queries that ask the same, before the first of them has begun → one evaluation, whose answer all of them get. Many people look at
// one dashboard. Who asks later starts anew: an evaluation that has begun may have missed the rows that were accepted since.

import { serialize } from 'node:v8';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/failure.js';
import { LONGEST_TIMER_MS } from '../../base/longest-timer.js';
import type { EngineQuery } from './query-runner.js';

/** An answer, and the memory that it takes until it is released: it is on its way to a client. */
export interface HeldAnswer {
  readonly value: unknown;
  /** Once. */
  release(): void;
}

/** Evaluates a query, and tells when that begins. */
export type Evaluate = (query: EngineQuery, begun: () => void) => Promise<HeldAnswer>;

interface Shared {
  readonly end: AbortController;
  readonly answer: Promise<HeldAnswer>;
  /** Clients that wait for the answer, or have it. */
  clients: number;
}

export class SharedQueries {
  readonly #evaluate: Evaluate;
  readonly #clock: Clock;
  /** Those that have not begun, by what they ask. */
  readonly #joinable = new Map<string, Shared>();
  #joined = 0;
  /** Clients beside the first ones of each query. */
  maxJoined: number;

  constructor(evaluate: Evaluate, clock: Clock, maxJoined: number) {
    this.#evaluate = evaluate;
    this.#clock = clock;
    this.maxJoined = maxJoined;
  }

  /** The answer of a query. It is awaited no longer than its own time, and its own client. */
  async ask(query: EngineQuery): Promise<HeldAnswer> {
    const { engine, kind, principal, home, request, limits } = query;
    const permissions = [...principal.permissions].sort();
    const asked = [engine, kind, principal.tenant, permissions, home, request, limits];
    const key = serialize(asked).toString('latin1');
    const joinable = this.#joinable.get(key);
    if (joinable === undefined) return this.#waitFor(this.#begin(key, query), query);
    if (this.#joined >= this.maxJoined) {
      throw new Failure('overloaded', `too many queries: ${this.#joined} wait for the answers of others`);
    }
    this.#joined++;
    try {
      return await this.#waitFor(joinable, query);
    } finally {
      this.#joined--;
    }
  }

  #begin(key: string, query: EngineQuery): Shared {
    const end = new AbortController();
    const forget = () => {
      if (this.#joinable.get(key) === shared) this.#joinable.delete(key);
    };
    // Each client has a time of its own.
    const limits = { ...query.limits, timeoutMs: LONGEST_TIMER_MS };
    const answer = this.#evaluate({ ...query, limits, signal: end.signal, clients: () => shared.clients }, forget);
    const shared: Shared = { end, answer, clients: 0 };
    answer.catch(() => undefined).finally(forget);
    this.#joinable.set(key, shared);
    return shared;
  }

  async #waitFor(shared: Shared, { limits, signal }: EngineQuery): Promise<HeldAnswer> {
    shared.clients++;
    let leave = (_reason: Failure) => {};
    const left = new Promise<never>((_resolve, reject) => {
      leave = reject;
    });
    const gone = () => {
      const reason: unknown = signal?.reason;
      leave(reason instanceof Failure ? reason : new Failure('queryCanceled', 'the client has gone'));
    };
    const callOff = this.#clock.after(Math.min(limits.timeoutMs, LONGEST_TIMER_MS), () =>
      leave(new Failure('queryTimedOut', `the query took longer than query_timeout_ms = ${limits.timeoutMs}`)),
    );
    signal?.addEventListener('abort', gone, { once: true });
    if (signal?.aborted) gone();
    try {
      const { value, release } = await Promise.race([shared.answer, left]);
      return {
        value,
        release() {
          if (--shared.clients === 0) release();
        },
      };
    } catch (error) {
      if (--shared.clients === 0) {
        shared.end.abort(error);
        // It may have come all the same.
        shared.answer.then(({ release }) => release()).catch(() => undefined);
      }
      throw error;
    } finally {
      callOff();
      signal?.removeEventListener('abort', gone);
    }
  }
}
