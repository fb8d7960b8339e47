// What an operator has paused of a server. Nothing of it outlives the server: one that starts does everything.

import { type Clock, systemClock } from '../base/clock.js';
import { SqlError } from '../base/sql-error.js';

/** What can be paused: upkeep and retention; commits by age and size; requests, which get 503 then. */
export const pausable = ['maintenance', 'seals', 'ingest'] as const;
export type Pausable = (typeof pausable)[number];

/** What has to be told when it is paused and when it goes on. */
export interface Paused {
  pause(): void;
  resume(): void;
}

export class Pauses {
  readonly #parts: Readonly<Record<Pausable, readonly Paused[]>>;
  readonly #clock: Clock;
  readonly #since = new Map<Pausable, number>();

  constructor(parts: Readonly<Record<Pausable, readonly Paused[]>>, clock: Clock = systemClock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Since when something is paused; undefined where it is not. */
  since(what: Pausable): number | undefined {
    return this.#since.get(what);
  }

  pause(what: Pausable): void {
    if (this.#since.has(what)) return;
    this.#since.set(what, this.#clock.nowMs());
    for (const part of this.#parts[what]) part.pause();
  }

  resume(what: Pausable): void {
    if (!this.#since.delete(what)) return;
    for (const part of this.#parts[what]) part.resume();
  }
}

export function pausableNamed(text: string): Pausable {
  const found = pausable.find((what) => what === text.toLowerCase());
  if (found !== undefined) return found;
  const choices = pausable.map((what) => `'${what}'`).join(' or ');
  throw new SqlError('OTLP_ARGUMENT_INVALID', `what must be ${choices}, got '${text}'`);
}
