// What the frames of a zstd body ask a decoder to allocate, read from their headers without decoding (RFC 8878, section
// 3.1.1). A decoder allocates a frame's window before its first block, so a body of some bytes can ask for gigabytes.

/** Every decoder supports this much, and none has to support more (RFC 8878, section 3.1.1.1.2). */
export const MAX_ZSTD_WINDOW_BYTES = 8 << 20;

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const RLE_BLOCK = 1;

export interface ZstdFrame {
  readonly windowBytes: number;
  /** Length of what the frame holds, where it says so. */
  readonly contentBytes: number | undefined;
}

/** Walks the frames of a body. Throws where it does not follow the format; decoders have the details to say. */
export function* zstdFrames(body: Uint8Array): Generator<ZstdFrame> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  while (at < body.length) {
    const magic = view.getUint32(at, true);
    if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (magic !== FRAME_MAGIC) throw new Error('invalid zstd data');
    const header = readHeader(view, at + 4);
    yield header;
    at = blocksEnd(view, header.end) + (header.hasChecksum ? 4 : 0);
  }
}

function readHeader(view: DataView, start: number): ZstdFrame & { end: number; hasChecksum: boolean } {
  const descriptor = view.getUint8(start);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeFlag = descriptor >> 6;
  const contentSizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
  const windowAt = start + 1;
  const contentSizeAt = windowAt + (isSingleSegment ? 0 : 1) + dictionaryIdBytes;
  const contentBytes = contentSizeBytes === 0 ? undefined : contentSize(view, contentSizeAt, contentSizeBytes);
  return {
    windowBytes: isSingleSegment ? contentBytes! : windowSize(view.getUint8(windowAt)),
    contentBytes,
    end: contentSizeAt + contentSizeBytes,
    hasChecksum: (descriptor & 4) !== 0,
  };
}

function windowSize(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

function blocksEnd(view: DataView, start: number): number {
  let at = start;
  for (;;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const isRle = ((header >> 1) & 3) === RLE_BLOCK;
    at += 3 + (isRle ? 1 : header >> 3);
    if ((header & 1) !== 0) return at;
  }
}
