// Bodies that real senders sent: proto/ knows all of their fields, and the decoders read what the oracle reads.

import { describe, expect, test } from 'vitest';
import { SignalRows } from '../../src/buffer/signal-rows.js';
import { type ContentEncoding, inflate } from '../../src/decode/inflate.js';
import { decodeJson } from '../../src/decode/json/decode-json.js';
import { decodeProtobuf } from '../../src/decode/protobuf/decode-protobuf.js';
import { decode } from '../oracle/decode.js';
import { readRows } from '../oracle/read-rows.js';
import { unknownFields } from '../oracle/unknown-fields.js';
import { capturesFolder, readCaptures } from './captures.js';

const decoders = { 'application/x-protobuf': decodeProtobuf, 'application/json': decodeJson };
const captures = readCaptures();

test('there are captures', ({ skip }) => {
  skip(captures === undefined, `no folder ${capturesFolder}; OTELDUCK_CAPTURES names another`);
  expect(captures).not.toEqual([]);
});

describe.each(captures ?? [])('$name', ({ signal, contentType, contentEncoding, body }) => {
  const inflated = inflate(body, contentEncoding as ContentEncoding, 256 << 20);

  test.runIf(contentType === 'application/x-protobuf')('has no field that proto/ does not know', () => {
    expect(unknownFields(signal, inflated)).toEqual([]);
  });

  test('decodes to the rows that the oracle reads', () => {
    const expected = decode(signal, contentType, inflated);
    expect(Object.values(expected).flat()).not.toEqual([]);
    const rows = new SignalRows(signal);
    decoders[contentType as keyof typeof decoders](signal, inflated, rows);
    expect(readRows(rows)).toEqual(expected);
  });
});
