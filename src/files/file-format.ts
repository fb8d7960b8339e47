// The first bytes of a file → the form of its content.

import { Failure } from '../base/failure.js';
import type { FileInput } from './file-input.js';
import { isZstd } from './magics.js';
import type { FileFormat } from './read-task.js';

/** How much of a file is looked at. A first line longer than this is taken for a whole document. */
const SNIFFED_BYTES = 64 << 10;

/** The tag of a request's only field, and of the first field of the messages inside. It is a line feed too. */
const FIRST_FIELD_TAG = 0x0a;
/** Tags begin here: a smaller byte has field number 0. */
const FIRST_TAG = 0x08;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** Undefined for a file without content. Throws a Failure when nothing is known that begins so. */
export function detectFormat(input: FileInput): FileFormat | undefined {
  const bytes = input.peek(SNIFFED_BYTES);
  const [first] = bytes;
  if (first === undefined) return undefined;
  const start = BYTE_ORDER_MARK.equals(bytes.subarray(0, 3)) ? 3 : 0;
  const textAt = spaceEnd(bytes, start);
  if (textAt === bytes.length) return 'json';
  if (isJsonObject(bytes, textAt)) return isLines(bytes, textAt) ? 'jsonl' : 'json';
  if (isDelimited(input)) return 'delimited';
  if (first === FIRST_FIELD_TAG) return 'protobuf';
  throw new Failure('malformed', `neither JSON nor protobuf begins with byte 0x${first.toString(16).padStart(2, '0')}`);
}

/** A request after its length in four bytes, as against a protobuf request that begins with its tag. */
export function isDelimited(input: FileInput): boolean {
  const bytes = input.peek(8);
  const [first = FIRST_TAG] = bytes;
  const message = bytes.subarray(4);
  return first < FIRST_TAG && (message[0] === FIRST_FIELD_TAG || isJson(message) || isZstd(message));
}

/** Whether a request that is not protobuf begins here. */
export function isJson(message: Uint8Array): boolean {
  return message[0] === OPEN_BRACE;
}

/**
 * Whether an object of JSON begins here. Protobuf can begin with the same bytes up to the quote: what follows is the first
 * letter of a name in JSON, and in protobuf a tag below 0x20.
 */
function isJsonObject(bytes: Uint8Array, start: number): boolean {
  if (bytes[start] !== OPEN_BRACE) return false;
  const at = spaceEnd(bytes, start + 1);
  if (at === bytes.length || bytes[at] === CLOSE_BRACE) return true;
  if (bytes[0] === FIRST_FIELD_TAG) return bytes[at] === QUOTE && (bytes[at + 1] ?? 0) > 0x20;
  return true;
}

/** Whether the first line is a whole document. */
function isLines(bytes: Uint8Array, start: number): boolean {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = stringEnd(bytes, at);
    else if (byte === OPEN_BRACE) depth++;
    else if (byte === CLOSE_BRACE) depth--;
    else if (byte === LINE_FEED) return depth === 0;
  }
  return bytes.length === SNIFFED_BYTES;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== LINE_FEED) at += bytes[at] === BACKSLASH ? 2 : 1;
  return bytes[at] === LINE_FEED ? at - 1 : at;
}

function spaceEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d)) at++;
  return at;
}
