// Bodies that real senders sent, posted to a listener as they were sent: proto/ knows all of their fields, and every
// column of every row is what the oracle reads.

import { describe, expect, test } from 'vitest';
import { type ContentEncoding, inflate } from '../../src/decode/compression/inflate.js';
import { asStored, readTables } from '../oracle/database-rows.js';
import { decode } from '../oracle/decode.js';
import { unknownFields } from '../oracle/unknown-fields.js';
import { serve } from '../support/otel-database.js';
import { capturesFolder, readCaptures } from './captures.js';

const captures = readCaptures();

test('there are captures', ({ skip }) => {
  skip(captures === undefined, `no folder ${capturesFolder}; OTELDUCK_CAPTURES names another`);
  expect(captures).not.toEqual([]);
});

describe.each(captures ?? [])('$name', ({ signal, contentType, contentEncoding, body }) => {
  const inflated = inflate(body, contentEncoding as ContentEncoding, 256 << 20);

  if (contentType === 'application/x-protobuf') {
    test('has no field that proto/ does not know', () => expect(unknownFields(signal, inflated)).toEqual([]));
  }

  test('is accepted and stored as the oracle reads it', async () => {
    const expected = decode(signal, contentType, inflated);
    const rows = Object.values(expected).flat().length;
    expect(rows).toBeGreaterThan(0);
    const server = await serve();
    const response = await server.post(body, {
      path: `/v1/${signal}`,
      headers: { 'content-type': contentType, 'content-encoding': contentEncoding },
    });
    expect(response.status, response.text).toBe(202);
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: String(rows) });
    expect(await readTables(server.database.connection, Object.keys(expected))).toEqual(asStored(expected));
  });
});
