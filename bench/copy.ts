// What the tricks of json-text.ts and byte-heap.ts buy, each beside the plain version of the same.
//
// npm run bench:decode builds it; then: node dist-bench/bench/copy.js

import { ByteHeap } from '../src/buffer/byte-heap.js';
import { JsonText } from '../src/decode/text/json-text.js';
import { median } from './median.js';

const heap = new ByteHeap();
const json = new JsonText(heap);
heap.reserve(1 << 20);

function plainString(source: Uint8Array, start: number, length: number): void {
  heap.reserve(length * 6 + 2);
  const { bytes } = heap;
  bytes[heap.end++] = 0x22;
  for (let i = start; i < start + length; i++) {
    const byte = source[i]!;
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) throw new Error('BUG: the texts measured need no escapes');
    bytes[heap.end++] = byte;
  }
  bytes[heap.end++] = 0x22;
}

function plainCopy(source: Uint8Array, start: number, length: number): void {
  heap.reserve(length);
  const { bytes } = heap;
  for (let i = start; i < start + length; i++) bytes[heap.end++] = source[i]!;
}

function copyBySet(source: Uint8Array, start: number, length: number): void {
  heap.reserve(length);
  heap.bytes.set(source.subarray(start, start + length), heap.end);
  heap.end += length;
}

function plainDouble(value: number): void {
  json.ascii(String(value));
}

function plainUint64(low: number, high: number): void {
  json.ascii(String((BigInt(high) << 32n) | BigInt(low)));
}

const source = new Uint8Array(Buffer.from('a text of usual words and 12 digits, '.repeat(40)));
const doubles = Array.from({ length: 1000 }, (_, i) => (i * 7919) / 1000);
const times = Array.from({ length: 1000 }, (_, i) => [(i * 1_234_567) >>> 0, 410_620_147] as const);

const rows: Record<string, string | number>[] = [];
for (const length of [8, 20, 100, 1000]) {
  const at = (i: number) => i % (source.length - length);
  compare(`JSON string of ${length} bytes`, {
    plain: (i) => plainString(source, at(i), length),
    ours: (i) => json.string(source, at(i), length),
  });
  compare(`copy of ${length} bytes`, {
    plain: (i) => plainCopy(source, at(i), length),
    'set()': (i) => copyBySet(source, at(i), length),
    ours: (i) => void heap.append(source, at(i), length),
  });
}
compare('double of three decimals', {
  plain: (i) => plainDouble(doubles[i % 1000]!),
  ours: (i) => json.double(doubles[i % 1000]!),
});
compare('time in nanoseconds', {
  plain: (i) => plainUint64(...times[i % 1000]!),
  ours: (i) => json.uint64(...times[i % 1000]!),
});
console.table(rows);

/** Lets versions take turns, and adds the median of nanoseconds per call of each to the table. */
function compare(what: string, versions: Record<string, (i: number) => void>): void {
  const calls = 200_000;
  const samples = new Map(Object.keys(versions).map((name) => [name, [] as number[]]));
  for (let run = 0; run < 9; run++) {
    for (const [name, write] of Object.entries(versions)) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < calls; i++) {
        if ((i & 255) === 0) heap.end = 0;
        write(i);
      }
      samples.get(name)!.push(Number(process.hrtime.bigint() - start) / calls);
    }
  }
  const ns = Object.fromEntries([...samples].map(([name, values]) => [`${name}, ns`, median(values).toFixed(1)]));
  rows.push({ what, ...ns });
}
