// Telemetry sent as OTAP becomes the rows that it becomes as OTLP, however its sender chooses to encode it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { rowsOf } from '../oracle/rows.js';
import { propertyRuns } from '../property/property-runs.js';
import { decodedStream } from './decoded-stream.js';
import { OtapEncoder, type OtapEncoderOptions } from './otap-encoder.js';

const arbitraryOptions: fc.Arbitrary<OtapEncoderOptions> = fc.record({
  keys: fc.constantFrom('u8', 'u16', 'u32', 'plain'),
  dictionaries: fc.constantFrom('delta', 'replacement'),
  compression: fc.constantFrom('none', 'zstd', 'lz4'),
  emptyColumns: fc.constantFrom('omitted', 'kept'),
  order: fc.constantFrom('sorted', 'given'),
  ids: fc.constantFrom('encoded', 'plain'),
  empties: fc.constantFrom('null', 'empty'),
  containers: fc.constantFrom('definite', 'indefinite'),
});

describe.each(['logs', 'traces', 'metrics'] as const)('%s', (signal) => {
  test('of random requests on one stream become the rows of the requests', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRequests[signal], { minLength: 1, maxLength: 4 }),
        arbitraryOptions,
        (requests, options) => {
          const encoder = new OtapEncoder(signal, options);
          const stream = decodedStream(
            signal,
            requests.map((request) => encoder.encode(request)),
          );
          expect(stream).toEqual(requests.map((request) => rowsOf(signal, request)));
        },
      ),
      propertyRuns(150),
    );
  });
});
