// Nodes and buffers of a RecordBatch message, found by index. A buffer is decompressed when it is asked for.

import { Failure, messageOf } from '../../base/failure.js';
import { inflate } from '../compression/inflate.js';
import { decodeLz4Frame } from '../compression/lz4-frame.js';
import type { FlatTable, FlatVector } from './flat-buffer.js';

const RECORD_BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;
const CODEC = 0;
const LZ4_FRAME = 0;
const ZSTD = 1;
/** In place of a buffer's length when decompressed: it is not compressed. */
const STORED = 0xffff_ffff_ffff_ffffn;

const NODE_BYTES = 16;
const BUFFER_BYTES = 16;
/** Typed arrays of the widest values need this, and Arrow asks senders for it. */
const ALIGNMENT = 8;

/** How many more bytes the buffers of one message may have when decompressed, and how much its rows may take. */
export class DecodedRoom {
  readonly maxBytes: number;
  #takenBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  reset(): void {
    this.#takenBytes = 0;
  }

  take(bytes: number): void {
    this.#takenBytes += bytes;
    this.check(this.#takenBytes);
  }

  /** Refuses what would take more than the whole room. */
  check(bytes: number): void {
    if (bytes > this.maxBytes) {
      throw new Failure('tooLarge', `a BatchArrowRecords takes more than ${this.maxBytes} bytes when decoded`);
    }
  }
}

export class RecordBatch {
  readonly length: number;
  readonly #table: FlatTable;
  readonly #body: Uint8Array;
  readonly #room: DecodedRoom;
  readonly #nodes: FlatVector;
  readonly #buffers: FlatVector;
  readonly #codec: number | undefined;

  /** `body` lies on a multiple of 8 in its memory if anything of it does. */
  constructor(table: FlatTable, body: Uint8Array, room: DecodedRoom) {
    this.#table = table;
    this.#body = body;
    this.#room = room;
    this.length = table.length(RECORD_BATCH.length);
    this.#nodes = table.vector(RECORD_BATCH.nodes, NODE_BYTES);
    this.#buffers = table.vector(RECORD_BATCH.buffers, BUFFER_BYTES);
    this.#codec = table.table(RECORD_BATCH.compression)?.uint8(CODEC);
    if (this.#codec !== undefined && this.#codec !== LZ4_FRAME && this.#codec !== ZSTD) {
      this.#fail(`buffers are compressed by a codec with number ${this.#codec}`);
    }
  }

  /** How many values a field has, and how many of them are null. */
  node(index: number): { readonly length: number; readonly nulls: number } {
    if (index >= this.#nodes.count) this.#fail(`a record batch of ${this.#nodes.count} nodes has no node ${index}`);
    const { buffer } = this.#table;
    const at = this.#nodes.start + NODE_BYTES * index;
    return { length: buffer.length(at), nulls: buffer.length(at + 8) };
  }

  /** The bytes of a buffer, on a multiple of 8. */
  buffer(index: number): Uint8Array {
    if (index >= this.#buffers.count) {
      this.#fail(`a record batch of ${this.#buffers.count} buffers has no buffer ${index}`);
    }
    const { buffer } = this.#table;
    const at = this.#buffers.start + BUFFER_BYTES * index;
    const start = buffer.length(at);
    const length = buffer.length(at + 8);
    if (start + length > this.#body.length) {
      this.#fail(`buffer ${index} ends at byte ${start + length} of a body of ${this.#body.length}`);
    }
    const bytes = this.#body.subarray(start, start + length);
    return alignedBytes(this.#codec === undefined || length === 0 ? bytes : this.#decompressed(bytes, index));
  }

  #decompressed(compressed: Uint8Array, index: number): Uint8Array {
    if (compressed.length < 8) this.#fail(`buffer ${index} is compressed and has ${compressed.length} bytes`);
    const length = new DataView(compressed.buffer, compressed.byteOffset).getBigUint64(0, true);
    const frame = compressed.subarray(8);
    if (length === STORED) return frame;
    const announced = Number(length);
    this.#room.take(announced);
    let bytes: Uint8Array;
    try {
      bytes = this.#codec === ZSTD ? inflate(frame, 'zstd', announced, 'that') : decodeLz4Frame(frame, announced);
    } catch (error) {
      // Both decoders stop where more comes than was announced, and neither knows whose bytes these are.
      this.#fail(`buffer ${index} does not decompress to ${length} bytes: ${messageOf(error)}`);
    }
    if (bytes.length !== Number(length))
      this.#fail(`buffer ${index} decompresses to ${bytes.length} bytes of ${length}`);
    return bytes;
  }

  #fail(problem: string): never {
    return this.#table.buffer.fail(problem);
  }
}

function alignedBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % ALIGNMENT === 0 ? bytes : new Uint8Array(bytes);
}
