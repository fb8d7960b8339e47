// Tasks → answers. What a read thread does, one task after the other.

import { Failure, messageOf } from '../base/failure.js';
import { detectFormat, isDelimited } from './file-format.js';
import { FileInput } from './file-input.js';
import { PieceDecoder, UnreadableUnit } from './piece-decoder.js';
import { type Piece, takePiece } from './piece-splitter.js';
import type { FileFormat, PieceStart, ReadAnswer, ReadError, ReadPlan, ReadTask } from './read-task.js';

/** Plans whose decoders are kept: as many scans as usually take turns on a thread. */
const KEPT_DECODERS = 4;

/** Pieces have four megabytes; what a long line took is given back. */
const MAX_SPARE_BYTES = 8 << 20;

interface OpenFile {
  readonly path: string;
  readonly input: FileInput;
  /** Undefined for a file without content. */
  readonly format: FileFormat | undefined;
}

export class FileReader {
  readonly #thread: number;
  readonly #answer: (answer: ReadAnswer) => void;
  /** Files that cannot be read from the middle, between their pieces. */
  readonly #open = new Map<number, OpenFile>();
  /** By their plans as JSON, the latest used last. */
  readonly #decoders = new Map<string, PieceDecoder>();
  /** Memory for the bytes of the next piece: fresh memory costs a page fault for every four kilobytes. */
  #spare: Uint8Array | undefined;
  #lastId = 0;

  constructor(thread: number, answer: (answer: ReadAnswer) => void) {
    this.#thread = thread;
    this.#answer = answer;
  }

  /** Reads one piece. Gives all its answers before it returns, and never throws. */
  read({ plan, start }: ReadTask): void {
    let file: OpenFile | undefined;
    let next: PieceStart | undefined;
    try {
      file = this.#openAt(start, plan);
      const piece = file.format === undefined ? undefined : takePiece[file.format](file.input);
      next = piece === undefined || piece.isLast ? undefined : this.#startAfter(file);
      this.#answer({ kind: 'next', start: next });
      this.#decode(plan, file, piece);
    } catch (error) {
      this.#answer({ kind: 'failed', error: readError(error) });
    } finally {
      if (next?.kind !== 'open') this.#keepBuffer(file?.input.close());
    }
  }

  /** Closes a file before its end. */
  close(id: number): void {
    this.#open.get(id)?.input.close();
    this.#open.delete(id);
  }

  #decode(plan: ReadPlan, { format }: OpenFile, piece: Piece | undefined): void {
    if (format === undefined || piece === undefined) {
      this.#answer({ kind: 'done', units: 0, skipped: undefined });
      return;
    }
    const { rows, units, skipped } = this.#decoderFor(plan).decode(format, piece);
    if (rows.length > 0) this.#answer({ kind: 'rows', rows });
    this.#answer({ kind: 'done', units, skipped });
  }

  #openAt(start: PieceStart, plan: ReadPlan): OpenFile {
    switch (start.kind) {
      case 'open': {
        const file = this.#open.get(start.id);
        if (file === undefined) throw new Error(`BUG: file ${start.id} is not open`);
        this.#open.delete(start.id);
        return file;
      }
      case 'offset':
        return { path: start.path, input: this.#openPiece(start.path, start.at), format: start.format };
      case 'lines':
        return { path: start.path, input: FileInput.of(start.bytes), format: 'jsonl' };
      case 'bytes':
      case 'file': {
        const input = FileInput.open(start.path, start.kind === 'bytes' ? start.bytes : undefined);
        try {
          return { path: start.path, input, format: formatOf(input, plan) };
        } catch (error) {
          input.close();
          throw error;
        }
      }
    }
  }

  #openPiece(path: string, at: number): FileInput {
    const buffer = this.#spare;
    this.#spare = undefined;
    return FileInput.openAt(path, at, buffer);
  }

  #keepBuffer(buffer: Uint8Array | undefined): void {
    if (buffer !== undefined && buffer.length <= MAX_SPARE_BYTES) this.#spare = buffer;
  }

  /** Where the file's next piece begins. */
  #startAfter(file: OpenFile): PieceStart {
    const { path, input, format } = file;
    if (input.isSeekable) return { kind: 'offset', path, format: format!, at: input.taken };
    const id = ++this.#lastId;
    this.#open.set(id, file);
    return { kind: 'open', thread: this.#thread, id };
  }

  #decoderFor(plan: ReadPlan): PieceDecoder {
    const key = JSON.stringify(plan);
    const decoder = this.#decoders.get(key) ?? new PieceDecoder(plan);
    this.#decoders.delete(key);
    this.#decoders.set(key, decoder);
    if (this.#decoders.size > KEPT_DECODERS) this.#decoders.delete(this.#decoders.keys().next().value!);
    return decoder;
  }
}

function formatOf(input: FileInput, plan: ReadPlan): FileFormat | undefined {
  if (input.peek(1).length === 0) return undefined;
  if (plan.format === undefined) return detectFormat(input);
  return plan.format === 'protobuf' && isDelimited(input) ? 'delimited' : plan.format;
}

function readError(error: unknown): ReadError {
  if (error instanceof UnreadableUnit) return error.error;
  const kind = error instanceof Failure ? error.kind : 'internal';
  return { kind, reason: messageOf(error), unit: undefined, unitName: 'line' };
}
