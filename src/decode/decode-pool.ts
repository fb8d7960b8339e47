// Requests → rows on threads beside the main one. A body and its rows are handed over, not copied.

import { Worker } from 'node:worker_threads';
import { type PackedRows, unpackRows } from '../buffer/packed-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { Failure, type FailureKind } from '../failure.js';
import type { EncodedRequest } from './request-decoder.js';

export interface DecodeWorkerData {
  readonly maxBodyBytes: number;
}

export interface DecodeTask {
  readonly request: EncodedRequest;
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
}

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
  readonly #limits: DecodeWorkerData;
  readonly #maxThreads: number;
  readonly #threads = new Set<Thread>();
  /** Waiting requests by sender, senders in the order in which their turn comes. */
  readonly #waiting = new Map<unknown, QueuedTask[]>();
  #isClosed = false;

  constructor(limits: DecodeWorkerData, maxThreads: number) {
    this.#limits = limits;
    this.#maxThreads = maxThreads;
  }

  /**
   * Inflates and decodes a request, whose body must not be used afterwards. Rejects with a Failure that says what is
   * wrong with it; one of kind `internal` when the thread died of it, which costs this request only.
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
      const body = ownBytes(task.request.body);
      thread.worker.postMessage({ request: { ...task.request, body } } satisfies DecodeTask, [body.buffer]);
    }
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
    const thread: Thread = { worker: new Worker(workerUrl, { workerData: this.#limits }), task: undefined };
    this.#threads.add(thread);
    thread.worker.unref();
    thread.worker.on('message', (answer: DecodeAnswer) => {
      const { resolve, reject } = thread.task!;
      thread.task = undefined;
      this.#dispatch();
      if ('packed' in answer) resolve(unpackRows(answer.packed));
      else reject(new Failure(answer.failure.kind, answer.failure.message));
    });
    let cause: unknown;
    thread.worker.on('error', (error) => {
      cause = error;
    });
    thread.worker.on('exit', () => {
      this.#threads.delete(thread);
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
