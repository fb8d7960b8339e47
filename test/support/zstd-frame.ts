// zstd without a compressor, which Node has only from version 22 on: blocks that hold bytes as they are, or one byte and
// how often it stands there (RFC 8878, section 3.1.1).

const FRAME_HEAD = Buffer.from([
  0x28,
  0xb5,
  0x2f,
  0xfd, // magic number
  0x00, // descriptor: a window follows, no length, no checksum
  0x58, // window of 2 MiB
]);
const MAX_BLOCK_BYTES = 128 * 1024;
const RAW = 0;
const RLE = 1;

/** One frame that holds `body`. */
export function zstdFrame(body: Uint8Array): Buffer {
  const parts: Uint8Array[] = [FRAME_HEAD];
  for (let start = 0; start < body.length || start === 0; start += MAX_BLOCK_BYTES) {
    const block = body.subarray(start, start + MAX_BLOCK_BYTES);
    parts.push(blockHead(RAW, block.length, start + MAX_BLOCK_BYTES >= body.length), block);
  }
  return Buffer.concat(parts);
}

/** A frame of `bytes` zeros, in four bytes for each 128 KiB. */
export function zstdZeros(bytes: number): Buffer {
  const blocks = Math.ceil(bytes / MAX_BLOCK_BYTES);
  const parts: Uint8Array[] = [FRAME_HEAD];
  for (let i = 1; i <= blocks; i++) parts.push(blockHead(RLE, MAX_BLOCK_BYTES, i === blocks), Buffer.alloc(1));
  return Buffer.concat(parts);
}

function blockHead(kind: number, bytes: number, isLast: boolean): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((bytes << 3) | (kind << 1) | (isLast ? 1 : 0), 0, 3);
  return head;
}
