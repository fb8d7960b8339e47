// LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), one of the two forms in which Arrow
// compresses buffers. The reader of such a buffer knows its length beforehand, so a frame is decoded into memory of
// exactly that length, and whatever reaches beyond it is refused. Checksums are passed by: gRPC's transport has its own,
// and an altered byte can do no more here than any other wrong byte.

const MAGIC = 0x184d2204;
const VERSION_MASK = 0b1100_0000;
const VERSION_1 = 0b0100_0000;
const BLOCK_CHECKSUM = 0b0001_0000;
const CONTENT_SIZE = 0b0000_1000;
const CONTENT_CHECKSUM = 0b0000_0100;
const DICTIONARY_ID = 0b0000_0001;
const UNCOMPRESSED_BLOCK = 0x8000_0000;
const SHORTEST_MATCH = 4;

/** Decodes a frame that holds exactly `length` bytes. Throws an Error that says what is wrong with it. */
export function decodeLz4Frame(frame: Uint8Array, length: number): Uint8Array {
  const decoder = new Lz4FrameDecoder(frame, length);
  return decoder.decode();
}

class Lz4FrameDecoder {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #out: Uint8Array;
  #pos = 0;
  #end = 0;

  constructor(frame: Uint8Array, length: number) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#out = new Uint8Array(length);
  }

  decode(): Uint8Array {
    if (this.#uint32() !== MAGIC) throw new Error('no LZ4 frame');
    const flags = this.#byte();
    if ((flags & VERSION_MASK) !== VERSION_1) throw new Error('an LZ4 frame of another version');
    if ((flags & DICTIONARY_ID) !== 0) throw new Error('an LZ4 frame that needs a dictionary');
    // Block size, content size and the checksum of this header say nothing that decoding needs.
    this.#skip(1 + ((flags & CONTENT_SIZE) !== 0 ? 8 : 0) + 1);
    for (let size = this.#uint32(); size !== 0; size = this.#uint32()) {
      const blockBytes = size & ~UNCOMPRESSED_BLOCK;
      const blockEnd = this.#pos + blockBytes;
      if (blockEnd > this.#frame.length) throw new Error('an LZ4 block that is cut off');
      if (size >= UNCOMPRESSED_BLOCK) this.#copyLiterals(blockBytes);
      else this.#block(blockEnd);
      if ((flags & BLOCK_CHECKSUM) !== 0) this.#skip(4);
    }
    if ((flags & CONTENT_CHECKSUM) !== 0) this.#skip(4);
    if (this.#end !== this.#out.length) throw new Error(`${this.#end} bytes instead of ${this.#out.length}`);
    return this.#out;
  }

  #block(blockEnd: number): void {
    while (this.#pos < blockEnd) {
      const token = this.#byte();
      this.#copyLiterals(this.#length(token >> 4));
      if (this.#pos === blockEnd) return; // the last sequence of a block has no match
      const low = this.#byte();
      const distance = low | (this.#byte() << 8);
      this.#copyMatch(distance, this.#length(token & 15) + SHORTEST_MATCH);
    }
    if (this.#pos !== blockEnd) throw new Error('an LZ4 sequence that runs past its block');
  }

  #length(nibble: number): number {
    let length = nibble;
    if (nibble < 15) return length;
    for (let byte = 255; byte === 255; ) {
      byte = this.#byte();
      length += byte;
    }
    return length;
  }

  #copyLiterals(length: number): void {
    if (this.#pos + length > this.#frame.length) throw new Error('LZ4 literals that are cut off');
    this.#checkRoom(length);
    this.#out.set(this.#frame.subarray(this.#pos, this.#pos + length), this.#end);
    this.#pos += length;
    this.#end += length;
  }

  #copyMatch(distance: number, length: number): void {
    if (distance === 0 || distance > this.#end) throw new Error(`an LZ4 match ${distance} bytes back`);
    this.#checkRoom(length);
    const out = this.#out;
    const end = this.#end + length;
    // One by one, because a match may overlap with what it writes.
    for (let to = this.#end; to < end; to++) out[to] = out[to - distance]!;
    this.#end = end;
  }

  #checkRoom(length: number): void {
    if (this.#end + length > this.#out.length) throw new Error(`more than ${this.#out.length} bytes`);
  }

  #byte(): number {
    this.#skip(1);
    return this.#frame[this.#pos - 1]!;
  }

  #uint32(): number {
    this.#skip(4);
    return this.#view.getUint32(this.#pos - 4, true);
  }

  #skip(bytes: number): void {
    this.#pos += bytes;
    if (this.#pos > this.#frame.length) throw new Error('an LZ4 frame that is cut off');
  }
}
