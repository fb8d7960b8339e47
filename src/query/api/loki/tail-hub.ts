// Tails → one query at a time for all of them, of rows that have come. Rows are in memory when they are acknowledged, so they
// arrive within the pause between two queries.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../base/clock.js';
import { Failure, messageOf } from '../../../base/failure.js';
import { SqlError } from '../../../base/sql-error.js';
import type { Principal } from '../../../server/identity/principal.js';
import type { LokiParts } from './loki-parts.js';
import { nextNewcomers, tailsOf } from './tail-groups.js';
import {
  type DroppedEntry,
  TAIL_ENGINE,
  type TailAnswer,
  type TailBatch,
  type TailQuery,
  type TailQuestion,
} from './tail-question.js';

/** From the begin of one query to that of the next. */
const POLL_MS = 400;

/** Who tails. */
export interface TailReader {
  /** With the history that is wanted at first. */
  readonly query: TailQuery;
  take(batch: TailBatch): void;
  /** Nothing will follow. */
  fail(message: string): void;
}

/** The tails of one tenant over one set of tables. */
export class TailHub {
  readonly #parts: LokiParts;
  readonly #principal: Principal;
  readonly #clock: Clock;
  readonly #readers = new Set<TailReader>();
  /** Who got no history yet. */
  readonly #newcomers = new Set<TailReader>();
  #isRunning = false;

  constructor(parts: LokiParts, principal: Principal, clock: Clock) {
    this.#parts = parts;
    this.#principal = principal;
    this.#clock = clock;
  }

  /** Whether nobody tails. */
  get isEmpty(): boolean {
    return this.#readers.size === 0;
  }

  /** Returns what ends the tail. */
  add(reader: TailReader): () => void {
    this.#readers.add(reader);
    this.#newcomers.add(reader);
    void this.#run();
    return () => {
      this.#readers.delete(reader);
      this.#newcomers.delete(reader);
    };
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Under a name of its own, so that what came while nobody tailed is not new.
    const reader = `tail ${randomUUID()}`;
    while (this.#readers.size > 0) {
      const startedMs = this.#clock.nowMs();
      await this.#poll(reader);
      await this.#clock.pause(Math.max(1, POLL_MS - (this.#clock.nowMs() - startedMs)));
    }
    this.#isRunning = false;
  }

  async #poll(reader: string): Promise<void> {
    const newcomers = nextNewcomers(this.#newcomers);
    const following = [...this.#readers].filter((each) => !this.#newcomers.has(each));
    const tails = tailsOf(following, newcomers);
    try {
      const answer = await this.#ask({
        queries: tails.map(({ query }) => query),
        reader,
        nowNs: BigInt(this.#clock.nowMs()) * 1_000_000n,
        indexAttributes: this.#parts.options.log_index_attributes,
      });
      tails.forEach(({ readers }, i) => {
        for (const each of readers) if (this.#readers.has(each)) each.take(answer[i]!);
      });
      for (const each of newcomers) this.#newcomers.delete(each);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    // What waits in memory will be read at the next time.
    if (error instanceof Failure && error.kind === 'overloaded') return;
    if (error instanceof SqlError && error.code === 'OTLP_ROWS_MISSED') {
      const missed: DroppedEntry = { labels: {}, timestamp: `${this.#clock.nowMs()}000000` };
      for (const reader of this.#readers) reader.take({ streams: '[]', entryCount: 0, heads: [], dropped: [missed] });
      return;
    }
    const readers = [...this.#readers];
    this.#readers.clear();
    this.#newcomers.clear();
    for (const reader of readers) reader.fail(messageOf(error));
  }

  async #ask(request: TailQuestion): Promise<TailAnswer> {
    const { runner, home, options } = this.#parts;
    return (await runner.run({
      engine: TAIL_ENGINE,
      kind: 'loki tail',
      text: request.queries.map(({ query }) => query).join(', '),
      client: 'websocket',
      principal: this.#principal,
      home,
      limits: { timeoutMs: options.query_timeout_ms, maxSamples: options.max_samples },
      request,
    })) as TailAnswer;
  }
}
