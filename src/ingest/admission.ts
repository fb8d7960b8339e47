// Room for request bytes: reserved as a body comes, released once its rows are committed or refused.

import { Failure } from '../base/failure.js';
import type { Principal } from '../server/identity/principal.js';

export class Admission {
  readonly #maxBytes: number;
  #admittedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Encoded bytes in flight, buffered, or in a seal. */
  get admittedBytes(): number {
    return this.#admittedBytes;
  }

  /** A reservation of nothing yet. */
  reservation(principal: Principal): Reservation {
    return new Reservation(this, principal);
  }

  /** Throws `overloaded` where `bytes` more would not fit. */
  check(bytes: number): void {
    if (this.#admittedBytes + bytes > this.#maxBytes) {
      throw new Failure(
        'overloaded',
        `request of ${bytes} bytes does not fit: ${this.#admittedBytes} of max_buffered_bytes ${this.#maxBytes} wait to be committed`,
      );
    }
  }

  reserve(bytes: number): void {
    this.check(bytes);
    this.#admittedBytes += bytes;
  }

  release(bytes: number): void {
    this.#admittedBytes -= bytes;
  }
}

/** What one request has reserved. It is released once, unless its bytes are handed on with its rows. */
export class Reservation {
  /** Whose request it is. */
  readonly principal: Principal;
  readonly #admission: Admission;
  #bytes = 0;

  constructor(admission: Admission, principal: Principal) {
    this.#admission = admission;
    this.principal = principal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Reserves more, so that it is `bytes` in all. Throws `overloaded`, and keeps what it has, where that does not fit. */
  growTo(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#admission.reserve(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Safe to call twice, and after handOn(). */
  release(): void {
    this.#admission.release(this.handOn());
  }

  /** Gives up the reservation to the rows, whose commit releases its bytes with Admission. */
  handOn(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }
}
