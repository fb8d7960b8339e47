// The threads that read files, for all scans of an instance.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ReadAnswer, ReadTask } from './read-task.js';

export type ReadRequest = ReadTask | { readonly close: number };

/** Threads beyond this gain little: rows are handed to DuckDB on one thread. */
const MOST_THREADS = 8;
/** A thread that has had nothing to do for so long gives back its memory, some fifty megabytes. */
const IDLE_MS = 10_000;

interface QueuedTask {
  readonly task: ReadTask;
  readonly take: (answer: ReadAnswer) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly number: number;
  current: QueuedTask | undefined;
  /** Tasks that only this thread can do, as it has their files open. */
  readonly own: QueuedTask[];
  /** Files that it keeps open between their pieces. */
  openFiles: number;
  idleTimer: NodeJS.Timeout | undefined;
}

// Run from source, as tests do, the thread still needs a built file: Node 20 loads no TypeScript.
const workerUrl = import.meta.url.endsWith('.ts')
  ? new URL('../../dist/files/read-worker.js', import.meta.url)
  : new URL('./read-worker.js', import.meta.url);

export class ReadPool {
  readonly maxThreads: number;
  readonly #threads = new Map<number, Thread>();
  readonly #waiting: QueuedTask[] = [];
  /** Files left open for scans that are gone: the thread and the file's id. */
  readonly #forgotten = new FinalizationRegistry<Set<OpenPlace>>((places) => {
    for (const place of places) this.close(place);
  });
  readonly #idleMs: number;
  #lastThread = 0;
  #hasEnded = false;

  constructor(maxThreads = Math.min(availableParallelism(), MOST_THREADS), idleMs = IDLE_MS) {
    this.maxThreads = maxThreads;
    this.#idleMs = idleMs;
  }

  /** Threads that there are at the moment. */
  get threads(): number {
    return this.#threads.size;
  }

  /** Reads a piece on a thread. `take` gets the answers; the last one is `done` or `failed`. */
  read(task: ReadTask, take: (answer: ReadAnswer) => void): void {
    const queued = { task, take };
    const isOpen = task.start.kind === 'open';
    const thread = isOpen ? this.#threads.get(task.start.thread) : undefined;
    if (this.#hasEnded || (isOpen && thread === undefined)) {
      take(threadEnded(undefined));
      return;
    }
    (thread?.own ?? this.#waiting).push(queued);
    this.#dispatch();
  }

  /** Closes the files at these places when `owner` is garbage-collected. */
  closeWhenForgotten(owner: object, places: Set<OpenPlace>): void {
    this.#forgotten.register(owner, places);
  }

  /** Closes a file that was left open between its pieces. */
  close({ thread: number, id }: OpenPlace): void {
    const thread = this.#threads.get(number);
    if (thread === undefined) return;
    thread.openFiles--;
    thread.worker.postMessage({ close: id } satisfies ReadRequest);
    if (thread.current === undefined) this.#rest(thread);
  }

  /** Ends all threads for good; scans that still run fail. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    for (const { take } of this.#waiting.splice(0)) take(threadEnded(undefined));
    await Promise.all([...this.#threads.values()].map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    for (const thread of this.#threads.values()) {
      if (thread.current === undefined && thread.own.length > 0) this.#start(thread, thread.own.shift()!);
    }
    while (this.#waiting.length > 0) {
      const thread = this.#idleThread();
      if (thread === undefined) return;
      this.#start(thread, this.#waiting.shift()!);
    }
  }

  #idleThread(): Thread | undefined {
    for (const thread of this.#threads.values()) if (thread.current === undefined) return thread;
    return this.#threads.size < this.maxThreads ? this.#startThread() : undefined;
  }

  #startThread(): Thread {
    const number = ++this.#lastThread;
    const worker = new Worker(workerUrl, { workerData: number });
    const thread: Thread = { worker, number, current: undefined, own: [], openFiles: 0, idleTimer: undefined };
    this.#threads.set(number, thread);
    worker.unref();
    worker.on('message', (answer: ReadAnswer) => {
      const { take } = thread.current!;
      if (answer.kind === 'next' && answer.start?.kind === 'open') thread.openFiles++;
      if (answer.kind === 'done' || answer.kind === 'failed') {
        thread.current = undefined;
        this.#dispatch();
        if (thread.current === undefined) this.#rest(thread);
      }
      take(answer);
    });
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      this.#threads.delete(number);
      clearTimeout(thread.idleTimer);
      thread.current?.take(threadEnded(cause));
      for (const { take } of thread.own) take(threadEnded(cause));
      this.#dispatch();
    });
    return thread;
  }

  #start(thread: Thread, queued: QueuedTask): void {
    const { start } = queued.task;
    clearTimeout(thread.idleTimer);
    if (start.kind === 'open') thread.openFiles--;
    thread.current = queued;
    const bytes = start.kind === 'bytes' || start.kind === 'lines' ? [start.bytes.buffer as ArrayBuffer] : [];
    thread.worker.postMessage(queued.task, bytes);
  }

  /** Ends a thread unless it gets something to do soon. */
  #rest(thread: Thread): void {
    clearTimeout(thread.idleTimer);
    if (thread.openFiles > 0) return;
    thread.idleTimer = setTimeout(() => {
      // It takes no task from here on: none is lost between now and its exit.
      this.#threads.delete(thread.number);
      void thread.worker.terminate();
    }, this.#idleMs).unref();
  }
}

export interface OpenPlace {
  readonly thread: number;
  readonly id: number;
}

function threadEnded(cause: unknown): ReadAnswer {
  const reason = cause instanceof Error ? `the thread that read it ended: ${cause.message}` : 'its reading was ended';
  return { kind: 'failed', error: { kind: 'internal', reason, unit: undefined, unitName: 'line' } };
}
