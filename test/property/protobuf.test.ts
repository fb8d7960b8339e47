// Whatever bytes come, the protobuf decoder reads the oracle's rows or refuses with a reason.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProtobuf } from '../../src/decode/protobuf/decode-protobuf.js';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { encodeProtobuf, encodeProtobufOddly } from '../oracle/encode-protobuf.js';
import { mutated } from '../oracle/mutations.js';
import { Random } from '../oracle/random.js';
import { Agreement, signals, sizesOverRequests } from './agreement.js';
import { damagedRuns, propertyRuns } from './property-runs.js';

const agree = new Agreement('application/x-protobuf', decodeProtobuf);

describe.each(signals)('%s', (signal) => {
  const fixture = readFileSync(new URL(`../data/${signal}.pb`, import.meta.url));

  test('of random requests are read as the oracle reads them', () => {
    fc.assert(
      fc.property(arbitraryRequests[signal], (request) => agree.onRows(signal, encodeProtobuf(signal, request))),
      propertyRuns(200),
    );
  });

  test('of random requests in odd encodings are read as the oracle reads them', () => {
    fc.assert(
      fc.property(arbitraryRequests[signal], fc.nat(), (request, seed) =>
        agree.onRows(signal, encodeProtobufOddly(signal, request, new Random(seed))),
      ),
      propertyRuns(200),
    );
  });

  test('of every prefix of a body are read so or refused', () => {
    for (let length = 0; length <= fixture.length; length++) agree.onRowsOrRefusal(signal, fixture.subarray(0, length));
  });

  test('of damaged bodies are read so or refused', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => agree.onRowsOrRefusal(signal, mutated(fixture, new Random(seed)))),
      damagedRuns(500),
    );
    fc.assert(
      fc.property(arbitraryRequests[signal], fc.nat(), (request, seed) =>
        agree.onRowsOrRefusal(
          signal,
          mutated(encodeProtobufOddly(signal, request, new Random(seed)), new Random(seed)),
        ),
      ),
      damagedRuns(300),
    );
  });

  test('of any bytes at all are read so or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => agree.onRowsOrRefusal(signal, bytes)),
      damagedRuns(500),
    );
  });

  test('need no more memory the hundredth time', () => {
    const sizes = sizesOverRequests(signal, 100, (rows) => decodeProtobuf(signal, fixture, rows));
    expect(sizes[99]).toBe(sizes[1]);
  });
});
