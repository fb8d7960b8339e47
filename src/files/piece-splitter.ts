// Content of a file → pieces that are decoded on their own: whole lines, whole messages, or the whole document.

import { Failure } from '../base/failure.js';
import type { FileInput } from './file-input.js';
import type { FileFormat } from './read-task.js';

/** Large, because each piece is a task for a thread; small, because some of them wait in memory. */
const PIECE_BYTES = 4 << 20;
/** What is decoded at once: a document, a line, a message, or a resource of a request with everything that it sent. */
export const MAX_UNIT_BYTES = 256 << 20;

const LINE_FEED = 0x0a;
const LENGTH_BYTES = 4;
const LONGEST_VARINT_BYTES = 10;
/** A tag, and a length or a value. */
const LONGEST_HEAD_BYTES = 2 * LONGEST_VARINT_BYTES;

/** Wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export interface Piece {
  readonly bytes: Uint8Array;
  /** Whether the file ends with it. */
  readonly isLast: boolean;
  /** Where the messages of a piece begin and end in `bytes`; undefined where it is not of messages. */
  readonly messages?: readonly (readonly [start: number, end: number])[];
}

/** Takes the next piece, whose bytes are valid until the next call. Undefined at the end. */
export const takePiece: Readonly<Record<FileFormat, (input: FileInput) => Piece | undefined>> = {
  json: takeAll,
  otap: takeAll,
  jsonl: takeLines,
  protobuf: takeFields,
  delimited: takeMessages,
};

function takeAll(input: FileInput): Piece | undefined {
  let bytes = input.peek(PIECE_BYTES);
  for (let room = 2 * PIECE_BYTES; bytes.length === room / 2; room *= 2) {
    if (bytes.length >= MAX_UNIT_BYTES) throw tooLong('document');
    bytes = input.peek(room);
  }
  return taken(input, bytes.length);
}

function takeLines(input: FileInput): Piece | undefined {
  let searched = 0;
  for (let room = PIECE_BYTES; ; room *= 2) {
    const bytes = input.peek(room);
    if (bytes.length < room) return taken(input, bytes.length);
    const lineFeed = bytes.lastIndexOf(LINE_FEED);
    if (lineFeed >= searched) return taken(input, lineFeed + 1);
    if (room >= MAX_UNIT_BYTES) throw tooLong('line');
    searched = room;
  }
}

/**
 * Fields of a request. Each is a request with one resource, or of an unknown kind. Bytes that are not a field are left to the
 * decoder.
 */
function takeFields(input: FileInput): Piece | undefined {
  let end = 0;
  let bytes = input.peek(PIECE_BYTES);
  const isLast = bytes.length < PIECE_BYTES;
  if (isLast) return taken(input, bytes.length);
  for (;;) {
    const fieldEnd = endOfField(bytes, end);
    if (fieldEnd === undefined) return taken(input, end > 0 ? end : bytes.length);
    if (fieldEnd > PIECE_BYTES && end > 0) return taken(input, end);
    if (fieldEnd > MAX_UNIT_BYTES) throw tooLong('field of a request');
    if (fieldEnd > bytes.length) {
      bytes = input.peek(fieldEnd);
      return taken(input, bytes.length);
    }
    end = fieldEnd;
    if (end + LONGEST_HEAD_BYTES > bytes.length) return taken(input, end);
  }
}

/** Where the field that begins at `start` ends; undefined when it is not one with an end that can be told. */
function endOfField(bytes: Uint8Array, start: number): number | undefined {
  const tagEnd = endOfVarint(bytes, start);
  if (tagEnd === undefined) return undefined;
  const wireType = bytes[start]! & 7;
  if (wireType === FIXED64) return tagEnd + 8;
  if (wireType === FIXED32) return tagEnd + 4;
  if (wireType !== VARINT && wireType !== LENGTH_DELIMITED) return undefined;
  const end = endOfVarint(bytes, tagEnd);
  if (end === undefined || wireType === VARINT) return end;
  return end + bytes.subarray(tagEnd, end).reduceRight((length, byte) => length * 128 + (byte & 0x7f), 0);
}

function endOfVarint(bytes: Uint8Array, start: number): number | undefined {
  for (let at = start; at < start + LONGEST_VARINT_BYTES; at++) if (bytes[at]! < 0x80) return at + 1;
  return undefined;
}

/** Messages, each after its length in four bytes, the highest first: what the Collector's file exporter writes. */
function takeMessages(input: FileInput): Piece | undefined {
  const messages: [number, number][] = [];
  let bytes = input.peek(PIECE_BYTES);
  let end = 0;
  while (end < bytes.length) {
    const start = end + LENGTH_BYTES;
    if (start > bytes.length) {
      if (end > 0) break;
      throw new Failure('malformed', `${bytes.length} bytes left of a length of ${LENGTH_BYTES}`);
    }
    const length = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0);
    if (length > MAX_UNIT_BYTES) throw tooLong('message');
    if (start + length > bytes.length) {
      if (end > 0) break;
      bytes = input.peek(start + length);
      if (start + length > bytes.length) {
        throw new Failure('malformed', `${length} bytes announced, ${bytes.length - start} left`);
      }
    }
    end = start + length;
    messages.push([start, end]);
  }
  const piece = taken(input, end);
  return piece && { ...piece, messages };
}

function taken(input: FileInput, length: number): Piece | undefined {
  if (length === 0) return undefined;
  // One byte more tells whether there is a next piece, without moving the bytes of this one.
  const bytes = input.peek(length + 1);
  input.skip(length);
  return { bytes: bytes.subarray(0, length), isLast: bytes.length === length };
}

function tooLong(unit: string): Failure {
  return new Failure('tooLarge', `a ${unit} of more than ${MAX_UNIT_BYTES} bytes`);
}
