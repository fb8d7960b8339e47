// zstd where the runtime has none: frames that are read piece by piece → what their blocks hold. fzstd decodes a block, and
// believes what it reads: how large a window to allocate, how often to repeat a byte. So frames and blocks are walked here
// (RFC 8878, section 3.1.1), and fzstd gets one block at a time, of a size that the format allows. Checksums are not
// verified.

import { Decompress } from 'fzstd';

/** Every decoder supports this much, and none has to support more (RFC 8878, section 3.1.1.1.2). */
export const MAX_ZSTD_WINDOW_BYTES = 8 << 20;

const FRAME_MAGIC = 0xfd2fb528;
/** The first 28 bits of what a decoder has to skip. */
const SKIPPABLE_MAGIC = 0x184d2a5;
const MAX_BLOCK_BYTES = 128 << 10;
const SMALLEST_WINDOW_LOG = 10;
const SKIPPED_AT_ONCE_BYTES = 64 << 10;

const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
const RESERVED_BLOCK = 3;

/**
 * fzstd moves its whole window for each block, in a millisecond or so for 8 MiB. Compressors fill their blocks or split them
 * into some; blocks of a few bytes only would take minutes for a file of kilobytes. So many bytes may be moved for each
 * that comes out: as many as blocks of 512 bytes in a window of 8 MiB take.
 */
const MOST_MOVED_PER_BYTE = 16 << 10;
/** What may be moved whatever comes out: a second's work or two. */
const FREELY_MOVED_BYTES = 8 * 2 ** 30;

export interface ZstdLimits {
  /** A frame that asks for a larger window is refused. */
  readonly maxWindowBytes: number;
  /** Nobody reads on behind so many bytes, so no window needs more. */
  readonly maxBytes: number;
}

interface Frame {
  /** What its blocks may refer back to. */
  readonly windowBytes: number;
  readonly maxBlockBytes: number;
  /** Length of what the frame holds, where it says so. */
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
}

/**
 * What the frames hold, at most 128 KiB at a time, in memory of its own. `take` gives the next so many bytes, fewer at the
 * end only, which must not change later. Throws where the bytes are not zstd, or ask for more than they may.
 */
export function* zstdBlocks(take: (bytes: number) => Uint8Array, limits: ZstdLimits): Generator<Uint8Array, void> {
  let blocks = 0;
  let heldBytes = 0;
  let movedBytes = 0;
  for (let magic = take(4); magic.length > 0; magic = take(4)) {
    if (magic.length < 4) throw endOfData();
    if (littleEndian(magic) >>> 4 === SKIPPABLE_MAGIC) {
      skip(take, littleEndian(taken(take, 4)));
      continue;
    }
    if (littleEndian(magic) !== FRAME_MAGIC) throw new Error('invalid zstd data');
    const frame = readFrame(take);
    if (frame.windowBytes > limits.maxWindowBytes) {
      throw new Error(`a window of ${frame.windowBytes} bytes, more than ${limits.maxWindowBytes}`);
    }
    const neededBytes = Math.min(frame.windowBytes, frame.contentBytes ?? limits.maxBytes, limits.maxBytes);
    // fzstd has no room for a block that is larger.
    const windowBytes = Math.max(neededBytes, frame.maxBlockBytes);
    let decoder: BlockDecoder | undefined;
    let frameBytes = 0;
    for (let isLast = false; !isLast; ) {
      const head = taken(take, 3);
      const header = littleEndian(head);
      isLast = (header & 1) !== 0;
      const kind = (header >> 1) & 3;
      const size = header >> 3;
      if (kind === RESERVED_BLOCK) throw new Error('a block of a kind that does not exist');
      if (size > frame.maxBlockBytes) throw new Error(`a block of ${size} bytes, more than ${frame.maxBlockBytes}`);
      const content = taken(take, kind === RLE_BLOCK ? 1 : size);
      if (size === 0 && kind !== COMPRESSED_BLOCK) continue;
      // Nothing refers back to a frame's only block.
      decoder ??= new BlockDecoder(isLast ? Math.min(windowBytes, MAX_BLOCK_BYTES) : windowBytes);
      movedBytes += decoder.windowBytes;
      blocks++;
      if (movedBytes > FREELY_MOVED_BYTES + MOST_MOVED_PER_BYTE * heldBytes) {
        throw new Error(
          `${blocks} blocks that hold ${heldBytes} bytes, too few for a window of ${decoder.windowBytes} bytes`,
        );
      }
      const held = decoder.decode(head, content);
      heldBytes += held.length;
      frameBytes += held.length;
      if (frameBytes > (frame.contentBytes ?? frameBytes)) throw wrongLength(frame, frameBytes);
      if (held.length > 0) yield held;
    }
    if (frameBytes < (frame.contentBytes ?? 0)) throw wrongLength(frame, frameBytes);
    if (frame.hasChecksum) taken(take, 4);
  }
}

/** Decodes the blocks of a frame, one after the other. */
class BlockDecoder {
  readonly windowBytes: number;
  readonly #held: Uint8Array[] = [];
  readonly #decoder = new Decompress((held) => this.#held.push(held));

  /** Keeps at least `windowBytes` of what was decoded, for later blocks to refer back to. */
  constructor(windowBytes: number) {
    const windowLog = Math.max(SMALLEST_WINDOW_LOG, Math.ceil(Math.log2(windowBytes)));
    this.windowBytes = 2 ** windowLog;
    // A frame's header in its longest form, as fzstd waits for 18 bytes: with a dictionary and a length that it ignores.
    const header = new Uint8Array(18);
    header.set([0x28, 0xb5, 0x2f, 0xfd, 0xc3, (windowLog - SMALLEST_WINDOW_LOG) << 3]);
    this.#decoder.push(header);
  }

  decode(head: Uint8Array, content: Uint8Array): Uint8Array {
    // In two parts, as fzstd keeps what is left of each for ever until it has to join it with the next.
    this.#decoder.push(head);
    this.#decoder.push(content);
    const held = this.#held.pop();
    if (held === undefined) throw new Error('BUG: a block that fzstd waits for the rest of');
    return held;
  }
}

function readFrame(take: (bytes: number) => Uint8Array): Frame {
  const descriptor = taken(take, 1)[0]!;
  if ((descriptor & 8) !== 0) throw new Error('invalid zstd data');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowDescriptorBytes = isSingleSegment ? 0 : 1;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeFlag = descriptor >> 6;
  const contentSizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
  const rest = taken(take, windowDescriptorBytes + dictionaryIdBytes + contentSizeBytes);
  const contentSize = littleEndian(rest.subarray(windowDescriptorBytes + dictionaryIdBytes));
  const contentBytes = contentSizeBytes === 0 ? undefined : contentSizeBytes === 2 ? contentSize + 256 : contentSize;
  const windowBytes = isSingleSegment ? contentBytes! : windowSize(rest[0]!);
  return {
    windowBytes,
    maxBlockBytes: Math.min(windowBytes, MAX_BLOCK_BYTES),
    contentBytes,
    hasChecksum: (descriptor & 4) !== 0,
  };
}

function windowSize(byte: number): number {
  const base = 2 ** (SMALLEST_WINDOW_LOG + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function taken(take: (bytes: number) => Uint8Array, count: number): Uint8Array {
  const bytes = take(count);
  if (bytes.length < count) throw endOfData();
  return bytes;
}

function skip(take: (bytes: number) => Uint8Array, count: number): void {
  for (let left = count; left > 0; left -= SKIPPED_AT_ONCE_BYTES) taken(take, Math.min(left, SKIPPED_AT_ONCE_BYTES));
}

function endOfData(): Error {
  return new Error('unexpected end of data');
}

function wrongLength({ contentBytes }: Frame, bytes: number): Error {
  return new Error(`a frame of ${contentBytes} bytes holds ${bytes}`);
}
