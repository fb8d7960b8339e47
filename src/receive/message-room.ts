import { Failure } from '../base/failure.js';
import type { Reservation } from '../ingest/admission.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Sender } from '../ingest/rate-limits.js';
import type { Countdown } from '../server/grpc/countdown.js';
import type { Turnstile } from './turnstile.js';

/**
 * Room for one message of a stream, which has to be read whole whether there is room for it or not. It is reserved as bytes
 * come. A message that finds none waits in the turnstile; when its turn comes and there is still none, it gives back what it
 * has reserved and is read all the same. So at most one message at a time takes memory that is not reserved.
 */
export class MessageRoom {
  readonly reservation: Reservation;
  readonly #ingest: Ingest;
  readonly #unreserved: Turnstile;
  readonly #signal: AbortSignal;
  #refusal: Failure | undefined;
  #leaveTurnstile = () => {};

  /** `signal` ends the waiting. */
  constructor(ingest: Ingest, sender: Sender, unreserved: Turnstile, signal: AbortSignal) {
    this.reservation = ingest.admission.reservation(sender);
    this.#ingest = ingest;
    this.#unreserved = unreserved;
    this.#signal = signal;
  }

  /** Why the rows of the message cannot be taken; undefined while they can. */
  get refusal(): Failure | undefined {
    return this.#refusal;
  }

  /** Waits while there is no room for a message of this length. Nothing is reserved for bytes that have not come. */
  announced(bytes: number): Promise<void> | undefined {
    return this.#enterUnless(() => {
      this.#ingest.checkRoom();
      this.reservation.check(bytes);
      this.reservation.count();
    });
  }

  /** Reserves room for so many bytes in all, and waits while there is none. The client does not run out of time meanwhile. */
  arrived(bytes: number, countdown: Countdown): Promise<void> | undefined {
    if (this.#refusal !== undefined) return undefined;
    const reserve = () => this.reservation.growTo(bytes);
    if (refusedBy(reserve) === undefined) return undefined;
    return countdown.paused(async () => this.#enterUnless(reserve));
  }

  /** To be called once the message has been taken or refused. Safe to call twice. */
  leave(): void {
    this.#leaveTurnstile();
    this.reservation.release();
  }

  #enterUnless(find: () => void): Promise<void> | undefined {
    return refusedBy(find) === undefined ? undefined : this.#enter(find);
  }

  async #enter(find: () => void): Promise<void> {
    const leave = await this.#unreserved.enter(this.#signal);
    this.#leaveTurnstile = leave;
    // There may be room by now.
    this.#refusal = refusedBy(find);
    if (this.#refusal === undefined) leave();
    else this.reservation.release();
  }
}

/** Runs `find`; gives the reason when it finds no room, or the sender may have none. */
function refusedBy(find: () => void): Failure | undefined {
  try {
    find();
    return undefined;
  } catch (error) {
    if (error instanceof Failure && (error.kind === 'overloaded' || error.kind === 'throttled')) return error;
    throw error;
  }
}
