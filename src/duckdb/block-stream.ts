// Blocks of an asynchronous job, on their way to a SQL statement that asks for them when it likes. The job runs ahead of its
// reader by a bounded number of bytes, and ends when its reader has gone.
//
// DuckDB does not say that a statement was interrupted, has reached its LIMIT, or has lost its connection: it stops asking, and
// drops its reference to the scan. It may also stop asking for a while because a reader takes its time, or because another part
// of the statement has the thread. A garbage collection tells one from the other. It takes some tens of milliseconds, and a job
// that nobody waits for takes more. See docs/decisions/0024-rows-of-jobs.md.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bytesOf, type ColumnBlock } from '../buffer/column-block.js';

/** Bytes of blocks that wait for the reader: enough to keep it busy while the next ones are made. */
const MAX_WAITING_BYTES = 32 << 20;
/** How often the reader is looked for. A thread that is held up for long counts as one look. */
const LOOK_MS = 100;
/** Looks without a question after which the first collection is due. While there are no rows, DuckDB asks every 16 ms. */
const SILENT_LOOKS = 5;
/** A reader may pause for long: the pauses between collections double up to this many looks, a minute. */
const MAX_LOOKS_BETWEEN_COLLECTIONS = 600;

/** What DuckDB refers to for as long as the statement runs. */
export class StreamReader {
  readonly stream: BlockStream;
  constructor(stream: BlockStream) {
    this.stream = stream;
  }
}

/** Ends the streams whose readers were collected. */
const gone = new FinalizationRegistry<BlockStream>((stream) => stream.abandon());

export class BlockStream {
  readonly #abort = new AbortController();
  readonly #waiting: ColumnBlock[] = [];
  #waitingBytes = 0;
  #hasEnded = false;
  #error: unknown;
  #silentLooks = 0;
  #nextCollection = SILENT_LOOKS;
  /** Lets the job go on; undefined while it runs. */
  #resume: (() => void) | undefined;

  /** The stream's only reader. Nothing else may refer to it but DuckDB. */
  newReader(): StreamReader {
    const reader = new StreamReader(this);
    gone.register(reader, this);
    return reader;
  }

  /** Runs a job to its end. Resolves then, however it ended; the reader is told. */
  async run(job: (signal: AbortSignal) => AsyncIterable<ColumnBlock>): Promise<void> {
    const look = setInterval(() => this.#look(), LOOK_MS);
    try {
      for await (const block of job(this.#abort.signal)) {
        this.#waiting.push(block);
        this.#waitingBytes += bytesOf(block);
        if (this.#waitingBytes >= MAX_WAITING_BYTES) await this.#pause();
        if (this.#abort.signal.aborted) break;
      }
    } catch (error) {
      this.fail(error);
    } finally {
      clearInterval(look);
      this.#hasEnded = true;
    }
  }

  fail(error: unknown): void {
    this.#error = error ?? new Error('BUG: a job failed without an error');
  }

  /** The next block; `pending` if there is none yet, `end` if there will be no more. Throws what the job failed of. */
  next(): ColumnBlock | 'pending' | 'end' {
    this.#silentLooks = 0;
    this.#nextCollection = SILENT_LOOKS;
    const block = this.#waiting.shift();
    if (block !== undefined) {
      this.#waitingBytes -= bytesOf(block);
      if (this.#waitingBytes < MAX_WAITING_BYTES) this.#resume?.();
      return block;
    }
    if (this.#error !== undefined) throw this.#error;
    return this.#hasEnded ? 'end' : 'pending';
  }

  /** Ends the job, whose reader has gone. */
  abandon(): void {
    this.#waiting.length = 0;
    this.#abort.abort();
    this.#resume?.();
  }

  async #pause(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#resume = undefined;
  }

  #look(): void {
    if (++this.#silentLooks < this.#nextCollection) return;
    this.#nextCollection += Math.min(this.#silentLooks, MAX_LOOKS_BETWEEN_COLLECTIONS);
    collectGarbage();
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
