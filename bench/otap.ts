// Rows per second of decoding logs that came as OTAP, beside the same rows as OTLP protobuf. Both fill columns with all
// checks. Seconds are those of the processor; medians of alternating runs.
//
// npm run bench:otap [-- runs (7) milliseconds of each run (400)]

import { isDeepStrictEqual } from 'node:util';
import { SignalRows } from '../src/buffer/signal-rows.js';
import { OtapStreamDecoder } from '../src/decode/otap/otap-stream-decoder.js';
import { ProtobufDecoder } from '../src/decode/protobuf/decode-protobuf.js';
import { readProtobuf } from '../test/oracle/protobuf-messages.js';
import { readRows } from '../test/oracle/read-rows.js';
import type { OracleTables } from '../test/oracle/rows.js';
import { OtapEncoder, type OtapEncoderOptions } from '../test/otap/otap-encoder.js';
import { median } from './median.js';
import { payloads } from './payloads.js';

const runs = Number(process.argv[2] ?? 7);
const runMs = Number(process.argv[3] ?? 400);
const keep = { heapBytes: 64 << 20, rows: 1 << 20 };

const bodies = payloads('logs').protobuf;
const requests = bodies.map((body) => readProtobuf('logs', body));
const rows = new SignalRows('logs');
const protobufDecoder = new ProtobufDecoder(rows);

interface Contender {
  readonly name: string;
  readonly bytes: number;
  /** Decodes every request once. */
  readonly round: () => void;
  readonly secondsPerRound: number[];
}

const contenders: Contender[] = [
  {
    name: 'OTLP protobuf',
    bytes: totalBytes(bodies),
    round: () => {
      for (const body of bodies) {
        rows.reset(keep);
        protobufDecoder.decode(body);
      }
    },
    secondsPerRound: [],
  },
  otap('OTAP, keys of 16 bits', { keys: 'u16' }),
  otap('OTAP, plain columns', { keys: 'plain' }),
];

for (let run = -1; run < runs; run++) {
  for (const contender of contenders) {
    const seconds = secondsPerRound(contender);
    if (run >= 0) contender.secondsPerRound.push(seconds); // the run before the first one warms up
  }
}

const rowCount = bodies.reduce((sum, body) => {
  rows.reset(keep);
  protobufDecoder.decode(body);
  return sum + rows.rows;
}, 0);
const protobufSeconds = median(contenders[0]!.secondsPerRound);
console.table(
  contenders.map(({ name, bytes, secondsPerRound }) => ({
    decoder: name,
    'k rows/s': Math.round(rowCount / median(secondsPerRound) / 1000),
    'bytes per row': Math.round(bytes / rowCount),
    'times as fast': (protobufSeconds / median(secondsPerRound)).toFixed(2),
  })),
);

/** A stream in the middle of its life: its schemas and dictionaries have been sent. */
function otap(name: string, options: Partial<OtapEncoderOptions>): Contender {
  const encoder = new OtapEncoder('logs', options);
  const decoder = new OtapStreamDecoder('logs', rows);
  for (const request of requests) {
    rows.reset(keep);
    decoder.decode(encoder.encode(request));
  }
  const messages = requests.map((request) => encoder.encode(request));
  for (const [i, message] of messages.entries()) {
    if (
      !isDeepStrictEqual(
        rowsAfter(() => decoder.decode(message)),
        rowsAfter(() => protobufDecoder.decode(bodies[i]!)),
      )
    ) {
      throw new Error(`${name} is not what came as protobuf`);
    }
  }
  return {
    name,
    bytes: totalBytes(messages),
    round: () => {
      for (const message of messages) {
        rows.reset(keep);
        decoder.decode(message);
      }
    },
    secondsPerRound: [],
  };
}

function rowsAfter(decode: () => void): OracleTables {
  rows.reset(keep);
  decode();
  return readRows(rows);
}

function secondsPerRound({ round }: Contender): number {
  const deadline = Date.now() + runMs;
  const start = process.cpuUsage();
  let rounds = 0;
  for (; Date.now() < deadline; rounds++) round();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6 / rounds;
}

function totalBytes(messages: readonly Uint8Array[]): number {
  return messages.reduce((sum, { length }) => sum + length, 0);
}
