// Compressors for Arrow's buffers, as simple as their formats allow: repeated bytes are found, nothing else. What real
// ones make is in the recorded streams and in lz4-frame.test.ts.

import { CompressionType, compressionRegistry } from 'apache-arrow';

export type Compression = 'none' | 'zstd' | 'lz4';

export const compressionTypes: Record<Compression, number | null> = {
  none: null,
  zstd: CompressionType.ZSTD,
  lz4: CompressionType.LZ4_FRAME,
};

const LARGEST_ZSTD_BLOCK = 128 << 10;

compressionRegistry.set(CompressionType.ZSTD, { encode: encodeZstd });
compressionRegistry.set(CompressionType.LZ4_FRAME, { encode: encodeLz4 });

interface Run {
  readonly start: number;
  readonly end: number;
  readonly isRepeated: boolean;
}

/** Splits bytes into runs of one byte and what is between them. */
function* runs(bytes: Uint8Array, shortest: number): Generator<Run> {
  let start = 0;
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end++;
    if (end - at >= shortest) {
      if (start < at) yield { start, end: at, isRepeated: false };
      yield { start: at, end, isRepeated: true };
      start = end;
    }
    at = end;
  }
  if (start < bytes.length) yield { start, end: bytes.length, isRepeated: false };
}

/** A frame of raw blocks and of blocks that repeat a byte (RFC 8878). */
function encodeZstd(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(9);
  header.writeUInt32LE(0xfd2fb528, 0);
  header[4] = 0b1010_0000; // a single segment, and 4 bytes that say how long it is
  header.writeUInt32LE(bytes.length, 5);
  const blocks: { isRepeated: boolean; content: Uint8Array; length: number }[] = [];
  for (const { start, end, isRepeated } of runs(bytes, 8)) {
    for (let at = start; at < end; at += LARGEST_ZSTD_BLOCK) {
      const length = Math.min(LARGEST_ZSTD_BLOCK, end - at);
      blocks.push({ isRepeated, length, content: bytes.subarray(at, isRepeated ? at + 1 : at + length) });
    }
  }
  const parts = blocks.flatMap(({ isRepeated, content, length }, i) => {
    const head = Buffer.alloc(3);
    head.writeUIntLE((length << 3) | (isRepeated ? 2 : 0) | (i === blocks.length - 1 ? 1 : 0), 0, 3);
    return [head, content];
  });
  return Buffer.concat([header, ...parts]);
}

/** A frame of one block with a match for each run of a byte. */
function encodeLz4(bytes: Uint8Array): Uint8Array {
  const block: number[] = [];
  let literals: number[] = [];
  const sequence = (match: number) => {
    const matchLength = match === 0 ? 0 : match - 4;
    block.push((Math.min(15, literals.length) << 4) | Math.min(15, matchLength));
    pushLength(block, literals.length);
    for (const literal of literals) block.push(literal);
    if (match > 0) {
      block.push(1, 0); // one byte back
      pushLength(block, matchLength);
    }
    literals = [];
  };
  for (const { start, end, isRepeated } of runs(bytes, 12)) {
    // The format wants the last five bytes to be literals.
    const matchEnd = isRepeated ? Math.min(end, bytes.length - 5) : start;
    const hasMatch = matchEnd - start > 4;
    if (hasMatch) {
      literals.push(bytes[start]!);
      sequence(matchEnd - start - 1);
    }
    for (let at = hasMatch ? matchEnd : start; at < end; at++) literals.push(bytes[at]!);
  }
  sequence(0);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  // Version 1, independent blocks of up to 4 MiB. Nobody checks the header's checksum.
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x00]),
    size,
    Buffer.from(block),
    Buffer.alloc(4),
  ]);
}

function pushLength(block: number[], length: number): void {
  if (length < 15) return;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) block.push(255);
  block.push(rest);
}
