// JSON of an answer → bytes to hand over: made by turns with the thread's other queries, compressed as it comes where the client
// reads that, and held within the memory of the query.

import { constants as zlib } from 'node:zlib';
import { Gzip } from 'minizlib';
import { JsonWriter } from '../../base/json-writer.js';
import type { Report } from './engine.js';
import { Turns } from './turns.js';

/** Below this, compressing an answer saves less than it costs. */
const MIN_COMPRESSED_BYTES = 1024;
/** JSON that is written before it is compressed or put aside. */
const PIECE_BYTES = 64 << 10;

export type AnswerEncoding = 'gzip' | 'plain';

export interface AnswerBody {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly isGzipped: boolean;
}

export class JsonAnswer {
  readonly json = new JsonWriter();
  readonly #report: Report;
  readonly #turns: Turns;
  readonly #encoding: AnswerEncoding;
  readonly #pieces: Uint8Array[] = [];
  #gzip: Gzip | undefined;
  #bytes = 0;

  constructor(encoding: AnswerEncoding, report: Report) {
    this.#encoding = encoding;
    this.#report = report;
    this.#turns = new Turns(() => report.throwIfEnded());
  }

  /** An array of what `write` writes for each item. Others have their turns between them. */
  async list<Item>(items: Iterable<Item>, write: (item: Item) => void): Promise<void> {
    this.json.ascii('[');
    await this.#each(items, write);
    this.json.ascii(']');
  }

  /** An object of what `write` writes for each value. */
  async members<Value>(
    values: Iterable<readonly [name: string, value: Value]>,
    write: (value: Value) => void,
  ): Promise<void> {
    this.json.ascii('{');
    await this.#each(values, ([name, value]) => {
      this.json.value(name);
      this.json.ascii(':');
      write(value);
    });
    this.json.ascii('}');
  }

  /** For who writes much without a turn: compresses, or puts aside, what has been written, if that is enough to be worth it. */
  passOn(): void {
    if (this.json.length < PIECE_BYTES) return;
    this.#report.throwIfEnded();
    if (this.#encoding === 'gzip') this.#compressor().write(this.json.take());
    else this.#keep(Buffer.from(this.json.take()));
  }

  /** What was written. The answer must not be used afterwards. */
  finish(): AnswerBody {
    const isGzipped =
      this.#gzip !== undefined || (this.#encoding === 'gzip' && this.json.length >= MIN_COMPRESSED_BYTES);
    if (isGzipped) {
      this.#compressor().end(this.json.take());
    } else if (this.#pieces.length === 0) {
      this.#report.reserveBytes(this.json.length);
      return { body: this.json.finish(), isGzipped };
    } else {
      this.#keep(this.json.take());
    }
    this.#report.reserveBytes(this.#bytes);
    const body = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces.splice(0)) {
      body.set(piece, at);
      at += piece.length;
    }
    this.#report.releaseBytes(this.#bytes);
    return { body, isGzipped };
  }

  /** Lets go of an answer that will not be finished. */
  close(): void {
    this.#gzip?.close();
    this.#pieces.length = 0;
  }

  async #each<Item>(items: Iterable<Item>, write: (item: Item) => void): Promise<void> {
    let isFirst = true;
    for (const item of items) {
      if (!isFirst) this.json.ascii(',');
      isFirst = false;
      write(item);
      this.passOn();
      const turn = this.#turns.checkpoint();
      // A list of many short items must not wait for each.
      if (turn !== undefined) await turn;
    }
  }

  /** It works within write(): on a thread of libuv's pool it would wait for DuckDB's statements. */
  #compressor(): Gzip {
    if (this.#gzip === undefined) {
      // Fast rather than small: JSON of series shrinks to a tenth at the lowest level.
      this.#gzip = new Gzip({ level: zlib.Z_BEST_SPEED });
      this.#gzip.on('data', (piece: Buffer) => this.#keep(piece));
    }
    return this.#gzip;
  }

  #keep(piece: Uint8Array): void {
    this.#report.reserveBytes(piece.length);
    this.#bytes += piece.length;
    this.#pieces.push(piece);
  }
}
