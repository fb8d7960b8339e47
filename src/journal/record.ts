// Binary format of a journal. A segment is a file header followed by records, each with checksums of its own:
//
//   file    "otelduck" · version u16 · reserved u16 · first sequence f64 · CRC u32 of all before
//   record  body length u32 · sequence f64 · time (unix ms) f64 · kind u8 · signal u8 · format u8 · encoding u8
//           · admitted bytes u32 · CRC u32 of all before · CRC u32 of all before that one, and of the body · body
//
// Integers are little-endian. Sequences are whole numbers below 2^53, so they fit a double. The records of a segment have
// consecutive sequences, starting with the one in its header and name. A record's header has its own checksum, so that
// its length can be trusted if the body is damaged or the file ends inside it.
//
// Formats differ in their checksum and in the description of rows, and where there are tenants a body begins with the length of
// the tenant's name (u8, 0 for none) and the name. All formats are read. A server without tenants writes the one without, which
// earlier versions read too.

import type { PackedRows } from '../buffer/packed-rows.js';
import { type ContentEncoding, contentEncodings } from '../decode/compression/inflate.js';
import { type WireFormat, wireFormats } from '../decode/request-decoder.js';
import { type Signal, signals } from '../schema/column-declaration.js';
import { type Checksum, crc32, crc32c } from './checksum.js';
import { decodeFirstRows, decodeRows, encodeRows } from './rows-body.js';

interface Format {
  readonly checksum: Checksum;
  /** Whether bodies begin with the name of a tenant. */
  readonly hasTenants: boolean;
  decodeRows(signal: Signal, body: Uint8Array): PackedRows;
}

const formats = {
  1: { checksum: crc32c, hasTenants: false, decodeRows: decodeFirstRows },
  2: { checksum: crc32, hasTenants: false, decodeRows },
  // Another checksum, which tells the formats of a file apart when its header is damaged.
  3: { checksum: (bytes, before = 3) => crc32(bytes, before), hasTenants: true, decodeRows },
} as const satisfies Record<number, Format>;

export type FormatVersion = keyof typeof formats;

/** Version that is written without tenants. */
export const FORMAT_VERSION = 2;
/** Version that is written with tenants. */
export const TENANT_FORMAT_VERSION = 3;
/** Versions that are read, newest first. */
export const readableVersions: readonly FormatVersion[] = [TENANT_FORMAT_VERSION, FORMAT_VERSION, 1];

export function isReadable(version: number): version is FormatVersion {
  return version in formats;
}

export const FILE_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 36;

const MAGIC = Buffer.from('otelduck');
const FILE_CRC_AT = 20;
const HEADER_CRC_AT = 28;
const RECORD_CRC_AT = 32;

/** An accepted request as received, or decoded rows of a stream, whose bytes only that stream's decoder understands. */
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
  /** Whose it is; undefined where there are no tenants. */
  readonly tenant: string | undefined;
  readonly entry: JournalEntry;
}

/** Body of a record in two parts, so that the bytes of a request need not be copied. */
export interface RecordBody {
  readonly tenant: Uint8Array;
  readonly contents: Uint8Array;
}

const kinds = ['request', 'rows'] as const;

export function fileHeader(firstSequence: number, version: FormatVersion = FORMAT_VERSION): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt16LE(version, 8);
  header.writeDoubleLE(firstSequence, 12);
  header.writeUInt32LE(formats[version].checksum(header.subarray(0, FILE_CRC_AT)), FILE_CRC_AT);
  return header;
}

/** Contents of a file header. Fields other than `version` are valid only for readable versions. */
export interface FileHeader {
  readonly version: number;
  readonly firstSequence: number;
}

/** Throws if a header is damaged. An unknown version is no damage. */
export function readFileHeader(bytes: Uint8Array): FileHeader {
  const header = asBuffer(bytes);
  if (header.length < FILE_HEADER_BYTES) {
    throw new RangeError(`a file of ${header.length} bytes has no header, which takes ${FILE_HEADER_BYTES}`);
  }
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw new RangeError('the file does not begin with "otelduck"');
  const version = header.readUInt16LE(8);
  // A later version may have its checksum elsewhere.
  if (
    isReadable(version) &&
    header.readUInt32LE(FILE_CRC_AT) !== formats[version].checksum(header.subarray(0, FILE_CRC_AT))
  ) {
    throw new RangeError('the checksum of the file header does not match');
  }
  return { version, firstSequence: header.readDoubleLE(12) };
}

export function recordBody(
  { entry, tenant }: Pick<JournalRecord, 'entry' | 'tenant'>,
  version: FormatVersion,
): RecordBody {
  if (tenant !== undefined && !formats[version].hasTenants) throw new Error(`BUG: format ${version} has no tenants`);
  return {
    tenant: formats[version].hasTenants ? encodedTenant(tenant ?? '') : NO_TENANTS,
    contents: entry.kind === 'request' ? entry.body : encodeRows(entry.packed),
  };
}

/** What a record with this body takes. */
export function recordBytes({ tenant, contents }: RecordBody): number {
  return RECORD_HEADER_BYTES + tenant.length + contents.length;
}

/** Writes a record at `at`, where there is room for it. `body` is its body in the format of the file. */
export function writeRecord(
  target: Buffer,
  at: number,
  { sequence, unixMs, admittedBytes, entry }: Omit<JournalRecord, 'tenant'>,
  { tenant, contents }: RecordBody,
  version: FormatVersion,
): void {
  const { checksum } = formats[version];
  const header = target.subarray(at, at + RECORD_HEADER_BYTES);
  header.writeUInt32LE(tenant.length + contents.length, 0);
  header.writeDoubleLE(sequence, 4);
  header.writeDoubleLE(unixMs, 12);
  header[20] = kinds.indexOf(entry.kind);
  header[21] = signals.indexOf(entry.kind === 'request' ? entry.signal : entry.packed.signal);
  header[22] = entry.kind === 'request' ? wireFormats.indexOf(entry.format) : 0;
  header[23] = entry.kind === 'request' ? contentEncodings.indexOf(entry.encoding) : 0;
  header.writeUInt32LE(admittedBytes, 24);
  const crc = checksum(header.subarray(0, HEADER_CRC_AT));
  header.writeUInt32LE(crc, HEADER_CRC_AT);
  header.writeUInt32LE(checksum(contents, checksum(tenant, crc)), RECORD_CRC_AT);
  target.set(tenant, at + RECORD_HEADER_BYTES);
  target.set(contents, at + RECORD_HEADER_BYTES + tenant.length);
}

const NO_TENANTS = new Uint8Array(0);

function encodedTenant(name: string): Uint8Array {
  return Buffer.from(`${String.fromCharCode(Buffer.byteLength(name))}${name}`);
}

/** The name before the contents of a body, and the contents. */
function readTenant(body: Uint8Array): { readonly tenant: string | undefined; readonly contents: Uint8Array } {
  const end = 1 + (body[0] ?? 0);
  if (end > body.length) throw new RangeError('it ends inside the name of its tenant');
  const tenant = end === 1 ? undefined : Buffer.from(body.subarray(1, end)).toString();
  return { tenant, contents: body.subarray(end) };
}

/** A record's header, as read or with one bit corrected. */
export interface SoundHeader {
  readonly version: FormatVersion;
  readonly bytes: Uint8Array;
  readonly bodyLength: number;
  readonly sequence: number;
  /** Whether one bit was corrected. The record's second checksum verifies the correction. */
  readonly isRepaired: boolean;
}

/** Undefined if the header's checksum does not match, not even with any single bit flipped. */
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

/** Contents of a record. Throws a RangeError that says what is wrong, or an UnknownColumn. */
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
  const { tenant, contents } = format.hasTenants ? readTenant(body) : { tenant: undefined, contents: body };
  return {
    sequence,
    tenant,
    unixMs: header.readDoubleLE(12),
    admittedBytes: header.readUInt32LE(24),
    entry:
      kind === 'request'
        ? { kind, signal, format: wireFormat, encoding, body: contents }
        : { kind, packed: format.decodeRows(signal, contents) },
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
