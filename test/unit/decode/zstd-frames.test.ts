// Frames of zstd that say more of themselves than a decoder may believe.

import { describe, expect, test } from 'vitest';
import { zstdBlocks } from '../../../src/decode/compression/zstd-frames.js';
import { LONGEST_BLOCK_BYTES, type TestBlock, zstdFrame, zstdFrameOf, zstdZeros } from '../../support/zstd-frame.js';

const KiB = 1 << 10;
const MiB = 1 << 20;

function inflated(body: Uint8Array, { maxWindowBytes = 8 * MiB, maxBytes = Number.POSITIVE_INFINITY } = {}): Buffer {
  let at = 0;
  const take = (bytes: number) => {
    at += bytes;
    return body.subarray(at - bytes, at);
  };
  return Buffer.concat([...zstdBlocks(take, { maxWindowBytes, maxBytes })]);
}

/** A frame of one segment that says that it holds so many bytes, up to 255. */
const frameThatSays = (bytes: number, ...blocks: readonly TestBlock[]) =>
  Buffer.concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes), zstdFrameOf(blocks).subarray(6)]);

const text = Buffer.from('some text');
/** zstd -19 of a request with eight records, which refer to each other. */
const compressed = Buffer.from(
  'KLUv/SSujQIApAMKqwESqAESEwkAACo2/pyXFyoICgZzYWlkIDASEwlAQjkxgIRIMsDGVzMACWc0QEt2NYCNhTbAz5Q3DSjg5QEg4+cDxzWveY3XvIZvkOwnXTZaGw==',
  'base64',
);

describe('holds', () => {
  for (const [what, body, held] of [
    ['nothing at all', Buffer.alloc(0), ''],
    ['an empty frame', zstdFrame(Buffer.alloc(0)), ''],
    ['a frame', zstdFrame(text), 'some text'],
    ['frames, one of them empty', Buffer.concat(['a', '', 'b'].map((part) => zstdFrame(Buffer.from(part)))), 'ab'],
    ['empty blocks', zstdFrameOf([Buffer.alloc(0), text, { byte: 65, times: 0 }, Buffer.alloc(0)]), 'some text'],
    ['a length', frameThatSays(9, Buffer.from('some '), Buffer.from('text')), 'some text'],
    ['a byte many times', zstdFrameOf([text, { byte: 0x21, times: 3 }]), 'some text!!!'],
  ] as const) {
    test(what, () => expect(inflated(body).toString()).toBe(held));
  }

  test('what was compressed, in frames behind each other', () => {
    const one = inflated(compressed);
    expect(one).toHaveLength(174);
    expect(one.includes('said ')).toBe(true);
    expect(inflated(Buffer.concat([compressed, compressed]))).toEqual(Buffer.concat([one, one]));
  });

  test('more than its window', () => expect(inflated(zstdZeros(3 * MiB)).equals(Buffer.alloc(3 * MiB))).toBe(true));
});

describe('is refused', () => {
  const windowOfGigabyte = zstdFrameOf([text], 30);
  for (const [what, body, reason] of [
    [
      'a block of more than the format allows',
      zstdFrameOf([{ byte: 0, times: LONGEST_BLOCK_BYTES }]),
      'a block of 2097151 bytes, more than 131072',
    ],
    [
      'a block larger than its window',
      zstdFrameOf([{ byte: 0, times: 2 * KiB }], 10),
      'a block of 2048 bytes, more than 1024',
    ],
    ['a large window', windowOfGigabyte, 'a window of 1073741824 bytes, more than 8388608'],
    [
      'a large window of a later frame',
      Buffer.concat([zstdFrame(text), windowOfGigabyte]),
      'a window of 1073741824 bytes, more than 8388608',
    ],
    ['more than was said', frameThatSays(4, text.subarray(0, 3), text.subarray(3, 6)), 'a frame of 4 bytes holds 6'],
    ['less than was said', frameThatSays(10, text), 'a frame of 10 bytes holds 9'],
    ['a kind of block that is none', zstdFrameOf([text]).fill(0x4f, 6, 7), 'a block of a kind that does not exist'],
    ['what is no frame', Buffer.from('surely not compressed'), 'invalid zstd data'],
    ['a part of a frame', zstdFrame(text).subarray(0, -1), 'unexpected end of data'],
    ['a part of a frame to skip', Buffer.from('502a4d180300000001', 'hex'), 'unexpected end of data'],
  ] as const) {
    test(what, () => expect(() => inflated(body)).toThrow(reason));
  }
});

test('blocks of a byte do not have a large window moved for each of them', () => {
  const body = zstdFrameOf(Array<TestBlock>(20_000).fill(Uint8Array.of(0x20)), 23);
  expect(() => inflated(body)).toThrow(/^\d{4} blocks that hold \d{4} bytes, too few for a window of 8388608 bytes$/);
  // A window that is larger than what is wanted of the frame is not needed.
  expect(inflated(body, { maxBytes: 64 * KiB })).toHaveLength(20_000);
});

test('a block larger than what is wanted is given whole, for who wants less to see', () => {
  expect(inflated(zstdFrame(Buffer.alloc(5000, 1)), { maxBytes: 100 })).toHaveLength(5000);
});

test('what is not read is not decoded', () => {
  let at = 0;
  const body = zstdZeros(4096 * MiB);
  const blocks = zstdBlocks(
    (bytes) => {
      at += bytes;
      return body.subarray(at - bytes, at);
    },
    { maxWindowBytes: 8 * MiB, maxBytes: Number.POSITIVE_INFINITY },
  );
  for (let i = 0; i < 10; i++) expect((blocks.next().value as Uint8Array).length).toBe(128 * KiB);
  expect(at).toBe(6 + 10 * 4);
});
