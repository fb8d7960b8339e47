// The decoder against what the reference consumer read from the same streams; and against the same telemetry once more
// in batches of other sizes, encoded by our own encoder, so that nothing hangs on how a file came to be.

import { describe, expect, test } from 'vitest';
import type { Signal } from '../../src/schema/column-declaration.js';
import { readJson } from '../oracle/json-messages.js';
import type { Message } from '../oracle/message.js';
import { rowsOf } from '../oracle/rows.js';
import { otapCapturesFolder, readCapturedStreams } from '../otap/captured-streams.js';
import { decodedStream } from '../otap/decoded-stream.js';
import { OtapEncoder, type OtapEncoderOptions } from '../otap/otap-encoder.js';

const streams = readCapturedStreams();

const encodings: Partial<OtapEncoderOptions>[] = [
  { keys: 'u8' },
  { keys: 'u16', order: 'given', compression: 'zstd', containers: 'definite' },
  { keys: 'plain', ids: 'plain', compression: 'lz4', empties: 'empty' },
  { keys: 'u32', dictionaries: 'replacement', emptyColumns: 'kept' },
];

test('recorded OTAP streams are at hand', ({ skip }) => {
  skip(streams === undefined, `no folder ${otapCapturesFolder}; OTELDUCK_OTAP_CAPTURES names another`);
  expect(streams).not.toHaveLength(0);
});

describe.each(streams ?? [])('$name', ({ name, signal, messages, requests, tables }) => {
  test('gives the rows that the reference consumer read', () => {
    expect(decodedStream(signal, messages)).toEqual(tables());
  });

  // The compressed files hold the same telemetry.
  test.each(name.endsWith('-zstd.bin') ? [] : [1, 50, 100_000])(
    'gives the same rows in batches of up to %i records',
    (size) => {
      const batches = resized(
        signal,
        requests.map((request) => readJson(signal, request)),
        size,
      ).slice(0, 200);
      for (const options of encodings) {
        const encoder = new OtapEncoder(signal, options);
        const encoded = batches.map((batch) => encoder.encode(batch));
        expect(decodedStream(signal, encoded)).toEqual(batches.map((batch) => rowsOf(signal, batch)));
      }
    },
  );
});

const fields: Record<Signal, readonly [groups: string, scopeGroups: string, records: string]> = {
  logs: ['resource_logs', 'scope_logs', 'log_records'],
  traces: ['resource_spans', 'scope_spans', 'spans'],
  metrics: ['resource_metrics', 'scope_metrics', 'metrics'],
};

/** The records of some requests, in their order, in requests of `size` records. */
function resized(signal: Signal, requests: readonly Message[], size: number): Message[] {
  const [groups, scopeGroups, records] = fields[signal];
  const single = requests.flatMap((request) =>
    list(request, groups).flatMap((group) =>
      list(group, scopeGroups).flatMap((scopeGroup) =>
        list(scopeGroup, records).map((record) => ({ group, scopeGroup, record })),
      ),
    ),
  );
  const batches: Message[] = [];
  for (let at = 0; at < single.length; at += size) {
    const batch: Message[] = [];
    let last: (typeof single)[number] | undefined;
    for (const each of single.slice(at, at + size)) {
      if (each.group !== last?.group) batch.push({ ...each.group, [scopeGroups]: [] });
      const scopes = list(batch.at(-1)!, scopeGroups);
      if (each.scopeGroup !== last?.scopeGroup) scopes.push({ ...each.scopeGroup, [records]: [] });
      list(scopes.at(-1)!, records).push(each.record);
      last = each;
    }
    batches.push({ [groups]: batch });
  }
  return batches;
}

function list(message: Message, field: string): Message[] {
  return (message[field] ?? []) as Message[];
}
