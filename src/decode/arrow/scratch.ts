// Working memory of one message: arrays that are all given up together when it has been decoded. Each message needs
// some dozens of them, and as many allocations would have the garbage collector take a quarter of the time.
// See bench/otap.ts.

/** What is kept from message to message: enough for some thousand records. */
const KEPT_BYTES = 2 << 20;
const ALIGNMENT = 8;

export class Scratch {
  #memory = new ArrayBuffer(0);
  #used = 0;
  #ascending: Uint32Array = new Uint32Array(0);

  /** Gives up all arrays. */
  reset(): void {
    // The next message will need about as much.
    if (this.#used > this.#memory.byteLength && this.#memory.byteLength < KEPT_BYTES) {
      this.#memory = new ArrayBuffer(Math.min(KEPT_BYTES, 2 * this.#used));
    }
    this.#used = 0;
    this.#ascending = new Uint32Array(0);
  }

  /** An array of undefined content, on a multiple of 8 bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return at === undefined ? new Uint8Array(length) : new Uint8Array(this.#memory, at, length);
  }

  /** An array of undefined content. */
  words(length: number): Uint32Array {
    const at = this.#take(4 * length);
    return at === undefined ? new Uint32Array(length) : new Uint32Array(this.#memory, at, length);
  }

  /** An array of zeros. */
  zeros(length: number): Uint32Array {
    const at = this.#take(4 * length);
    return at === undefined ? new Uint32Array(length) : new Uint32Array(this.#memory, at, length).fill(0);
  }

  /** 0, 1, 2, … The same memory each time: nobody writes to it. */
  ascending(length: number): Uint32Array {
    if (this.#ascending.length < length) {
      this.#ascending = this.words(Math.max(length, 2 * this.#ascending.length));
      for (let i = 0; i < this.#ascending.length; i++) this.#ascending[i] = i;
    }
    return this.#ascending.subarray(0, length);
  }

  /** Counts what is asked for, even when there is no room for it. */
  #take(bytes: number): number | undefined {
    const at = this.#used;
    this.#used = at + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return this.#used <= this.#memory.byteLength ? at : undefined;
  }
}
