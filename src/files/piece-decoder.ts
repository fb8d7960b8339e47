// A piece of a file → rows of the tables that a scan wants.

import { Failure, messageOf } from '../base/failure.js';
import { SignalRows, type WantedColumns } from '../buffer/signal-rows.js';
import { VectorLayout, type VectorRows } from '../buffer/vector-rows.js';
import { inflate } from '../decode/compression/inflate.js';
import { JsonDecoder } from '../decode/json/decode-json.js';
import { OtapStreamDecoder } from '../decode/otap/otap-stream-decoder.js';
import { ProtobufDecoder } from '../decode/protobuf/decode-protobuf.js';
import { type Signal, signals } from '../schema/column-declaration.js';
import { isJson } from './file-format.js';
import { isZstd } from './magics.js';
import { MAX_UNIT_BYTES, type Piece } from './piece-splitter.js';
import type { FileFormat, ReadError, ReadPlan, Skipped } from './read-task.js';

/** Memory that rows of one piece may take. A piece of usual records takes a hundredth of it. */
const ROW_LIMIT = { bytes: 4 * MAX_UNIT_BYTES, rule: `the limit is 4 × ${MAX_UNIT_BYTES}` };
/** Memory kept from piece to piece. */
const KEPT_SCRATCH = { heapBytes: 32 << 20, rows: 1 << 16 } as const;

const MESSAGE_RULE = `${MAX_UNIT_BYTES} bytes, the limit of a message`;

const LINE_FEED = 0x0a;

export interface DecodedPiece {
  readonly rows: readonly VectorRows[];
  /** Lines or messages of the piece; 1 where it is a document. */
  readonly units: number;
  readonly skipped: Skipped | undefined;
}

/** A unit that cannot be read, of a plan that does not skip it. */
export class UnreadableUnit extends Error {
  readonly error: ReadError;

  constructor(error: ReadError) {
    super(error.reason);
    this.error = error;
  }
}

/** Decodes pieces for one plan, reusing its own memory. */
export class PieceDecoder {
  readonly #plan: ReadPlan;
  readonly #rows: SignalRows;
  readonly #json: JsonDecoder;
  readonly #protobuf: ProtobufDecoder;
  readonly #layout = new VectorLayout();
  #units = 0;
  #skipped: { count: number; first: ReadError } | undefined;

  constructor(plan: ReadPlan) {
    this.#plan = plan;
    // The decoder of OTAP writes all columns: its cost is in reading the payloads.
    this.#rows = new SignalRows(plan.signal, ROW_LIMIT, plan.format === 'otap' ? undefined : decoded(plan.columns));
    this.#json = new JsonDecoder(this.#rows);
    this.#protobuf = new ProtobufDecoder(this.#rows);
  }

  /** Throws an UnreadableUnit unless the plan is to skip those. */
  decode(format: FileFormat, piece: Piece): DecodedPiece {
    this.#rows.reset(KEPT_SCRATCH);
    this.#units = 0;
    this.#skipped = undefined;
    this.#decoders[format](piece);
    const { heap, tables } = this.#rows;
    const { columns } = this.#plan;
    const rows = tables
      .filter(({ table, rows }) => rows > 0 && columns[table.name] !== undefined)
      .map((table) => this.#layout.layOut(table, heap.bytes, columns[table.table.name]!));
    return { rows, units: this.#units, skipped: this.#skipped };
  }

  readonly #decoders: Readonly<Record<FileFormat, (piece: Piece) => void>> = {
    json: ({ bytes }) => this.#unit(() => this.#json.decode(bytes)),
    jsonl: ({ bytes }) => this.#lines(bytes),
    protobuf: ({ bytes }) => this.#unit(() => this.#request(bytes)),
    delimited: ({ bytes, messages = [] }) => {
      for (const [start, end] of messages) this.#unit(() => this.#message(bytes.subarray(start, end)), 'message');
    },
    otap: ({ bytes }) => this.#unit(() => new OtapStreamDecoder(this.#plan.signal, this.#rows).decode(bytes)),
  };

  /** All lines at once; one by one only where that fails, to find the bad ones. */
  #lines(bytes: Uint8Array): void {
    try {
      this.#json.decodeLines(bytes);
      this.#units = linesIn(bytes);
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#rows.reset(KEPT_SCRATCH);
    }
    for (let start = 0; start < bytes.length; ) {
      const lineFeed = bytes.indexOf(LINE_FEED, start);
      const end = lineFeed === -1 ? bytes.length : lineFeed;
      const line = bytes.subarray(start, end);
      if (isBlank(line)) this.#units++;
      else this.#unit(() => this.#json.decode(line), 'line');
      start = end + 1;
    }
  }

  /** What the Collector's file exporter puts after a length: a request of either encoding, which it may compress. */
  #message(bytes: Uint8Array): void {
    const message = isZstd(bytes) ? inflate(bytes, 'zstd', MAX_UNIT_BYTES, MESSAGE_RULE) : bytes;
    if (isJson(message)) this.#json.decode(message);
    else this.#request(message);
  }

  /** A request of another signal has no fields of this one. They have the same numbers, so only the contents tell. */
  #request(bytes: Uint8Array): void {
    const { tables, heap } = this.#rows;
    const before = { rows: tables.map(({ rows }) => rows), heapEnd: heap.end };
    try {
      this.#protobuf.decode(bytes);
    } catch (error) {
      if (!(error instanceof Failure) || !isOfAnotherSignal(bytes, this.#plan.signal)) throw error;
      this.#restore(before);
    }
  }

  #unit(decode: () => void, unitName?: ReadError['unitName']): void {
    const { tables, heap } = this.#rows;
    const before = { rows: tables.map(({ rows }) => rows), heapEnd: heap.end };
    this.#units++;
    try {
      decode();
    } catch (error) {
      const kind = error instanceof Failure ? error.kind : 'internal';
      const unit = unitName === undefined ? undefined : this.#units;
      const found: ReadError = { kind, reason: messageOf(error), unit, unitName: unitName ?? 'line' };
      if (!this.#plan.ignoreErrors || !(error instanceof Failure)) throw new UnreadableUnit(found);
      this.#restore(before);
      this.#skipped ??= { count: 0, first: found };
      this.#skipped.count++;
    }
  }

  #restore({ rows, heapEnd }: { rows: readonly number[]; heapEnd: number }): void {
    this.#rows.tables.forEach((table, i) => {
      table.truncate(rows[i]!);
    });
    this.#rows.heap.end = heapEnd;
  }
}

/** Columns that others are told from, by the name of the other. */
const sources: Readonly<Record<string, string>> = {
  duration_time_unix_nano: 'start_time_unix_nano',
  int_value: 'double_value',
  double_value: 'int_value',
};

/** The columns to decode in order to have those that are wanted. */
function decoded(wanted: WantedColumns): WantedColumns {
  const withSource = (name: string) => [name, sources[name]].filter((found) => found !== undefined);
  return Object.fromEntries(Object.entries(wanted).map(([table, names]) => [table, names.flatMap(withSource)]));
}

function isOfAnotherSignal(bytes: Uint8Array, signal: Signal): boolean {
  return signals.some((other) => {
    if (other === signal) return false;
    try {
      new ProtobufDecoder(new SignalRows(other, ROW_LIMIT)).decode(bytes);
      return true;
    } catch {
      return false;
    }
  });
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function linesIn(piece: Uint8Array): number {
  // A Buffer finds a byte ten times as fast as a Uint8Array.
  const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return bytes.at(-1) === LINE_FEED ? lines : lines + 1;
}
