// The whole way: random requests posted to a listener and sealed into DuckDB have the columns that the oracle reads.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fidelities } from '../../src/schema/column-declaration.js';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { asStored, readTables } from '../oracle/database-rows.js';
import { decode } from '../oracle/decode.js';
import { encodeJson, encodeNdjson } from '../oracle/encode-json.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { emptyTables } from '../oracle/rows.js';
import { openDatabase, SEVERAL_THREADS } from '../support/otel-database.js';
import { signals } from './agreement.js';
import { propertyRuns } from './property-runs.js';

describe.each(signals)('%s', (signal) => {
  test.each(fidelities)('with %s fidelity arrive in every column as the oracle reads them', async (fidelity) => {
    const server = await (await openDatabase(undefined, undefined, SEVERAL_THREADS)).serve({ fidelity });
    const expected = emptyTables(signal);
    const { numRuns } = propertyRuns(40);
    const seed = Date.now() % 0x7fff_ffff;
    for (const [i, request] of fc.sample(arbitraryRequests[signal], { numRuns, seed }).entries()) {
      const [contentType, body] = (
        [
          ['application/x-protobuf', encodeProtobuf(signal, request)],
          ['application/json', encodeJson(signal, request)],
          ['application/x-ndjson', encodeNdjson(signal, [request, request])],
        ] as const
      )[i % 3]!;
      const response = await server.post(body, { path: `/v1/${signal}`, headers: { 'content-type': contentType } });
      expect(response.status, `seed ${seed}, request ${i}: ${response.text}`).toBe(202);
      for (const [table, rows] of Object.entries(decode(signal, contentType, body, fidelity)))
        expected[table]!.push(...rows);
    }
    expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
    const stored = await readTables(server.database.connection, Object.keys(expected));
    expect(stored, `seed ${seed}`).toEqual(asStored(expected));
  });
});
