import type { Labels } from '../data/labels.js';

const MASK = 2n ** 64n - 1n;
const PRIMES = [
  11_400_714_785_074_694_791n,
  14_029_467_366_897_019_727n,
  1_609_587_929_392_839_161n,
  9_650_029_242_287_828_579n,
  2_870_177_450_012_600_261n,
] as const;

/**
 * A place between 0 and 1 that the labels alone decide. It is Prometheus's, a 64-bit xxHash of its encoding of labels,
 * so that `limit_ratio` keeps the same series there and here.
 */
export function sampleOffset(labels: Labels): number {
  const parts: Buffer[] = [];
  for (const label of labels.entries) for (const text of label) parts.push(lengthPrefixed(Buffer.from(text)));
  return Number(xxHash64(Buffer.concat(parts))) / 2 ** 64;
}

/** One byte of length, or 255 and three bytes. */
function lengthPrefixed(text: Buffer): Buffer {
  if (text.length < 255) return Buffer.concat([Buffer.of(text.length), text]);
  return Buffer.concat([Buffer.of(255, text.length & 255, (text.length >> 8) & 255, text.length >> 16), text]);
}

function xxHash64(input: Buffer): bigint {
  const [prime1, prime2, prime3, prime4, prime5] = PRIMES;
  let at = 0;
  let hash: bigint;
  if (input.length >= 32) {
    const lanes = [prime1 + prime2, prime2, 0n, -prime1].map((lane) => lane & MASK);
    for (; at + 32 <= input.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane]!, input.readBigUInt64LE(at + 8 * lane));
    }
    hash = lanes.reduce((sum, lane, index) => sum + rotated(lane, [1n, 7n, 12n, 18n][index]!), 0n) & MASK;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * prime1 + prime4) & MASK;
  } else {
    hash = prime5;
  }
  hash = (hash + BigInt(input.length)) & MASK;
  for (; at + 8 <= input.length; at += 8) {
    hash = (rotated(hash ^ round(0n, input.readBigUInt64LE(at)), 27n) * prime1 + prime4) & MASK;
  }
  if (at + 4 <= input.length) {
    hash = (rotated(hash ^ ((BigInt(input.readUInt32LE(at)) * prime1) & MASK), 23n) * prime2 + prime3) & MASK;
    at += 4;
  }
  for (; at < input.length; at++) {
    hash = (rotated(hash ^ ((BigInt(input[at]!) * prime5) & MASK), 11n) * prime1) & MASK;
  }
  hash = ((hash ^ (hash >> 33n)) * prime2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * prime3) & MASK;
  return hash ^ (hash >> 32n);
}

function round(lane: bigint, input: bigint): bigint {
  return (rotated((lane + input * PRIMES[1]) & MASK, 31n) * PRIMES[0]) & MASK;
}

function rotated(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}
