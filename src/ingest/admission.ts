// Room for request bytes: reserved before a body is inflated, released once its rows are committed or refused.

import { Failure } from '../base/failure.js';

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

  reserve(bytes: number): void {
    if (this.#admittedBytes + bytes > this.#maxBytes) {
      throw new Failure(
        'overloaded',
        `request of ${bytes} bytes does not fit: ${this.#admittedBytes} of max_buffered_bytes ${this.#maxBytes} wait to be committed`,
      );
    }
    this.#admittedBytes += bytes;
  }

  release(bytes: number): void {
    this.#admittedBytes -= bytes;
  }
}
