// Streams that real exporters sent, and what the reference consumer read from them.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Signal } from '../../src/schema/column-declaration.js';
import { decode } from '../oracle/decode.js';
import type { OracleTables } from '../oracle/rows.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
export const otapCapturesFolder = path.resolve(
  checkout,
  process.env['OTELDUCK_OTAP_CAPTURES'] ?? '../shared/data/otap',
);

export interface CapturedStream {
  /** Folder and file. */
  readonly name: string;
  readonly signal: Signal;
  /** Each a BatchArrowRecords. */
  readonly messages: readonly Uint8Array[];
  /** Export requests in OTLP/JSON that the messages stand for. */
  readonly requests: readonly Uint8Array[];
  /** The rows of each request. */
  readonly tables: () => OracleTables[];
}

/** All captures: files `<signal>….bin`, beside which is what they hold. Undefined: no folder. */
export function readCapturedStreams(): CapturedStream[] | undefined {
  if (!existsSync(otapCapturesFolder)) return undefined;
  return readdirSync(otapCapturesFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.bin'))
    .sort()
    .map(readStream);
}

function readStream(name: string): CapturedStream {
  const [, signal] = /^(logs|traces|metrics)-/.exec(path.basename(name)) ?? [];
  if (signal === undefined) throw new Error(`${name} is named for no signal`);
  const stream = path.join(otapCapturesFolder, name);
  // The same telemetry, written once more with compressed buffers.
  const decoded = stream.replace(/(-zstd)?\.bin$/, '.decoded.jsonl.gz');
  const requests = gunzipSync(readFileSync(decoded))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line));
  return {
    name,
    signal: signal as Signal,
    messages: splitMessages(readFileSync(stream)),
    requests,
    tables: () => requests.map((request) => decode(signal as Signal, 'application/json', request)),
  };
}

/** A stream is written as messages, each behind its length as a varint. */
export function splitMessages(stream: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    let length = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = stream[at++]!;
      length += (byte & 127) * shift;
      if (byte < 128) break;
    }
    messages.push(stream.subarray(at, at + length));
    at += length;
  }
  return messages;
}
