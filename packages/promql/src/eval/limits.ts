import { MemoryError, QueryError } from '../data/query-error.js';
import { SAMPLE_BYTES } from '../data/step-series.js';

/** What one query may use. A limit that is not given is not checked. */
export interface QueryLimits {
  /** Samples in memory at once, raw ones and results. Prometheus's default is 50,000,000. */
  readonly maxSamples?: number;
  /** Series read from the source. */
  readonly maxSeries?: number;
  /** Times for which a range query is evaluated, not counting those of subqueries. Prometheus's API refuses more than 11,000. */
  readonly maxSteps?: number;
  readonly timeoutMs?: number;
}

/** Who keeps account of what a query uses, beside its own limits. A throw ends the query. */
export interface QueryAccount {
  /** Samples were read from the source. */
  read(samples: number): void;
  /** Bytes came to those that are held. */
  hold(bytes: number): void;
  /** Bytes were let go. At the end of an evaluation these are all but those of its result, which `Answer` tells. */
  release(bytes: number): void;
  /** Throws once the query has ended. Loops call it that give the thread's event loop no turn, in which it would learn of that. */
  throwIfEnded(): void;
}

/** How long evaluation may hold the thread before others get their turn. */
const TURN_MS = 10;

/** Whether a query may go on: it counts samples and series, and looks at the clock and at cancellation. */
export class QueryControl {
  readonly #limits: QueryLimits;
  readonly #account: QueryAccount | undefined;
  readonly #abort = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onCallerAbort = () =>
    this.#abort.abort(new QueryError('canceled', 'query was canceled in expression evaluation'));
  #samples = 0;
  /** What the account was told of. */
  #accountedBytes = 0;
  #peakSamples = 0;
  #samplesRead = 0;
  #series = 0;
  #turnEnds = performance.now() + TURN_MS;

  constructor(limits: QueryLimits, signal: AbortSignal | undefined, account?: QueryAccount) {
    this.#limits = limits;
    this.#account = account;
    this.#caller = signal;
    if (signal?.aborted) this.#onCallerAbort();
    signal?.addEventListener('abort', this.#onCallerAbort, { once: true });
    if (limits.timeoutMs === undefined) return;
    const timedOut = () => this.#abort.abort(new QueryError('timeout', 'query timed out in expression evaluation'));
    this.#timer = setTimeout(timedOut, limits.timeoutMs);
    this.#timer.unref();
  }

  /** Aborted when the caller cancels and when time is up. The reason is the error of the query. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get samplesRead(): number {
    return this.#samplesRead;
  }

  get peakSamples(): number {
    return this.#peakSamples;
  }

  /** Undefined while the turn lasts; otherwise to be awaited. Throws once the query must end. */
  checkpoint(): Promise<void> | undefined {
    this.signal.throwIfAborted();
    return performance.now() < this.#turnEnds ? undefined : this.#nextTurn();
  }

  /** For loops that give no turn. */
  throwIfEnded(): void {
    this.signal.throwIfAborted();
    this.#account?.throwIfEnded();
  }

  /** Samples count as the bytes of plain ones where it is not said what they take. */
  hold(samples: number, bytes = SAMPLE_BYTES * samples): void {
    this.#samples += samples;
    if (this.#samples > this.#peakSamples) this.#peakSamples = this.#samples;
    if (this.#samples > (this.#limits.maxSamples ?? Infinity)) {
      throw tooManySamples();
    }
    this.#account?.hold(bytes);
    this.#accountedBytes += bytes;
  }

  release(samples: number, bytes = SAMPLE_BYTES * samples): void {
    this.#samples -= samples;
    this.#account?.release(bytes);
    this.#accountedBytes -= bytes;
  }

  /** Lets go of all but a result, which from now on is the caller's. */
  keep(bytes: number): void {
    if (bytes > this.#accountedBytes) this.#account?.hold(bytes - this.#accountedBytes);
    else this.#account?.release(this.#accountedBytes - bytes);
    this.#accountedBytes = 0;
  }

  countRead(series: number, samples: number): void {
    this.#series += series;
    this.#samplesRead += samples;
    this.#account?.read(samples);
    const { maxSeries } = this.#limits;
    if (maxSeries === undefined || this.#series <= maxSeries) return;
    throw new QueryError('limit', `query must read at most ${maxSeries} series`);
  }

  checkSteps(steps: number): void {
    const { maxSteps } = this.#limits;
    if (maxSteps === undefined || steps <= maxSteps) return;
    throw new QueryError('limit', `query must have at most ${maxSteps} steps, got ${steps}`);
  }

  /** A subquery may have more steps than a range query, as long as one series of it could be held. */
  checkSubquerySteps(steps: number): void {
    if (steps > (this.#limits.maxSamples ?? Infinity)) throw tooManySamples();
  }

  /** Stops watching the clock and the caller, and lets go of what is held. */
  end(): void {
    this.#account?.release(this.#accountedBytes);
    this.#accountedBytes = 0;
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCallerAbort);
  }

  async #nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnEnds = performance.now() + TURN_MS;
    this.signal.throwIfAborted();
  }
}

function tooManySamples(): MemoryError {
  return new MemoryError('query processing would load too many samples into memory in query execution');
}
