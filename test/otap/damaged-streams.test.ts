// Whatever comes in place of a message, the decoder makes rows of it or refuses it with a reason, in bounded time.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { SignalRows } from '../../src/buffer/signal-rows.js';
import { OtapStreamDecoder } from '../../src/decode/otap/otap-stream-decoder.js';
import type { Signal } from '../../src/schema/column-declaration.js';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { fixtureRequests } from '../oracle/fixture-requests.js';
import { mutated } from '../oracle/mutations.js';
import { Random } from '../oracle/random.js';
import { readRows } from '../oracle/read-rows.js';
import { damagedRuns } from '../property/property-runs.js';
import { OtapEncoder, type OtapEncoderOptions } from './otap-encoder.js';

/** Far more than any of these messages takes, and less than a hostile one would have us take. */
const limits = { maxDecodedBytes: 4 << 20, maxDictionaryBytes: 1 << 20 };
const SLOWEST_MS = 2000;

const encodings: Partial<OtapEncoderOptions>[] = [
  {},
  { compression: 'zstd', order: 'given' },
  { compression: 'lz4', dictionaries: 'replacement' },
  { keys: 'plain', ids: 'plain', emptyColumns: 'kept' },
];

describe.each(['logs', 'traces', 'metrics'] as const)('%s', (signal) => {
  const fixture = new OtapEncoder(signal).encode(fixtureRequests[signal]);

  test('of every prefix of a message are read or refused', () => {
    for (let length = 0; length < fixture.length; length++) expectAnswer(signal, [fixture.subarray(0, length)]);
  });

  test('of messages with four bytes of a count, a length or an offset changed are read or refused', () => {
    const counts = [0x00ff_ffff, 0x7fff_ffff, 0xffff_ffff];
    for (let at = 0; at + 4 <= fixture.length; at += 3) {
      const changed = Buffer.from(fixture);
      changed.writeUInt32LE(counts[(at / 3) % counts.length]!, at);
      expectAnswer(signal, [changed]);
    }
  });

  test('of damaged messages are read or refused', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...encodings), (seed, options) => {
        const random = new Random(seed);
        const encoder = new OtapEncoder(signal, options);
        const [first, second] = [encoder.encode(fixtureRequests[signal]), encoder.encode(fixtureRequests[signal])];
        expectAnswer(signal, random.chance(2) ? [mutated(first, random)] : [first, mutated(second, random)]);
      }),
      damagedRuns(600),
    );
    fc.assert(
      fc.property(arbitraryRequests[signal], fc.nat(), fc.constantFrom(...encodings), (request, seed, options) =>
        expectAnswer(signal, [mutated(new OtapEncoder(signal, options).encode(request), new Random(seed))]),
      ),
      damagedRuns(300),
    );
  });
});

/** Decodes a stream of which the last message may be anything. */
function expectAnswer(signal: Signal, messages: readonly Uint8Array[]): void {
  const rows = new SignalRows(signal);
  const decoder = new OtapStreamDecoder(signal, rows, limits);
  const startMs = performance.now();
  try {
    for (const message of messages) {
      rows.reset({ heapBytes: 1 << 20, rows: 1024 });
      decoder.decode(message);
    }
    readRows(rows); // every text is UTF-8 and lies in the heap
  } catch (error) {
    const isReason = error instanceof Failure && ['malformed', 'tooLarge'].includes(error.kind) && error.message !== '';
    if (!isReason) throw new Error(`${error} for ${quoted(messages.at(-1)!)}`, { cause: error });
  }
  expect(performance.now() - startMs, quoted(messages.at(-1)!)).toBeLessThan(SLOWEST_MS);
}

/** A message such that it can be pasted into a test: `Buffer.from('…', 'base64')`. */
function quoted(message: Uint8Array): string {
  return `message ${Buffer.from(message).toString('base64')}`;
}
