// The engine's thread: rows that have come since the last time → what each query that is tailed gets of them. Rows are read
// once for all queries.

import { type LogBatch, type LogEntry, type LogQuery, parseLogQuery } from '#logql';
import { compilePipeline, type Pipeline } from '#logql/pipeline/pipeline';
import type { Labels } from '#promql/data/labels';
import type { Principal } from '../../../server/identity/principal.js';
import { streamsJson } from '../../logql/stream-json.js';
import { LogStore } from '../../logs/log-store.js';
import type { EngineRun } from '../../run/engine.js';
import {
  type DroppedEntry,
  MAX_TAIL_ENTRIES,
  MAX_TOLD_DROPPED,
  type TailBatch,
  type TailQuery,
  type TailQuestion,
} from './tail-question.js';

interface CompiledQuery {
  readonly query: LogQuery;
  readonly pipeline: Pipeline;
}

/** How far senders' clocks may be ahead of ours for their last entries to be in a history. */
const CLOCK_SKEW_NS = 60_000_000_000n;
/** Queries that a thread keeps compiled, each with some kilobytes. */
const MAX_COMPILED = 1000;
const compiled = new Map<string, CompiledQuery>();

export const run: EngineRun = async (request, { scanner, principal, home, signal, report }) => {
  const { queries, reader, nowNs, indexAttributes } = request as TailQuestion;
  const store = new LogStore({
    scanner,
    principal,
    home: JSON.stringify([home.catalog, home.schema]),
    options: { indexAttributes },
  });
  const tails = queries.map((asked) => new Tail(asked));
  const following = tails.filter(({ asked }) => asked.history === undefined);
  // Also where nobody follows yet: what is read now is not new the next time.
  for await (const batch of store.newEntries(
    reader,
    (stream) => following.some((tail) => tail.takes(stream)),
    signal,
  )) {
    report.countSamples(batch.rowCount);
    for (const tail of following) tail.add(batch);
  }
  for (const tail of tails)
    if (tail.asked.history !== undefined) await tail.readHistory(store, principal, nowNs, signal);
  return { value: tails.map((tail) => tail.batch()) };
};

/** One query, and what it gets. */
class Tail {
  readonly asked: TailQuery;
  readonly #compiled: CompiledQuery;
  readonly #taken = new Map<Labels, boolean>();
  #entries: LogEntry[] = [];
  readonly #dropped: DroppedEntry[] = [];

  constructor(asked: TailQuery) {
    this.asked = asked;
    this.#compiled = compile(asked.query);
  }

  takes(stream: Labels): boolean {
    let takes = this.#taken.get(stream);
    if (takes === undefined) {
      takes = this.#compiled.query.matchers.every((matcher) => matcher.matches(stream.get(matcher.name)));
      this.#taken.set(stream, takes);
    }
    return takes;
  }

  add(batch: LogBatch): void {
    for (let i = 0; i < batch.rowCount; i++) {
      if (!this.takes(batch.streams[i]!)) continue;
      const entry = this.#entryOf(batch, i);
      if (entry === undefined) continue;
      if (this.#entries.length < MAX_TAIL_ENTRIES) this.#entries.push(entry);
      else if (this.#dropped.length < MAX_TOLD_DROPPED) this.#dropped.push(droppedOf(entry));
    }
  }

  async readHistory(store: LogStore, principal: Principal, nowNs: bigint, signal: AbortSignal): Promise<void> {
    const { startNs, limit } = this.asked.history!;
    const { query } = this.#compiled;
    const wanted = Math.min(limit, MAX_TAIL_ENTRIES);
    const batches = store.source.read(
      {
        matchers: query.matchers,
        startNs,
        endNs: nowNs + CLOCK_SKEW_NS,
        order: 'newest-first',
        filters: [],
        prefilters: [],
        limit: query.stages.length === 0 ? wanted : undefined,
        needs: { line: true, metadata: 'all' },
      },
      { principal, signal, warn: () => undefined },
    );
    for await (const batch of batches) {
      for (let i = 0; i < batch.rowCount && this.#entries.length < wanted; i++) {
        const entry = this.#entryOf(batch, i);
        if (entry !== undefined) this.#entries.push(entry);
      }
      if (this.#entries.length >= wanted) return;
    }
  }

  batch(): TailBatch {
    const entries = this.#entries.sort((left, right) => (left.timeNs < right.timeNs ? -1 : 1));
    return {
      streams: streamsJson(entries, this.asked.encoding),
      entryCount: entries.length,
      heads: entries.slice(0, MAX_TOLD_DROPPED).map(droppedOf),
      dropped: this.#dropped,
    };
  }

  #entryOf(batch: LogBatch, row: number): LogEntry | undefined {
    const { pipeline } = this.#compiled;
    const timeNs = batch.times[row]!;
    const line = pipeline.process(batch.lines[row]!, batch.streams[row]!, batch.metadata[row]!, timeNs);
    return line === undefined ? undefined : { timeNs, line, ...pipeline.labels.categorized() };
  }
}

function compile(query: string): CompiledQuery {
  const known = compiled.get(query);
  if (known !== undefined) return known;
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  const parsed = parseLogQuery(query);
  const made = { query: parsed, pipeline: compilePipeline(parsed.stages) };
  compiled.set(query, made);
  return made;
}

function droppedOf({ timeNs, stream }: LogEntry): DroppedEntry {
  return { labels: Object.fromEntries(stream), timestamp: String(timeNs) };
}
