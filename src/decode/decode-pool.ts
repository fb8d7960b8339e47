// Requests → rows on threads beside the main one. A body and its rows are handed over, not copied.

import { Worker } from 'node:worker_threads';
import { Failure, type FailureKind } from '../base/failure.js';
import { type PackedRows, unpackRows } from '../buffer/packed-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import type { DecoderOptions, EncodedRequest } from './request-decoder.js';

export interface DecodeTask {
  readonly request: EncodedRequest;
  /** Memory that the answer's rows may be packed into. */
  readonly spare: ArrayBuffer | undefined;
}

export type DecodeAnswer =
  | { readonly packed: PackedRows }
  | { readonly failure: { readonly kind: FailureKind; readonly message: string } };

interface QueuedTask {
  readonly request: EncodedRequest;
  readonly resolve: (rows: SignalRows) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  task: QueuedTask | undefined;
  /** Ends the thread when it is late with its task. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * A request that takes a thread longer than this has hit a bug: the largest allowed bodies take seconds, on a
 * busy machine some more. The thread is ended, so that such a request costs itself and not one thread for good.
 */
const TASK_TIMEOUT_MS = 60_000;

/** Rows of a usual request take some hundred kilobytes; what a huge one took is given back. */
const MAX_SPARE_BYTES = 4 << 20;

// Run from source, as tests do, the thread still needs a built file: Node 20 loads no TypeScript.
const workerUrl = import.meta.url.endsWith('.ts')
  ? new URL('../../dist/decode/decode-worker.js', import.meta.url)
  : new URL('./decode-worker.js', import.meta.url);

/**
 * Decodes on up to `threads` threads, started as they are needed. Requests of one sender wait behind each other;
 * senders take turns, so that one with many requests delays the others by one each. What may wait is bounded by
 * admission, not here.
 */
export class DecodePool {
  readonly #limits: DecoderOptions;
  readonly #maxThreads: number;
  readonly #taskTimeoutMs: number;
  readonly #workerUrl: URL;
  readonly #threads = new Set<Thread>();
  /** Waiting requests by sender, senders in the order in which their turn comes. */
  readonly #waiting = new Map<unknown, QueuedTask[]>();
  /** Memory of released rows, for reuse: fresh memory costs a page fault for every four kilobytes. */
  readonly #spares: ArrayBuffer[] = [];
  #isClosed = false;

  constructor(limits: DecoderOptions, maxThreads: number, task = { timeoutMs: TASK_TIMEOUT_MS, workerUrl }) {
    this.#limits = limits;
    this.#maxThreads = maxThreads;
    this.#taskTimeoutMs = task.timeoutMs;
    this.#workerUrl = task.workerUrl;
  }

  /**
   * Inflates and decodes a request, whose body must not be used afterwards. Rejects with a Failure that says what is
   * wrong with it; one of kind `internal` when the thread died of it or came to no end, which costs this request only.
   */
  decode(request: EncodedRequest, sender: unknown): Promise<SignalRows> {
    if (this.#isClosed) return Promise.reject(new Failure('stopping', 'the server is stopping'));
    return new Promise((resolve, reject) => {
      const task = { request, resolve, reject };
      const queue = this.#waiting.get(sender);
      if (queue === undefined) this.#waiting.set(sender, [task]);
      else queue.push(task);
      this.#dispatch();
    });
  }

  /** Takes back rows that decode() gave, whose memory must not be used afterwards. */
  recycle(rows: SignalRows): void {
    const { buffer } = rows.heap.bytes;
    if (this.#spares.length < this.#maxThreads && buffer.byteLength <= MAX_SPARE_BYTES) this.#spares.push(buffer);
  }

  /** Ends all threads. Requests that wait are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const stopping = new Failure('stopping', 'the server is stopping');
    for (const queue of this.#waiting.values()) for (const task of queue) task.reject(stopping);
    this.#waiting.clear();
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.size > 0) {
      const thread = this.#idleThread();
      if (thread === undefined) return;
      const task = this.#nextTask();
      thread.task = task;
      thread.timer = setTimeout(() => this.#giveUp(thread), this.#taskTimeoutMs);
      const body = ownBytes(task.request.body);
      const spare = this.#spares.pop();
      const message: DecodeTask = { request: { ...task.request, body }, spare };
      thread.worker.postMessage(message, spare === undefined ? [body.buffer] : [body.buffer, spare]);
    }
  }

  #giveUp({ worker, task }: Thread): void {
    // Its answer may be on its way, and comes too late.
    worker.removeAllListeners('message');
    task!.reject(new Failure('internal', `the request was not decoded within ${this.#taskTimeoutMs} ms`));
    // Its task stays, so that it gets no other one, until it has ended.
    void worker.terminate();
  }

  #idleThread(): Thread | undefined {
    for (const thread of this.#threads) if (thread.task === undefined) return thread;
    return this.#threads.size < this.#maxThreads ? this.#startThread() : undefined;
  }

  #nextTask(): QueuedTask {
    const [sender, queue] = this.#waiting.entries().next().value!;
    const task = queue.shift()!;
    // Behind all others for its next turn.
    this.#waiting.delete(sender);
    if (queue.length > 0) this.#waiting.set(sender, queue);
    return task;
  }

  #startThread(): Thread {
    const worker = new Worker(this.#workerUrl, { workerData: this.#limits });
    const thread: Thread = { worker, task: undefined, timer: undefined };
    this.#threads.add(thread);
    worker.unref();
    worker.on('message', (answer: DecodeAnswer) => {
      const { resolve, reject } = thread.task!;
      clearTimeout(thread.timer);
      thread.task = undefined;
      this.#dispatch();
      if ('packed' in answer) resolve(unpackRows(answer.packed));
      else reject(new Failure(answer.failure.kind, answer.failure.message));
    });
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      this.#threads.delete(thread);
      clearTimeout(thread.timer);
      thread.task?.reject(new Failure(this.#isClosed ? 'stopping' : 'internal', 'the decode thread ended', { cause }));
      thread.task = undefined;
      // A thread takes its place when a request asks for one.
      if (!this.#isClosed) this.#dispatch();
    });
    return thread;
  }
}

/** The bytes in a buffer that holds nothing else: handing a buffer over takes it from all who share it. */
function ownBytes(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const isAlone = body.byteLength === body.buffer.byteLength && body.buffer instanceof ArrayBuffer;
  return isAlone ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array(body);
}
