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
import { decodedStream } from '../otap/decoded-stream.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { zstdFrame } from '../support/zstd-frame.js';

const isWriting = process.env['OTELDUCK_WRITE_FIXTURES'] !== undefined;

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
    if (isWriting) writeFileSync(file(extension), body);
    const stored = readFileSync(file(extension));
    expect(stored.equals(body)).toBe(true);
    expect(decode(signal, contentType, stored)).toEqual(rows);
  });

  test.each(['pb', 'ndjson'])('%s.gz is the same, compressed', (extension) => {
    const plain = readFileSync(file(extension));
    if (isWriting) writeFileSync(file(`${extension}.gz`), gzipSync(plain));
    expect(gunzipSync(readFileSync(file(`${extension}.gz`)))).toEqual(plain);
  });

  test('json.zst is json in a frame of zstd', () => {
    const frame = zstdFrame(readFileSync(file('json')));
    if (isWriting) writeFileSync(file('json.zst'), frame);
    expect(readFileSync(file('json.zst'))).toEqual(frame);
  });

  test('otap is a message that needs no other one, and means the same rows', () => {
    const message = new OtapEncoder(signal, { compression: 'zstd' }).encode(request);
    if (isWriting) writeFileSync(file('otap'), message);
    const stored = readFileSync(file('otap'));
    expect(stored.equals(message)).toBe(true);
    expect(decodedStream(signal, [stored])).toEqual([rows]);
  });

  test.each(tablesBySignal[signal])('$name gets a row with the columns of the schema', ({ name, columns }) => {
    expect(Object.keys(rows[name]![0]!).sort()).toEqual(columns.map((column) => column.name).sort());
  });
});

function indented(json: Uint8Array): Uint8Array {
  return Buffer.from(`${JSON.stringify(JSON.parse(Buffer.from(json).toString()), null, 2)}\n`);
}
