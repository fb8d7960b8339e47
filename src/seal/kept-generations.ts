// Recently committed generations. A query whose catalog snapshot is older than the commit does not find their rows in the
// tables, so it reads them here.

import { type Clock, systemClock } from '../base/clock.js';
import type { Generation } from '../buffer/generation.js';

/** Longest time to plan a query. Only transactions of several queries can be older. */
const SURELY_KEPT_MS = 2000;
/** How long a transaction can read live rows after a commit that it does not see, if memory allows. */
const LONGEST_KEPT_MS = 30_000;
/** Fewer than the seals per server in `otlp_seals`, because the two are matched. */
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
   * Keeps at most an eighth of `maxDecodedBytes` after the planning time has passed, and never more than uncommitted rows
   * leave of it.
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

  /** Commit time of the newest generation, kept or evicted; minus infinity before the first. */
  get lastCommittedAtMs(): number {
    return this.#lastCommittedAtMs;
  }

  /**
   * Id of the newest evicted generation; undefined before the first. A snapshot that contains it also contains all older
   * ones of the server, because they are committed in order.
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

  /** Evicts generations that are too old, or whose memory uncommitted rows need. */
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

  /** Checks again when the oldest generation expires. */
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
