// Telemetry sent as OTAP becomes the rows that it becomes as OTLP, however its sender chooses to encode it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fidelities } from '../../src/schema/column-declaration.js';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { type OracleTables, rowsOf } from '../oracle/rows.js';
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
  test.each(fidelities)('of random requests on one stream become the rows of the requests, %s ones', (fidelity) => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRequests[signal], { minLength: 1, maxLength: 4 }),
        arbitraryOptions,
        (requests, options) => {
          const encoder = new OtapEncoder(signal, options);
          const stream = decodedStream(
            signal,
            requests.map((request) => encoder.encode(request)),
            {},
            fidelity,
          );
          const expected = requests.map((request) => rowsOf(signal, request, fidelity));
          expect(stream.map(withoutRests)).toEqual(expected.map(withoutRests));
        },
      ),
      propertyRuns(75),
    );
  });
});

/** Nanoseconds below a microsecond are what freezing cuts off, and are no concern of decoders. */
function withoutRests(tables: OracleTables): OracleTables {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !name.endsWith('_rest')))),
    ]),
  );
}
