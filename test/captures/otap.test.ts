// The decoder against what the reference consumer read from the same streams.

import { describe, expect, test } from 'vitest';
import { SignalRows } from '../../src/buffer/signal-rows.js';
import { OtapStreamDecoder } from '../../src/decode/otap/otap-stream-decoder.js';
import { readRows } from '../oracle/read-rows.js';
import { otapCapturesFolder, readCapturedStreams } from '../otap/captured-streams.js';

const streams = readCapturedStreams();

test.skipIf(streams !== undefined)(`recorded OTAP streams (no folder ${otapCapturesFolder})`, () => {});

describe.each(streams ?? [])('$name', ({ signal, messages, tables }) => {
  test('gives the rows that the reference consumer read', () => {
    const rows = new SignalRows(signal);
    const decoder = new OtapStreamDecoder(signal, rows);
    const decoded = messages.map((message) => {
      rows.reset({ heapBytes: 1 << 20, rows: 1024 });
      decoder.decode(message);
      return readRows(rows);
    });
    expect(decoded).toEqual(tables());
  });
});
