// Entry of an engine's thread: jobs in, pieces and answers out, scans asked for in between.

import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../../base/failure.js';
import type { ColumnBlock } from '../../buffer/column-block.js';
import type { Scanner, ScanRequest } from '../scan/scanner.js';
import type { EngineContext, EngineModule, Report } from './engine.js';
import {
  type EngineThreadData,
  errorFrom,
  MAX_UNDER_WAY,
  portable,
  type ToMain,
  type ToThread,
} from './engine-messages.js';
import { Inbox } from './inbox.js';
import { MemoryBudget } from './memory-budget.js';
import { QueryAccount } from './query-account.js';

interface Job {
  /** What it holds is settled. */
  isOver: boolean;
  readonly abort: AbortController;
  /** Pieces that were taken, as far as nobody has waited for them. */
  readonly taken: Inbox<'taken'>;
}

const { engines, budget: sharedBudget } = workerData as EngineThreadData;
const budget = new MemoryBudget(sharedBudget);
const jobs = new Map<number, Job>();
const scans = new Map<number, Inbox<ColumnBlock>>();
let lastScan = 0;

parentPort!.on('message', (message: ToThread) => {
  switch (message.say) {
    case 'run':
      void run(message);
      return;
    case 'end':
      jobs.get(message.job)?.abort.abort(errorFrom(message.reason));
      return;
    case 'taken':
      jobs.get(message.job)?.taken.put('taken');
      return;
    case 'block':
      scans.get(message.scan)?.put(message.block);
      return;
    case 'scanned':
      scans.get(message.scan)?.end(message.error && errorFrom(message.error));
  }
});

function tell(message: ToMain, transfer: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, [...transfer]);
}

async function run(asked: Extract<ToThread, { say: 'run' }>): Promise<void> {
  const { job: id, principal, home } = asked;
  const job: Job = { isOver: false, abort: new AbortController(), taken: new Inbox() };
  const { signal } = job.abort;
  jobs.set(id, job);
  let piecesUnderWay = 0;
  const account = new QueryAccount(budget, asked.maxSamples, asked.account);
  const context: EngineContext = {
    principal,
    home,
    signal,
    scanner: scannerOf(id),
    report: reportTo(account, job),
    async emit(piece, transfer) {
      tell({ say: 'piece', job: id, piece }, transfer);
      if (++piecesUnderWay < MAX_UNDER_WAY) return;
      await job.taken.next(signal);
      piecesUnderWay--;
    },
  };
  try {
    const engine = (await import(engines[asked.engine]!)) as EngineModule;
    const { value, transfer } = await engine.run(asked.request, context);
    signal.throwIfAborted();
    job.isOver = true;
    // All else is garbage now.
    account.holdOnly((transfer ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0));
    tell({ say: 'answer', job: id, value }, transfer);
  } catch (error) {
    job.isOver = true;
    tell({ say: 'failed', job: id, error: portable(error) });
  } finally {
    jobs.delete(id);
  }
}

function scannerOf(job: number): Scanner {
  return { scan: (request, signal) => scan(job, request, signal) };
}

async function* scan(job: number, request: ScanRequest, signal: AbortSignal): AsyncGenerator<ColumnBlock, void> {
  signal.throwIfAborted();
  const id = ++lastScan;
  const inbox = new Inbox<ColumnBlock>();
  scans.set(id, inbox);
  try {
    tell({ say: 'scan', job, scan: id, request });
    for (let block = await inbox.next(signal); block !== undefined; block = await inbox.next(signal)) {
      tell({ say: 'more', scan: id });
      yield block;
    }
  } finally {
    scans.delete(id);
    tell({ say: 'endScan', scan: id });
  }
}

/** Of a job that is over, parts that nobody waited for may go on for a while: what they take or give back counts no more. */
function reportTo(account: QueryAccount, job: Job): Report {
  const throwIfEnded = () => {
    // The reason is on its way in a message. Nobody reads this text: the query was answered when it ended.
    if (job.isOver || account.hasEnded) throw new Failure('queryCanceled', 'the query was ended');
  };
  return {
    throwIfEnded,
    countSamples(count) {
      throwIfEnded();
      account.countSamples(count);
    },
    reserveBytes(bytes) {
      throwIfEnded();
      account.reserveBytes(bytes);
    },
    releaseBytes(bytes) {
      if (!job.isOver) account.releaseBytes(bytes);
    },
  };
}
