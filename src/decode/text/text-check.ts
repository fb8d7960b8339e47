// Proves that every text of a heap is UTF-8, with one native pass over the whole heap instead of one per text.
// A heap is texts end to end. If the whole is UTF-8 and no text begins inside a character, each text is UTF-8: a
// text that ended inside a character would have to be continued by the next one. DuckDB's string functions
// assume UTF-8 and can corrupt memory without it.

import { isUtf8 } from 'node:buffer';
import type { ByteHeap } from '../../buffer/byte-heap.js';

/** Whether a text that begins with this byte begins inside a character. */
export function isContinuationByte(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** Whether a heap, none of whose texts begins with a continuation byte, holds UTF-8 only. */
export function isHeapUtf8(heap: ByteHeap): boolean {
  return isUtf8(heap.bytes.subarray(0, heap.end));
}
