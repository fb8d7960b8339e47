// The bytes of a journal. A segment is a file header and then records, each of which proves itself:
//
//   file    "otelduck" · version u16 · reserved u16 · first sequence f64 · CRC-32C u32 of all before
//   record  body length u32 · CRC-32C u32 of all after it, body included · sequence f64 · time (unix ms) f64
//           · kind u8 · signal u8 · format u8 · encoding u8 · admitted bytes u32 · body
//
// Integers are little-endian. Sequences are whole numbers below 2^53, so that a double holds them.

import type { PackedRows } from '../buffer/packed-rows.js';
import { type ContentEncoding, contentEncodings } from '../decode/inflate.js';
import { type WireFormat, wireFormats } from '../decode/request-decoder.js';
import { type Signal, signals } from '../schema/column-declaration.js';
import { crc32c } from './crc32c.js';

export const FILE_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 32;
export const FORMAT_VERSION = 1;

const MAGIC = Buffer.from('otelduck');

/** What was accepted: a request as received, or rows that only their stream's decoder could make sense of. */
export type JournalEntry =
  | {
      readonly kind: 'request';
      readonly signal: Signal;
      readonly format: WireFormat;
      readonly encoding: ContentEncoding;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'rows'; readonly packed: PackedRows };

export interface JournalRecord {
  readonly sequence: number;
  readonly unixMs: number;
  readonly admittedBytes: number;
  readonly entry: JournalEntry;
}

const kinds = ['request', 'rows'] as const;

export function fileHeader(firstSequence: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt16LE(FORMAT_VERSION, 8);
  header.writeDoubleLE(firstSequence, 12);
  header.writeUInt32LE(crc32c(header.subarray(0, FILE_HEADER_BYTES - 4)), FILE_HEADER_BYTES - 4);
  return header;
}

/** The first sequence that a segment's header names. Throws saying what is wrong with the header. */
export function readFileHeader(header: Uint8Array): number {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (bytes.length < FILE_HEADER_BYTES)
    throw new RangeError(`header of ${bytes.length} bytes, expected ${FILE_HEADER_BYTES}`);
  if (!bytes.subarray(0, 8).equals(MAGIC))
    throw new RangeError('no journal segment: it does not begin with "otelduck"');
  // Before the checksum: a newer version may keep it elsewhere.
  const version = bytes.readUInt16LE(8);
  if (version !== FORMAT_VERSION)
    throw new RangeError(`format version ${version}, and this otelduck reads ${FORMAT_VERSION}`);
  const crc = bytes.readUInt32LE(FILE_HEADER_BYTES - 4);
  if (crc !== crc32c(bytes.subarray(0, FILE_HEADER_BYTES - 4))) throw new RangeError('header checksum does not match');
  return bytes.readDoubleLE(12);
}

/** The buffers of a record, to be appended one after the other. The body is not copied. */
export function encodeRecord({ sequence, unixMs, admittedBytes, entry }: JournalRecord): readonly Uint8Array[] {
  const body = entry.kind === 'request' ? entry.body : encodePacked(entry.packed);
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32LE(body.length, 0);
  header.writeDoubleLE(sequence, 8);
  header.writeDoubleLE(unixMs, 16);
  header[24] = kinds.indexOf(entry.kind);
  header[25] = signals.indexOf(entry.kind === 'request' ? entry.signal : entry.packed.signal);
  header[26] = entry.kind === 'request' ? wireFormats.indexOf(entry.format) : 0;
  header[27] = entry.kind === 'request' ? contentEncodings.indexOf(entry.encoding) : 0;
  header.writeUInt32LE(admittedBytes, 28);
  // The length is covered too: a flipped bit in it would otherwise move every record behind.
  const crc = crc32c(body, crc32c(header.subarray(8), crc32c(header.subarray(0, 4))));
  header.writeUInt32LE(crc, 4);
  return [header, body];
}

/** Length of the body that a record's header announces. */
export function bodyLength(header: Uint8Array): number {
  return Buffer.from(header.buffer, header.byteOffset, header.byteLength).readUInt32LE(0);
}

/** Reads a record. Throws saying what is wrong with it. */
export function decodeRecord(header: Uint8Array, body: Uint8Array): JournalRecord {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const crc = crc32c(body, crc32c(bytes.subarray(8), crc32c(bytes.subarray(0, 4))));
  if (bytes.readUInt32LE(4) !== crc) throw new RangeError('record checksum does not match');
  const kind = kinds[bytes[24]!];
  const signal = signals[bytes[25]!];
  const format = wireFormats[bytes[26]!];
  const encoding = contentEncodings[bytes[27]!];
  if (kind === undefined || signal === undefined || format === undefined || encoding === undefined) {
    throw new RangeError(`record of a kind that this otelduck does not know: ${[...bytes.subarray(24, 28)].join(' ')}`);
  }
  return {
    sequence: bytes.readDoubleLE(8),
    unixMs: bytes.readDoubleLE(16),
    admittedBytes: bytes.readUInt32LE(28),
    entry: kind === 'request' ? { kind, signal, format, encoding, body } : { kind, packed: decodePacked(signal, body) },
  };
}

/** Heap length and counts as u32, then the packed buffer as it is. */
function encodePacked({ buffer, heapBytes, rows, lengths }: PackedRows): Uint8Array {
  const numbers = Uint32Array.from([heapBytes, rows.length, lengths.length, ...rows, ...lengths]);
  const body = new Uint8Array(numbers.byteLength + buffer.byteLength);
  body.set(new Uint8Array(numbers.buffer));
  body.set(new Uint8Array(buffer), numbers.byteLength);
  return body;
}

function decodePacked(signal: Signal, body: Uint8Array): PackedRows {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const number = (index: number) => view.getUint32(4 * index, true);
  const tables = number(1);
  const arrays = number(2);
  const numbersEnd = 4 * (3 + tables + arrays);
  return {
    signal,
    heapBytes: number(0),
    rows: Array.from({ length: tables }, (_, i) => number(3 + i)),
    lengths: Array.from({ length: arrays }, (_, i) => number(3 + tables + i)),
    // A copy, because typed arrays over it must begin at multiples of eight bytes.
    buffer: new Uint8Array(body.subarray(numbersEnd)).buffer,
  };
}
