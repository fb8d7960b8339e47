// Accounting of request bytes: reserved as a body arrives, released when its rows are committed or rejected.

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

  /** An empty reservation. */
  reservation(principal: Principal): Reservation {
    return new Reservation(this, principal);
  }

  /** Throws `overloaded` if another `bytes` would not fit. */
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

/** The reserved bytes of one request. They are released once, unless they are handed on with the rows. */
export class Reservation {
  /** Sender of the request. */
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

  /** Grows the reservation to `bytes` in total. Throws `overloaded` if that does not fit, and then keeps its size. */
  growTo(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#admission.reserve(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Safe to call twice, and after handOn(). */
  release(): void {
    this.#admission.release(this.handOn());
  }

  /** Transfers the reservation to the rows. Their commit releases the bytes. */
  handOn(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }
}
