// The bodies in test/data are written by this test: OTELDUCK_WRITE_FIXTURES=1 npx vitest run test/unit/fixtures.test.ts

import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { tablesBySignal } from '../../src/schema/tables.js';
import { decode } from '../oracle/decode.js';
import { encodeJson, encodeNdjson } from '../oracle/encode-json.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { fixtureRequests, requestPerResource } from '../oracle/fixture-requests.js';
import { rowsOf } from '../oracle/rows.js';

describe.each(['logs', 'traces', 'metrics'] as const)('%s', (signal) => {
  const request = fixtureRequests[signal];
  const rows = rowsOf(signal, request);
  const file = (extension: string): URL => new URL(`../data/${signal}.${extension}`, import.meta.url);

  test.each([
    { extension: 'json', contentType: 'application/json', body: indented(encodeJson(signal, request)) },
    {
      extension: 'ndjson',
      contentType: 'application/x-ndjson',
      body: encodeNdjson(signal, requestPerResource(request)),
    },
    { extension: 'pb', contentType: 'application/x-protobuf', body: encodeProtobuf(signal, request) },
  ])('$extension is as written here and means the same rows', ({ extension, contentType, body }) => {
    if (process.env['OTELDUCK_WRITE_FIXTURES']) writeFileSync(file(extension), body);
    const stored = readFileSync(file(extension));
    expect(stored.equals(body)).toBe(true);
    expect(decode(signal, contentType, stored)).toEqual(rows);
  });

  test('pb.gz is pb, compressed', () => {
    if (process.env['OTELDUCK_WRITE_FIXTURES']) writeFileSync(file('pb.gz'), gzipSync(readFileSync(file('pb'))));
    expect(gunzipSync(readFileSync(file('pb.gz')))).toEqual(readFileSync(file('pb')));
  });

  test.each(tablesBySignal[signal])('$name gets a row with the columns of the schema', ({ name, columns }) => {
    expect(Object.keys(rows[name]![0]!).sort()).toEqual(columns.map((column) => column.name).sort());
  });
});

function indented(json: Uint8Array): Uint8Array {
  return Buffer.from(`${JSON.stringify(JSON.parse(Buffer.from(json).toString()), null, 2)}\n`);
}
