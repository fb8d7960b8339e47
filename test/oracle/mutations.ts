import type { Random } from './random.js';

/** A body with up to four bytes changed, put in, taken out or repeated, or with its end cut off. */
export function mutated(body: Uint8Array, random: Random): Uint8Array {
  let result = Buffer.from(body);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(result.length + 1);
    const before = result.subarray(0, at);
    const after = result.subarray(at);
    const inserted = random.chance(2) ? random.below(256) : random.pick(tellingBytes);
    switch (random.below(6)) {
      case 0: // flip one bit
        result = Buffer.concat([before, after]);
        if (at < result.length) result[at]! ^= 1 << random.below(8);
        break;
      case 1: // replace a byte
        result = Buffer.concat([before, after]);
        if (at < result.length) result[at] = inserted;
        break;
      case 2:
        result = Buffer.concat([before, Buffer.from([inserted]), after]);
        break;
      case 3: // take some bytes out
        result = Buffer.concat([before, after.subarray(1 + random.below(3))]);
        break;
      case 4: // say something twice
        result = Buffer.concat([before, after.subarray(0, 1 + random.below(20)), after]);
        break;
      default:
        if (random.chance(4)) result = Buffer.from(before);
    }
  }
  return result;
}

/** Bytes that mean something to a parser: ends of varint and UTF-8 ranges, JSON's punctuation and digits. */
const tellingBytes = [
  ...Buffer.from('{}[]",:\\u0-9eE+.tn \n\r\0'),
  0x7f,
  0x80,
  0xc0,
  0xed,
  0xf4,
  0xff,
  0x0a,
  0x12,
  0x1a,
  0x22,
];
