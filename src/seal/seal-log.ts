import { BucketHistogram } from '../base/bucket-histogram.js';

/** One attempt to commit a generation. */
export interface SealEvent {
  readonly sequence: number;
  readonly startedUnixMs: number;
  readonly completedUnixMs: number;
  readonly durationMs: number;
  readonly appendMs: number;
  readonly commitMs: number;
  /** Rows committed: 0 if the attempt failed. */
  readonly rowsCommitted: number;
  readonly admittedBytes: number;
  /** Error; undefined on success. */
  readonly error: string | undefined;
  /** Totals of the server after the attempt. */
  readonly sealsTotal: number;
  readonly sealFailuresTotal: number;
  readonly committedRowsTotal: number;
}

/** Attempts kept per server: about twenty minutes at the default age of five seconds, in about 50 kB. */
const MAX_EVENTS = 256;

/** In seconds. A seal of some MB takes some ten milliseconds, one of a lake behind a network some seconds. */
const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The latest attempts of one server, oldest first, and how long all of them took. */
export class SealLog {
  /** Durations of all attempts, in seconds: as a whole, of inserting rows, and of the COMMIT. */
  readonly seconds = {
    total: new BucketHistogram(DURATION_BOUNDS),
    append: new BucketHistogram(DURATION_BOUNDS),
    commit: new BucketHistogram(DURATION_BOUNDS),
  };
  readonly #events: SealEvent[] = [];

  get events(): readonly SealEvent[] {
    return this.#events;
  }

  add(event: SealEvent): void {
    this.seconds.total.add(event.durationMs / 1000);
    this.seconds.append.add(event.appendMs / 1000);
    this.seconds.commit.add(event.commitMs / 1000);
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** Marks the latest attempt as one whose rows were set aside. */
  setAside(rows: number): void {
    const latest = this.#events.pop();
    if (latest === undefined) return;
    this.#events.push({ ...latest, error: `${latest.error}; ${rows} rows were set aside as dead letters` });
  }
}
