import { Failure } from '../base/failure.js';

/** A mutex: one caller at a time, others wait in order of arrival. */
export class Turnstile {
  #isTaken = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves with a release function, which is safe to call twice. Rejects with `stopping` when the signal is aborted. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#isTaken) await this.#turn(signal);
    this.#isTaken = true;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const next = this.#waiting.shift();
      // Stays taken until then, so that no newcomer overtakes the next in line.
      if (next === undefined) this.#isTaken = false;
      else next();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const pass = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        const at = this.#waiting.indexOf(pass);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(new Failure('stopping', 'the server is stopping'));
      };
      if (signal.aborted) {
        giveUp();
        return;
      }
      this.#waiting.push(pass);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
