// What decoding costs, whole, into columns and with all checks, beside what others do less for: protobufjs making
// objects of the same bytes, and JSON.parse of the text. Seconds are those of the
// processor, on all threads, so that other work on the machine counts little. Medians of alternating runs.
//
// npm run bench:decode [-- runs (7) milliseconds of each run (400)]

import { SignalRows } from '../src/buffer/signal-rows.js';
import { JsonDecoder } from '../src/decode/json/decode-json.js';
import { ProtobufDecoder } from '../src/decode/protobuf/decode-protobuf.js';
import { median } from './median.js';
import { payloads, requestType } from './payloads.js';

const runs = Number(process.argv[2] ?? 7);
const runMs = Number(process.argv[3] ?? 400);
const keep = { heapBytes: 64 << 20, rows: 1 << 20 };

interface Contender {
  readonly name: string;
  readonly bodies: readonly Uint8Array[];
  readonly decode: (body: Uint8Array) => void;
  readonly secondsPerRound: number[];
}

const table: Record<string, string | number>[] = [];
for (const signal of ['logs', 'traces', 'metrics'] as const) {
  const { protobuf, json } = payloads(signal);
  const rows = new SignalRows(signal);
  const protobufDecoder = new ProtobufDecoder(rows);
  const jsonDecoder = new JsonDecoder(rows);
  const objects = requestType(signal);
  measure(signal, rows, [
    contender('protobuf', protobuf, (body) => protobufDecoder.decode(body)),
    contender('protobufjs', protobuf, (body) => void objects.decode(body)),
  ]);
  measure(signal, rows, [
    contender('json', json, (body) => jsonDecoder.decode(body)),
    contender(
      'JSON.parse',
      json,
      (body) => void JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()),
    ),
  ]);
}
console.table(table);

function contender(name: string, bodies: readonly Uint8Array[], decode: (body: Uint8Array) => void): Contender {
  return { name, bodies, decode, secondsPerRound: [] };
}

/** Lets the contenders take turns, the first of which fills `rows`, and adds a line for each to the table. */
function measure(signal: string, rows: SignalRows, contenders: readonly [ours: Contender, other: Contender]): void {
  for (let run = -1; run < runs; run++) {
    for (const contender of contenders) {
      const seconds = secondsPerRound(contender, rows);
      if (run >= 0) contender.secondsPerRound.push(seconds); // the run before the first one warms up
    }
  }
  const [ours, other] = contenders;
  const rowCount = rowsOf(ours, rows);
  const megabytes = ours.bodies.reduce((sum, body) => sum + body.length, 0) / 1e6;
  for (const { name, secondsPerRound } of contenders) {
    const seconds = median(secondsPerRound);
    table.push({
      signal,
      decoder: name,
      'k rows/s': Math.round(rowCount / seconds / 1000),
      'MB/s': Math.round(megabytes / seconds),
      'times as fast': name === ours.name ? (median(other.secondsPerRound) / seconds).toFixed(1) : '',
    });
  }
}

function secondsPerRound(contender: Contender, rows: SignalRows): number {
  const deadline = Date.now() + runMs;
  const start = process.cpuUsage();
  let rounds = 0;
  for (; Date.now() < deadline; rounds++) {
    for (const body of contender.bodies) {
      rows.reset(keep);
      contender.decode(body);
    }
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6 / rounds;
}

function rowsOf({ bodies, decode }: Contender, rows: SignalRows): number {
  return bodies.reduce((sum, body) => {
    rows.reset(keep);
    decode(body);
    return sum + rows.rows;
  }, 0);
}
