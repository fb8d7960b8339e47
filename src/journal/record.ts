// The bytes of a journal. A segment is a file header and then records, each of which proves itself:
//
//   file    "otelduck" · version u16 · reserved u16 · first sequence f64 · CRC u32 of all before
//   record  body length u32 · sequence f64 · time (unix ms) f64 · kind u8 · signal u8 · format u8 · encoding u8
//           · admitted bytes u32 · CRC u32 of all before · CRC u32 of all before that one, and of the body · body
//
// Integers are little-endian. Sequences are whole numbers below 2^53, so that a double holds them; the records of a
// segment have consecutive ones, beginning with that of its header and its name. The header has a checksum of its own,
// so that a length is known to be right where the body is damaged, and where the file ends inside it.
//
// Formats differ by their checksum and by how rows are described. What is written is of the newest; all are read.

import type { PackedRows } from '../buffer/packed-rows.js';
import { type ContentEncoding, contentEncodings } from '../decode/compression/inflate.js';
import { type WireFormat, wireFormats } from '../decode/request-decoder.js';
import { type Signal, signals } from '../schema/column-declaration.js';
import { type Checksum, crc32, crc32c } from './checksum.js';
import { decodeFirstRows, decodeRows, encodeRows } from './rows-body.js';

interface Format {
  readonly checksum: Checksum;
  decodeRows(signal: Signal, body: Uint8Array): PackedRows;
}

const formats = {
  1: { checksum: crc32c, decodeRows: decodeFirstRows },
  2: { checksum: crc32, decodeRows },
} as const satisfies Record<number, Format>;

export type FormatVersion = keyof typeof formats;

/** Of what is written. */
export const FORMAT_VERSION = 2;
/** Of what is read, newest first. */
export const readableVersions: readonly FormatVersion[] = [FORMAT_VERSION, 1];
const { checksum } = formats[FORMAT_VERSION];

export function isReadable(version: number): version is FormatVersion {
  return version in formats;
}

export const FILE_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 36;

const MAGIC = Buffer.from('otelduck');
const FILE_CRC_AT = 20;
const HEADER_CRC_AT = 28;
const RECORD_CRC_AT = 32;

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
  header.writeUInt32LE(checksum(header.subarray(0, FILE_CRC_AT)), FILE_CRC_AT);
  return header;
}

/** What a file's header says. `version` is that of the format; the rest holds where it can be read. */
export interface FileHeader {
  readonly version: number;
  readonly firstSequence: number;
}

/** Throws saying what is wrong with a header. One of another version is not wrong. */
export function readFileHeader(bytes: Uint8Array): FileHeader {
  const header = asBuffer(bytes);
  if (header.length < FILE_HEADER_BYTES) {
    throw new RangeError(`a file of ${header.length} bytes has no header, which takes ${FILE_HEADER_BYTES}`);
  }
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw new RangeError('the file does not begin with "otelduck"');
  const version = header.readUInt16LE(8);
  // A later version may keep its checksum elsewhere.
  if (
    isReadable(version) &&
    header.readUInt32LE(FILE_CRC_AT) !== formats[version].checksum(header.subarray(0, FILE_CRC_AT))
  ) {
    throw new RangeError('the checksum of the file header does not match');
  }
  return { version, firstSequence: header.readDoubleLE(12) };
}

/** The part of a record that follows its header. Requests are not copied. */
export function recordBody(entry: JournalEntry): Uint8Array {
  return entry.kind === 'request' ? entry.body : encodeRows(entry.packed);
}

/** Writes a record at a place that has room for it. `body` is that of its entry. */
export function writeRecord(
  target: Buffer,
  at: number,
  { sequence, unixMs, admittedBytes, entry }: JournalRecord,
  body: Uint8Array,
): void {
  const header = target.subarray(at, at + RECORD_HEADER_BYTES);
  header.writeUInt32LE(body.length, 0);
  header.writeDoubleLE(sequence, 4);
  header.writeDoubleLE(unixMs, 12);
  header[20] = kinds.indexOf(entry.kind);
  header[21] = signals.indexOf(entry.kind === 'request' ? entry.signal : entry.packed.signal);
  header[22] = entry.kind === 'request' ? wireFormats.indexOf(entry.format) : 0;
  header[23] = entry.kind === 'request' ? contentEncodings.indexOf(entry.encoding) : 0;
  header.writeUInt32LE(admittedBytes, 24);
  const crc = checksum(header.subarray(0, HEADER_CRC_AT));
  header.writeUInt32LE(crc, HEADER_CRC_AT);
  header.writeUInt32LE(checksum(body, crc), RECORD_CRC_AT);
  target.set(body, at + RECORD_HEADER_BYTES);
}

/** A record's header, as it is or as it must have been. */
export interface SoundHeader {
  readonly version: FormatVersion;
  readonly bytes: Uint8Array;
  readonly bodyLength: number;
  readonly sequence: number;
  /** Whether one bit had to be put right. The record's other checksum tells whether it was the right one. */
  readonly isRepaired: boolean;
}

/** Undefined where the header's checksum does not match, and does not match with any one bit turned either. */
export function readRecordHeader(bytes: Uint8Array, version: FormatVersion): SoundHeader | undefined {
  const header = Buffer.from(bytes);
  if (isHeaderSound(header, version)) return soundHeader(header, version, false);
  for (let bit = 0; bit < 8 * RECORD_CRC_AT; bit++) {
    header[bit >> 3]! ^= 1 << (bit & 7);
    if (isHeaderSound(header, version)) return soundHeader(header, version, true);
    header[bit >> 3]! ^= 1 << (bit & 7);
  }
  return undefined;
}

/** What a record holds. Throws a RangeError saying what is wrong with it, or an UnknownColumn. */
export function decodeRecord({ version, bytes, sequence }: SoundHeader, body: Uint8Array): JournalRecord {
  const header = asBuffer(bytes);
  const format = formats[version];
  if (header.readUInt32LE(RECORD_CRC_AT) !== format.checksum(body, header.readUInt32LE(HEADER_CRC_AT))) {
    throw new RangeError('its checksum does not match');
  }
  const kind = kinds[header[20]!];
  const signal = signals[header[21]!];
  const wireFormat = wireFormats[header[22]!];
  const encoding = contentEncodings[header[23]!];
  if (kind === undefined || signal === undefined || wireFormat === undefined || encoding === undefined) {
    throw new RangeError(`it is of a kind that this otelduck does not know: ${[...header.subarray(20, 24)].join(' ')}`);
  }
  return {
    sequence,
    unixMs: header.readDoubleLE(12),
    admittedBytes: header.readUInt32LE(24),
    entry:
      kind === 'request'
        ? { kind, signal, format: wireFormat, encoding, body }
        : { kind, packed: format.decodeRows(signal, body) },
  };
}

function isHeaderSound(header: Buffer, version: FormatVersion): boolean {
  return header.readUInt32LE(HEADER_CRC_AT) === formats[version].checksum(header.subarray(0, HEADER_CRC_AT));
}

function soundHeader(header: Buffer, version: FormatVersion, isRepaired: boolean): SoundHeader {
  return { version, bytes: header, bodyLength: header.readUInt32LE(0), sequence: header.readDoubleLE(4), isRepaired };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
