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

/** The latest attempts of one server, oldest first. */
export class SealLog {
  readonly #events: SealEvent[] = [];

  get events(): readonly SealEvent[] {
    return this.#events;
  }

  add(event: SealEvent): void {
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
