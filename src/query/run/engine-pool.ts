// Jobs of engines → threads that several jobs share, each between the others' awaits.

import { Worker } from 'node:worker_threads';
import { Failure, messageOf } from '../../base/failure.js';
import { buffersOf } from '../../buffer/column-block.js';
import type { TableHome } from '../../catalog/table-home.js';
import type { Scanner, ScanRequest } from '../scan/scanner.js';
import {
  type EngineThreadData,
  errorFrom,
  MAX_UNDER_WAY,
  portable,
  type ToMain,
  type ToThread,
} from './engine-messages.js';
import { Inbox } from './inbox.js';
import type { MemoryBudget } from './memory-budget.js';
import type { RunningQuery } from './running-query.js';

/** URLs of modules that export `run`, by the names of engines. */
export type EngineModules = Readonly<Record<string, URL>>;

export interface EngineJob {
  readonly engine: string;
  /** Whatever structuredClone() takes. */
  readonly request: unknown;
  readonly running: RunningQuery;
  readonly home: TableHome;
  readonly scanner: Scanner;
}

/** A job on its way. */
export interface EngineWork {
  /** What the engine emits, until it has answered. */
  readonly pieces: Inbox<unknown>;
  /** Tells the engine that a piece was taken. */
  taken(): void;
  /** The bytes that it takes stay reserved in the account of the query, until whoever gets it closes that. */
  readonly answer: Promise<unknown>;
}

interface Job {
  readonly running: RunningQuery;
  readonly scanner: Scanner;
  readonly pieces: Inbox<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Aborted when the job is over, whatever came of it. */
  readonly over: AbortController;
}

interface Thread {
  readonly worker: Worker;
  /** Jobs that the thread has not reported the end of, though they may have been answered. */
  readonly jobs: Map<number, Job>;
  readonly scans: Map<number, { readonly credits: Inbox<'more'>; readonly abort: AbortController }>;
}

/** An engine looks at least this often whether its query has ended. A thread whose engine does not is ended, with all of its jobs. */
const END_WITHIN_MS = 10_000;
/** Heap beside the buffers of columns, which queries reserve: labels, lines, trees of expressions. */
const MAX_HEAP_MIB = 1024;

// Run from source, as tests do, the thread still needs a built file: Node 20 loads no TypeScript.
const threadUrl = import.meta.url.endsWith('.ts')
  ? new URL('../../../dist/query/run/engine-thread.js', import.meta.url)
  : new URL('./engine-thread.js', import.meta.url);

export class EnginePool {
  readonly #modules: EngineModules;
  readonly #budget: MemoryBudget;
  /** Threads that new jobs may come to. */
  readonly #threads = new Set<Thread>();
  /** Threads that are about to exit, with the jobs that they have. */
  readonly #ending = new Set<Thread>();
  readonly #endWithinMs: number;
  /** Threads are started as they are needed, up to this many. */
  maxThreads: number;
  #lastJob = 0;
  #isClosed = false;

  constructor(modules: EngineModules, budget: MemoryBudget, maxThreads: number, endWithinMs = END_WITHIN_MS) {
    this.#modules = modules;
    this.#budget = budget;
    this.maxThreads = maxThreads;
    this.#endWithinMs = endWithinMs;
  }

  /** Begins a job. It ends with the query's signal: at once for who waits, and for the thread when the engine looks. */
  start({ engine, request, running, home, scanner }: EngineJob): EngineWork {
    if (this.#modules[engine] === undefined) throw new Error(`BUG: there is no engine ${engine}`);
    if (this.#isClosed) throw new Failure('stopping', 'queries have been closed on this DuckDB instance');
    const { signal, account, label } = running;
    signal.throwIfAborted();
    const thread = this.#leastBusyThread();
    const id = ++this.#lastJob;
    const pieces = new Inbox<unknown>();
    const over = new AbortController();
    // Throws for a request that cannot be copied. Nothing is heard of the job before this turn is over.
    tell(thread, {
      say: 'run',
      job: id,
      engine,
      request,
      principal: label.principal,
      home,
      account: account.shared,
      maxSamples: account.maxSamples,
    });
    const answer = new Promise<unknown>((resolve, reject) => {
      thread.jobs.set(id, { running, scanner, pieces, resolve, reject, over });
    });
    const end = () => this.#end(thread, id);
    signal.addEventListener('abort', end, { once: true });
    over.signal.addEventListener('abort', () => signal.removeEventListener('abort', end), { once: true });
    // Who streams looks at the pieces first, and an answer may fail before.
    answer.catch(() => undefined);
    return { pieces, answer, taken: () => tell(thread, { say: 'taken', job: id }) };
  }

  /** Ends all threads. Their jobs are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#threads, ...this.#ending].map(({ worker }) => worker.terminate()));
  }

  #leastBusyThread(): Thread {
    const [least] = [...this.#threads].sort((a, b) => a.jobs.size - b.jobs.size);
    if (least !== undefined && (least.jobs.size === 0 || this.#threads.size >= this.maxThreads)) return least;
    return this.#startThread();
  }

  #startThread(): Thread {
    const engines = Object.fromEntries(Object.entries(this.#modules).map(([name, url]) => [name, url.href]));
    const workerData: EngineThreadData = { engines, budget: this.#budget.shared };
    const worker = new Worker(threadUrl, { workerData, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } });
    const thread: Thread = { worker, jobs: new Map(), scans: new Map() };
    this.#threads.add(thread);
    worker.unref();
    worker.on('message', (message: ToMain) => this.#hear(thread, message));
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
      this.#retire(thread);
    });
    worker.on('exit', () => {
      this.#threads.delete(thread);
      this.#ending.delete(thread);
      const error = this.#isClosed
        ? new Failure('stopping', 'queries have been closed on this DuckDB instance')
        : new Failure('internal', `the thread of the query has ended: ${messageOf(cause ?? 'it was ended')}`, {
            cause,
          });
      for (const id of thread.jobs.keys()) {
        this.#settle(thread, id, ({ reject, running }) => {
          reject(error);
          running.account.close();
        });
      }
    });
    return thread;
  }

  /** Gives a thread no more jobs: they would be lost when it exits. */
  #retire(thread: Thread): void {
    this.#threads.delete(thread);
    this.#ending.add(thread);
  }

  #hear(thread: Thread, message: ToMain): void {
    switch (message.say) {
      case 'answer':
        this.#settle(thread, message.job, ({ resolve, running }) => {
          resolve(message.value);
          // Whoever gets the answer has its bytes, and gives them back. Nobody does if the query has ended.
          if (running.signal.aborted) running.account.close();
        });
        return;
      case 'failed':
        this.#settle(thread, message.job, ({ reject, running }) => {
          reject(errorFrom(message.error));
          running.account.close();
        });
        return;
      case 'piece':
        thread.jobs.get(message.job)?.pieces.put(message.piece);
        return;
      case 'scan':
        void this.#serve(thread, message.job, message.scan, message.request);
        return;
      case 'more':
        thread.scans.get(message.scan)?.credits.put('more');
        return;
      case 'endScan':
        thread.scans
          .get(message.scan)
          ?.abort.abort(new Failure('queryCanceled', 'the engine wants no more of the scan'));
    }
  }

  /** The thread has done with a job. What it had reserved is given back now and not before: it may have gone on with it for a while. */
  #settle(thread: Thread, id: number, settle: (job: Job) => void): void {
    const job = thread.jobs.get(id)!;
    thread.jobs.delete(id);
    settle(job);
    job.pieces.end();
    job.over.abort();
  }

  /** Answers whoever waits for a job, and tells its thread. */
  #end(thread: Thread, id: number): void {
    const { running, reject, pieces, over } = thread.jobs.get(id)!;
    const { reason } = running.signal;
    tell(thread, { say: 'end', job: id, reason: portable(reason) });
    reject(reason);
    pieces.end();
    over.abort();
    setTimeout(() => {
      if (!thread.jobs.has(id)) return;
      this.#retire(thread);
      void thread.worker.terminate();
    }, this.#endWithinMs).unref();
  }

  /** Gives the thread the blocks of a scan, as it has room for them. */
  async #serve(thread: Thread, jobId: number, scan: number, request: ScanRequest): Promise<void> {
    const job = thread.jobs.get(jobId);
    if (job === undefined) return;
    const abort = new AbortController();
    const credits = new Inbox<'more'>();
    for (let i = 0; i < MAX_UNDER_WAY; i++) credits.put('more');
    thread.scans.set(scan, { credits, abort });
    const giveUp = () => abort.abort(new Failure('queryCanceled', 'the query is over'));
    job.over.signal.addEventListener('abort', giveUp, { once: true });
    if (job.over.signal.aborted) giveUp();
    const blocks = job.scanner.scan(request, abort.signal)[Symbol.asyncIterator]();
    try {
      try {
        for (;;) {
          await credits.next(abort.signal);
          const { done, value } = await blocks.next();
          if (done === true) break;
          tell(thread, { say: 'block', scan, block: value }, buffersOf(value));
        }
      } finally {
        await blocks.return?.();
      }
      tell(thread, { say: 'scanned', scan });
    } catch (error) {
      tell(thread, { say: 'scanned', scan, error: portable(error) });
    } finally {
      job.over.signal.removeEventListener('abort', giveUp);
      thread.scans.delete(scan);
    }
  }
}

function tell(thread: Thread, message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
  thread.worker.postMessage(message, [...transfer]);
}
