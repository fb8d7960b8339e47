// Generations that are committed, and that a query may still have to read: one whose snapshot of the catalog is older than
// the commit does not find their rows in the tables.

import { type Clock, systemClock } from '../base/clock.js';
import type { Generation } from '../buffer/generation.js';

/** A query plans within this, so that only transactions of several queries can be older. */
const SURELY_KEPT_MS = 2000;
/** How long a transaction may read live rows after a commit that it does not see, while there is room. */
const LONGEST_KEPT_MS = 30_000;
/** Fewer than the seals that `otlp_seals` keeps of a server, since rows of both are matched. */
const MAX_KEPT = 250;

interface Kept {
  readonly generation: Generation;
  readonly committedAtMs: number;
}

export class KeptGenerations {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #maxBytesWithWaiting: number;
  readonly #kept: Kept[] = [];
  #bytes = 0;
  #lastCommittedAtMs = Number.NEGATIVE_INFINITY;
  #lastReleased: string | undefined;
  #isLookDue = false;

  /**
   * Keeps at most an eighth of `maxDecodedBytes` beyond the time in which queries plan, and never more than the rows which
   * wait to be committed leave of it.
   */
  constructor(maxDecodedBytes: number, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#maxBytes = maxDecodedBytes / 8;
    this.#maxBytesWithWaiting = maxDecodedBytes;
  }

  /** Oldest first. */
  get generations(): readonly Generation[] {
    return this.#kept.map(({ generation }) => generation);
  }

  /** When the newest generation was committed, kept or not; minus infinity as long as there is none. */
  get lastCommittedAtMs(): number {
    return this.#lastCommittedAtMs;
  }

  /**
   * Id of the newest generation that is kept no more; undefined as long as there is none. A snapshot that has it has all of
   * the server's older ones too, since they are committed in order.
   */
  get lastReleased(): string | undefined {
    return this.#lastReleased;
  }

  add(generation: Generation, waitingBytes: number): void {
    this.#lastCommittedAtMs = this.#clock.nowMs();
    this.#kept.push({ generation, committedAtMs: this.#lastCommittedAtMs });
    this.#bytes += generation.byteLength;
    this.release(waitingBytes);
  }

  /** Forgets what is kept too long, or takes room that is not there beside the rows that wait. */
  release(waitingBytes: number): void {
    if (this.#kept.length === 0) return;
    const nowMs = this.#clock.nowMs();
    for (let oldest = this.#kept[0]; oldest !== undefined; oldest = this.#kept[0]) {
      if (!this.#isReleased(nowMs - oldest.committedAtMs, waitingBytes)) break;
      this.#kept.shift();
      this.#bytes -= oldest.generation.byteLength;
      this.#lastReleased = oldest.generation.id;
    }
    if (!this.#isLookDue) this.#lookLater(nowMs);
  }

  #isReleased(ageMs: number, waitingBytes: number): boolean {
    if (this.#kept.length > MAX_KEPT || this.#bytes + waitingBytes > this.#maxBytesWithWaiting) return true;
    return ageMs >= LONGEST_KEPT_MS || (ageMs >= SURELY_KEPT_MS && this.#bytes > this.#maxBytes);
  }

  /** Looks again when the oldest has to be kept no more. */
  #lookLater(nowMs: number): void {
    const oldest = this.#kept[0];
    if (oldest === undefined) return;
    const ageMs = nowMs - oldest.committedAtMs;
    const keptMs = ageMs < SURELY_KEPT_MS ? SURELY_KEPT_MS : LONGEST_KEPT_MS;
    this.#isLookDue = true;
    this.#clock.after(Math.max(1, keptMs - ageMs), () => {
      this.#isLookDue = false;
      this.release(0);
    });
  }
}
