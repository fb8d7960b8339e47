import type { Signal } from '../../../src/schema/column-declaration.js';

export interface LedgerEntry {
  readonly signal: Signal;
  readonly service: number;
  readonly firstSequence: number;
  /** Whether the server said that it took the request; `unanswered` ones it may have taken or not. */
  readonly outcome: 'accepted' | 'unanswered';
  /** Which life of the server it was. */
  readonly life: number;
}

/** What has been sent, and what became of it. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly statuses = new Map<string, number>();
  /** Counts how often the server has been started, where that is of interest. */
  life = 0;
  /** Requests that were told to come again. */
  overloaded = 0;
  #services = 0;

  /** A service that nobody else sends for. */
  newService(): number {
    return this.#services++;
  }

  count(status: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  accepted(signal?: Signal): number {
    return this.entries.filter((entry) => entry.outcome === 'accepted' && (signal ?? entry.signal) === entry.signal)
      .length;
  }

  get unanswered(): number {
    return this.entries.length - this.accepted();
  }
}
