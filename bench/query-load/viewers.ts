// People who look at what is refreshed again and again, each all of it at once.

import { setMaxListeners } from 'node:events';
import type { LoadReport } from '../served-command.js';

/** Longer than any answer may take: what is late is late. */
const GIVE_UP_MS = 120_000;

export interface ViewerRequest {
  /** What a report calls it. */
  readonly name: string;
  readonly url: string;
  /** Posted, where there is one. */
  readonly body?: URLSearchParams;
}

export interface ViewersPlan {
  readonly count: number;
  readonly refreshMs: number;
  /** What one of them asks when a refresh is due. */
  requests(viewer: number): readonly ViewerRequest[];
}

export class Viewers {
  readonly #plan: ViewersPlan;
  readonly #isOver = new AbortController();
  readonly #looking: Promise<unknown>;
  /** From when each answer was due. */
  readonly #latencies: number[] = [];
  readonly #statuses = new Map<string, number>();
  /** The first words of an answer that was none. */
  #firstFailure: string | undefined;

  /** They begin at once, spread over the time of a refresh. */
  constructor(plan: ViewersPlan) {
    this.#plan = plan;
    setMaxListeners(0, this.#isOver.signal);
    this.#looking = Promise.all(Array.from({ length: plan.count }, (_, viewer) => this.#look(viewer)));
  }

  /** Ends what they do. Resolves when the last answer is there. */
  async leave(): Promise<void> {
    this.#isOver.abort();
    await this.#looking;
  }

  report(more: string): void {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (part: number) =>
      `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)} ms`;
    const statuses = JSON.stringify(Object.fromEntries(this.#statuses));
    console.log(
      `${this.#plan.count} clients, ${sorted.length} answers, ${more}: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}, statuses ${statuses}`,
    );
    if (this.#firstFailure !== undefined) console.log(`first failure: ${this.#firstFailure}`);
  }

  async #look(viewer: number): Promise<void> {
    const { count, refreshMs, requests } = this.#plan;
    const startMs = performance.now() + (viewer * refreshMs) / count;
    for (let refresh = 0; ; refresh++) {
      const dueMs = startMs + refresh * refreshMs;
      await pause(dueMs - performance.now(), this.#isOver.signal);
      if (this.#isOver.signal.aborted) return;
      await Promise.all(requests(viewer).map((request) => this.#ask(request, dueMs)));
    }
  }

  async #ask({ name, url, body }: ViewerRequest, dueMs: number): Promise<void> {
    let status: string;
    try {
      const sent = body === undefined ? {} : { method: 'POST', body };
      const answer = await fetch(url, { ...sent, signal: AbortSignal.timeout(GIVE_UP_MS) });
      const text = await answer.text();
      status = String(answer.status);
      if (!answer.ok) this.#firstFailure ??= `${name}: ${text.slice(0, 300)}`;
    } catch (error) {
      // A connection that is refused or cut.
      status = (error as Error & { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
    }
    this.#latencies.push(performance.now() - dueMs);
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }
}

export function acknowledgements({
  latency_ms: { p50, p99, max },
  accepted_records_per_second: rate,
  statuses,
  generator,
}: LoadReport): string {
  const bottleneck = generator.bottleneck === null ? '' : `; the generator: ${generator.bottleneck}`;
  return `acknowledgements p50 ${p50} ms, p99 ${p99} ms, max ${max} ms; ${Math.round(rate)} records/s, statuses ${JSON.stringify(statuses)}${bottleneck}`;
}

function pause(ms: number, isOver: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      isOver.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    isOver.addEventListener('abort', done, { once: true });
    if (isOver.aborted) done();
  });
}
