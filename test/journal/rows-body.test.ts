// Rows in a journal are checked before DuckDB is given addresses that are made of them: a checksum says that bytes are
// what somebody wrote, not that they are rows.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows, unpackRows } from '../../src/buffer/packed-rows.js';
import { SignalRows } from '../../src/buffer/signal-rows.js';
import { RequestDecoder } from '../../src/decode/request-decoder.js';
import { decodeRows, encodeRows, UnknownColumn } from '../../src/journal/rows-body.js';
import { fidelities } from '../../src/schema/column-declaration.js';
import { logsRequest, metricsRequest, spansRequest } from '../support/telemetry.js';

const decoder = new RequestDecoder({ maxBodyBytes: 1 << 20, fidelity: 'standard' });
const rowsOf = (signal: 'logs' | 'metrics', body: Uint8Array) =>
  encodeRows(packRows(decoder.decode({ signal, format: 'protobuf', encoding: 'identity', body })));
const bodies = { logs: rowsOf('logs', logsRequest(3)), metrics: rowsOf('metrics', metricsRequest()) };

for (const signal of ['logs', 'metrics'] as const) {
  test(`${signal} of any bytes are refused, or hold nothing that lies outside of them`, () => {
    const body = bodies[signal];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(body.length),
        fc.boolean(),
        (changes, length, isCut) => {
          const changed = Buffer.from(body);
          for (const [at, byte] of changes) changed[at] = byte;
          const given = isCut ? changed.subarray(0, length) : changed;
          try {
            const rows = unpackRows(decodeRows(signal, given));
            // Copying reads everything that the columns name.
            new SignalRows(signal).append(rows);
          } catch (error) {
            // Another letter in a name makes another column.
            if (!(error instanceof UnknownColumn)) expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
}

const NUMBERS = 4;
const tables = 1;
for (const [name, change, problem] of [
  [
    'a column that is not known',
    (view: DataView) => {
      const name = Buffer.from(view.buffer).indexOf('severity_text');
      view.setUint8(name, 'S'.charCodeAt(0));
    },
    'it has a column otlp_logs.Severity_text VARCHAR, which this otelduck does not know',
  ],
  ['no description', (view: DataView) => view.setUint32(0, 1, true), 'it does not describe its columns'],
  ['a heap beyond the end', (view: DataView) => view.setUint32(4, 1 << 30, true), 'Invalid typed array length'],
  ['another number of tables', (view: DataView) => view.setUint32(8, 2, true), 'it does not describe its columns'],
  ['a number of arrays beyond the end', (view: DataView) => view.setUint32(12, 1 << 20, true), 'it announces 1 tables'],
  ['another number of rows', (view: DataView) => view.setUint32(4 * NUMBERS, 2, true), 'has another number of rows'],
  [
    'a text beyond its heap',
    (view: DataView) => {
      const heapBytes = view.getUint32(4, true);
      const buffer = 4 * (NUMBERS + tables + view.getUint32(12, true)) + view.getUint32(0, true);
      // The first array that is of texts: after the heap and the two columns of times with their marks.
      for (let at = buffer + heapBytes; at < view.byteLength - 4; at++) {
        if (view.getUint32(at, true) === 5) return view.setUint32(at, 5_000_000, true);
      }
    },
    'has a text outside of its heap',
  ],
] as const) {
  test(`rows with ${name} are refused`, () => {
    const changed = new Uint8Array(bodies.logs);
    change(new DataView(changed.buffer));
    expect(() => decodeRows('logs', changed)).toThrow(problem);
  });
}

test('rows of each fidelity come back with their columns, and are taken by servers of the other', () => {
  const body = spansRequest(3);
  for (const fidelity of fidelities) {
    const decoded = new RequestDecoder({ maxBodyBytes: 1 << 20, fidelity }).decode({
      signal: 'traces',
      format: 'protobuf',
      encoding: 'identity',
      body,
    });
    const rows = unpackRows(decodeRows('traces', encodeRows(packRows(decoded))));
    expect(rows.fidelity).toBe(fidelity);
    for (const other of fidelities) {
      const server = new SignalRows('traces', undefined, other);
      server.append(rows);
      expect(server.table('otlp_traces').int64('start_time_unix_nano').words.slice(0, 2)).toEqual(
        decoded.table('otlp_traces').int64('start_time_unix_nano').words.slice(0, 2),
      );
    }
  }
});
