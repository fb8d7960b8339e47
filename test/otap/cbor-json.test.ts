// Arrays and key-value lists in CBOR (RFC 8949), item by item.

import { expect, test } from 'vitest';
import { ByteHeap } from '../../src/buffer/byte-heap.js';
import { CborJson } from '../../src/decode/otap/cbor-json.js';
import { JsonText } from '../../src/decode/text/json-text.js';

function jsonOf(hex: string, kind: 'array' | 'map' = 'array'): string {
  const json = new JsonText(new ByteHeap());
  const bytes = Buffer.from(`ff${hex.replaceAll(' ', '')}ff`, 'hex'); // the value lies amid others
  new CborJson(json).write(bytes, 1, bytes.length - 1, kind, (problem) => {
    throw new Error(problem);
  });
  return Buffer.from(json.heap.bytes.subarray(0, json.heap.end)).toString();
}

test.each([
  ['80', '[]'],
  ['9f ff', '[]'],
  ['83 00 17 18 18', '[0,23,24]'],
  ['83 18 ff 19 ffff 1a ffffffff', '[255,65535,4294967295]'],
  ['82 1b 7fffffffffffffff 3b 7fffffffffffffff', '[9223372036854775807,-9223372036854775808]'],
  ['84 20 37 38 18 3a ffffffff', '[-1,-24,-25,-4294967296]'],
  ['82 1b 0020000000000001 3b 0020000000000000', '[9007199254740993,-9007199254740993]'],
  ['84 f4 f5 f6 f7', '[false,true,null,null]'],
  ['83 f9 3c00 f9 c000 f9 0001', '[1,-2,5.960464477539063e-8]'],
  ['83 f9 7c00 f9 7e00 f9 fc00', '[null,null,null]'],
  ['82 fa 3fc00000 fb 3ff199999999999a', '[1.5,1.1]'],
  ['83 fb 7ff0000000000000 fb 8000000000000000 fa 80000000', '[null,-0.0,-0.0]'],
  ['82 60 62 c3bc', '["","ü"]'],
  ['81 7f 61 61 61 62 ff', '["ab"]'],
  ['81 7f ff', '[""]'],
  ['82 40 43 010203', '["","AQID"]'],
  ['81 5f 41 01 42 0203 ff', '["AQID"]'],
  ['81 9f 01 82 02 03 9f ff ff', '[[1,[2,3],[]]]'],
  ['81 78 01 22', '["\\""]'],
  ['98 01 00', '[0]'],
])('the array %s is %s', (hex, json) => expect(jsonOf(hex)).toBe(json));

test.each([
  ['a0', '{}'],
  ['bf ff', '{}'],
  ['a2 61 62 01 61 61 02', '{"a":2,"b":1}'],
  ['bf 61 62 01 61 61 bf 61 78 f6 ff ff', '{"a":{"x":null},"b":1}'],
  ['a2 61 61 01 61 61 02', '{"a":2}'],
  ['a1 61 61 fb 7ff0000000000000', '{}'],
  ['a1 7f 61 61 61 62 ff 00', '{"ab":0}'],
])('the map %s is %s', (hex, json) => expect(jsonOf(hex, 'map')).toBe(json));

test.each([
  ['nothing', '', 'must be CBOR of kind array'],
  ['another kind', 'a0', 'must be CBOR of kind array'],
  ['an item that is missing', '81', 'cut off'],
  ['an end that is missing', '9f', 'cut off'],
  ['an end in an item', '81 ff', 'begins with 255'],
  ['a count beyond all bytes', '9b ffffffffffffffff 00', 'cut off'],
  ['a length beyond all bytes', '81 7b ffffffffffffffff', 'cut off'],
  ['something behind it', '80 00', '1 bytes after'],
  ['an integer above int64', '81 1b 8000000000000000', 'not an int64'],
  ['an integer below int64', '81 3b 8000000000000000', 'not an int64'],
  ['a tag', '81 c1 00', 'tag'],
  ['a simple value', '81 e0', 'simple value'],
  ['a reserved form', '81 1c', 'begins with 28'],
  ['an integer without a length', '81 1f', 'begins with 31'],
  ['a text with a piece of bytes', '81 7f 41 61 ff', 'other pieces'],
  ['a text in pieces in pieces', '81 7f 7f 61 61 ff ff', 'other pieces'],
  ['a text that is not UTF-8', '81 61 ff', 'invalid UTF-8'],
  ['a number as key', '81 a1 01 02', 'key that is no text'],
])('%s is refused', (_what, hex, problem) => expect(() => jsonOf(hex)).toThrow(problem));

test('values may be nested as deep as in OTLP, and no deeper', () => {
  expect(jsonOf(`${'81'.repeat(99)}01`)).toBe(`${'['.repeat(99)}1${']'.repeat(99)}`);
  expect(() => jsonOf(`${'81'.repeat(100)}01`)).toThrow('nested deeper than 100');
  expect(() => jsonOf('81'.repeat(100_000))).toThrow('nested deeper than 100');
});
