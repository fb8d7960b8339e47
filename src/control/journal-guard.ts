import { type Clock, systemClock } from '../base/clock.js';
import type { Journal } from '../journal/journal.js';
import type { Sealer } from '../seal/sealer.js';

/** How often the files of an idle journal are checked. */
const LOOK_MS = 1000;

/** Watches a journal while its server runs. If its files disappear, their rows are committed at once. */
export class JournalGuard {
  readonly #journal: Pick<Journal, 'look' | 'isLost'>;
  readonly #sealer: Pick<Sealer, 'flush'>;
  readonly #clock: Clock;
  #isStopped = false;
  #callOff: (() => void) | undefined;

  constructor(journal: Pick<Journal, 'look' | 'isLost'>, sealer: Pick<Sealer, 'flush'>, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#journal = journal;
    this.#sealer = sealer;
  }

  start(): void {
    this.#callOff = this.#clock.after(LOOK_MS, () => void this.#look());
  }

  /** Safe to call twice. */
  stop(): void {
    this.#isStopped = true;
    this.#callOff?.();
  }

  async #look(): Promise<void> {
    await this.#journal.look();
    if (this.#journal.isLost) await this.#sealer.flush();
    else if (!this.#isStopped) this.start();
  }
}
