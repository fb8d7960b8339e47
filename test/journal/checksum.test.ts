import { expect, test } from 'vitest';
import { checksumOf, crc32, crc32c } from '../../src/journal/checksum.js';

// https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4, whose bytes are in the order in which they are sent.
for (const [name, bytes, crc] of [
  ['nothing', Buffer.alloc(0), 0],
  ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 rising bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['32 falling bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  [
    'a SCSI read command',
    Buffer.from(
      '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' + '0200000000000000',
      'hex',
    ),
    0xd9963a56,
  ],
] as const) {
  test(`${name}: ${crc.toString(16)}`, () => expect(crc32c(bytes)).toBe(crc));
}

test('is the same of bytes at any place, and of parts as of the whole', () => {
  const bytes = Buffer.from(Array.from({ length: 61 }, (_, i) => (i * 89) & 0xff));
  for (let at = 0; at <= bytes.length; at++) {
    expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(crc32c(bytes));
    expect(crc32c(Buffer.concat([Buffer.alloc(at), bytes]).subarray(at))).toBe(crc32c(bytes));
  }
});

// Node before 20.15 has no native one, and reads and writes the same journals.
test('CRC-32 is that of zlib, wherever it comes from', () => {
  const bytes = Buffer.from('123456789');
  for (const checksum of [crc32, checksumOf(0xedb88320)]) {
    expect(checksum(bytes)).toBe(0xcbf43926);
    expect(checksum(bytes.subarray(4), checksum(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  }
});
