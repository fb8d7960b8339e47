// The oracle, held against itself: a request means the same rows however it was written.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { decode } from '../oracle/decode.js';
import { encodeJson, encodeJsonOddly, encodeNdjson } from '../oracle/encode-json.js';
import { encodeProtobuf, encodeProtobufOddly } from '../oracle/encode-protobuf.js';
import { Random } from '../oracle/random.js';
import { rowsOf } from '../oracle/rows.js';
import { propertyRuns } from './property-runs.js';

describe.each(['logs', 'traces', 'metrics'] as const)('%s', (signal) => {
  test('every encoding of a request gives the rows of the request', () => {
    fc.assert(
      fc.property(arbitraryRequests[signal], fc.nat(), (request, seed) => {
        const rows = rowsOf(signal, request);
        const random = new Random(seed);
        const protobuf = 'application/x-protobuf';
        expect(decode(signal, protobuf, encodeProtobuf(signal, request))).toEqual(rows);
        expect(decode(signal, protobuf, encodeProtobufOddly(signal, request, random))).toEqual(rows);
        expect(decode(signal, 'application/json', encodeJson(signal, request))).toEqual(rows);
        expect(decode(signal, 'application/json', encodeJsonOddly(signal, request, random))).toEqual(rows);
        expect(decode(signal, 'application/x-ndjson', encodeNdjson(signal, [request]))).toEqual(rows);
      }),
      propertyRuns(30),
    );
  });
});
