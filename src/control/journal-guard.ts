import type { Journal } from '../journal/journal.js';
import type { Sealer } from '../seal/sealer.js';

/** How often the files of a journal that nobody appends to are looked for. */
const LOOK_MS = 1000;

/** Looks after a journal while its server runs: when its files are gone, what was in them is committed at once. */
export class JournalGuard {
  readonly #journal: Pick<Journal, 'look' | 'isLost'>;
  readonly #sealer: Pick<Sealer, 'flush'>;
  #timer: NodeJS.Timeout | undefined;

  constructor(journal: Pick<Journal, 'look' | 'isLost'>, sealer: Pick<Sealer, 'flush'>) {
    this.#journal = journal;
    this.#sealer = sealer;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** Safe to call twice. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    await this.#journal.look();
    if (!this.#journal.isLost) return;
    this.stop();
    await this.#sealer.flush();
  }
}
