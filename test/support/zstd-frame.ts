// zstd without a compressor, which Node has only from version 22 on: blocks that hold bytes as they are, or one byte and
// how often it stands there (RFC 8878, section 3.1.1).

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const MAX_BLOCK_BYTES = 128 * 1024;
const RAW = 0;
const RLE = 1;

/** The longest length that a block's header can hold, sixteen times what the format allows. */
export const LONGEST_BLOCK_BYTES = 0x1f_ffff;

/** A block that holds bytes as they are, or one byte so many times. */
export type TestBlock = Uint8Array | { readonly byte: number; readonly times: number };

/** A frame of these blocks, with a window of 2 MiB or another power of two, without length and checksum. */
export function zstdFrameOf(blocks: readonly TestBlock[], windowLog = 21): Buffer {
  const parts: Uint8Array[] = [Uint8Array.from([...MAGIC, 0x00, (windowLog - 10) << 3])];
  blocks.forEach((block, i) => {
    const isLast = i === blocks.length - 1;
    if (block instanceof Uint8Array) parts.push(blockHead(RAW, block.length, isLast), block);
    else parts.push(blockHead(RLE, block.times, isLast), Uint8Array.of(block.byte));
  });
  return Buffer.concat(parts);
}

/** One frame that holds `body`. */
export function zstdFrame(body: Uint8Array): Buffer {
  const blocks = [];
  for (let start = 0; start < body.length || start === 0; start += MAX_BLOCK_BYTES) {
    blocks.push(body.subarray(start, start + MAX_BLOCK_BYTES));
  }
  return zstdFrameOf(blocks);
}

/** A frame of `bytes` zeros, in four bytes for each 128 KiB. */
export function zstdZeros(bytes: number): Buffer {
  return zstdFrameOf(Array(Math.ceil(bytes / MAX_BLOCK_BYTES)).fill({ byte: 0, times: MAX_BLOCK_BYTES }));
}

function blockHead(kind: number, bytes: number, isLast: boolean): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((bytes << 3) | (kind << 1) | (isLast ? 1 : 0), 0, 3);
  return head;
}
