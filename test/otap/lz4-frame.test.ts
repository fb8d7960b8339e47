// Frames as github.com/pierrec/lz4 v4.1.33 writes them, a library that Arrow's Go implementation compresses with.

import { describe, expect, test } from 'vitest';
import { decodeLz4Frame } from '../../src/decode/compression/lz4-frame.js';

const text = Array.from({ length: 400 }, (_, i) => `line ${(i * i) % 97} of ${i}; `).join('');

const frames = [
  {
    name: 'with matches, and a checksum of the content',
    content: Buffer.from(text.slice(0, 600)),
    base64: [
      'BCJNGGRwuZgBAADRbGluZSAwIG9mIDA7IA0AgTEgb2YgMTsgGgBjNCBvZiAyDQBjOSBvZiAzDQBzMTYgb2YgNDUAczI1IG9mIDUO',
      'AHMzNiBvZiA2DgBzNDkgb2YgNw4AczY0IG9mIDgOAHM4MSBvZiA5DgBkMyBvZiAxiQCDMjQgb2YgMTFxAIM0NyBvZiAxMg8Agzcy',
      'IG9mIDEzDwACDgAEjwASM8UABJAAEjYeAASRAIM5NSBvZiAxNw8AEjN3AASTAIM3MCBvZiAxOQ8AgzEyIG9mIDIwDwCDNTMgb2Yg',
      'MjEPAIM5NiBvZiAyMg8AEjQwAQQkAYM5MSBvZiAyNA8AEjQ8AASWABI5LQAElgCDNTAgb2YgMjcPAGQ4IG9mIDKVAIM2NSBvZiAy',
      'OR0AgzI3IG9mIDMwDwCDODggb2YgMzEPAIM1NCBvZiAzMg8AgzIyIG9mIDMzDwASOMcBBCsBgzYxIG9mIDM1DwCDMzUgb2YgMzYP',
      'ABIxHgAEvQGDODYgb2YgMzgPABI2DwAAvwHwAWluZSA0OCBvZiA0MDsgbGkAAAAAXdEz+A==',
    ].join(''),
  },
  {
    name: 'with the size of the content, and a checksum of each block',
    content: Buffer.from(text.slice(0, 300)),
    base64: [
      'BCJNGHxwLAEAAAAAAADf0wAAANFsaW5lIDAgb2YgMDsgDQCBMSBvZiAxOyAaAGM0IG9mIDINAGM5IG9mIDMNAHMxNiBvZiA0NQBz',
      'MjUgb2YgNQ4AczM2IG9mIDYOAHM0OSBvZiA3DgBzNjQgb2YgOA4AczgxIG9mIDkOAGQzIG9mIDGJAIMyNCBvZiAxMXEAgzQ3IG9m',
      'IDEyDwCDNzIgb2YgMTMPAAIOAASPABIzxQAEkAASNh4ABJEAgzk1IG9mIDE3DwASM3cABJMAgDcwIG9mIDE5DwDgbmUgMTIgb2Yg',
      'MjA7IGweo05pAAAAABvBEYc=',
    ].join(''),
  },
  {
    name: 'that could not be compressed',
    content: Buffer.from([1, 9, 3, 7, 5, 200, 31, 17]),
    base64: 'BCJNGGBwcwgAAIABCQMHBcgfEQAAAAA=',
  },
  { name: 'of nothing', content: Buffer.alloc(0), base64: 'BCJNGGRwuQAAAAAFXcwC' },
  {
    name: 'of several blocks, with matches that overlap themselves',
    content: Buffer.alloc(70_000),
    base64: [
      'BCJNGGRApxcBAAAfAAEA////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '/////////////////////////////////////////////////////////////9kAAgAAAgCwAAAAAAAAAAAAAAAoAAAAHwABAP//',
      '////////////////////WgACAAACALAAAAAAAAAAAAAAAAAAAADkMbvR',
    ].join(''),
  },
].map((frame) => ({ ...frame, bytes: Buffer.from(frame.base64, 'base64') }));

describe.each(frames)('a frame $name', ({ content, bytes }) => {
  test('is decoded', () => {
    expect(Buffer.from(decodeLz4Frame(bytes, content.length)).equals(content)).toBe(true);
  });

  test('is refused where it is cut off, or is not as long as was said', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeLz4Frame(bytes.subarray(0, length), content.length)).toThrow(/LZ4|instead of|more than/);
    }
    expect(() => decodeLz4Frame(bytes, content.length + 1)).toThrow(`${content.length} bytes instead of`);
    if (content.length > 0) expect(() => decodeLz4Frame(bytes, content.length - 1)).toThrow('more than');
  });

  test('with any byte changed is decoded to as many bytes, or refused', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 127, 255]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        let answer: string;
        try {
          answer = `${decodeLz4Frame(changed, content.length).length} bytes`;
        } catch (error) {
          answer = (error as Error).message;
        }
        expect(answer).toMatch(new RegExp(`^${content.length} bytes$|LZ4|instead of|more than`));
      }
    }
  });
});
