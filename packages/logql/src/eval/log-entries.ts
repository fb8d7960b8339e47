import type { Label } from '#promql/data/labels';
import { compilePipeline } from '../pipeline/pipeline.js';
import type { LogOrder } from '../source.js';
import type { LogQuery } from '../syntax/ast.js';
import { pushdownOf } from './pushdown.js';
import type { Reading } from './range-aggregation.js';

/** Which lines are wanted: those from `startNs`, included, to `endNs`, which is not, until there are `limit`. */
export interface LogTimes {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly order: Exclude<LogOrder, 'any'>;
  readonly limit?: number | undefined;
  /** Lines nearer to the one before are left out. */
  readonly intervalNs?: bigint;
}

/** A line that came through, with its labels by where they come from. */
export interface LogEntry {
  readonly timeNs: bigint;
  readonly line: string;
  readonly stream: readonly Label[];
  readonly metadata: readonly Label[];
  readonly parsed: readonly Label[];
}

export async function* readEntries<Principal>(
  { matchers, stages }: LogQuery,
  { startNs, endNs, order, limit = Infinity, intervalNs = 0n }: LogTimes,
  { source, principal, control, pushdown, warn }: Reading<Principal>,
): AsyncGenerator<readonly LogEntry[]> {
  const pipeline = compilePipeline(stages);
  const { filters, prefilters, isComplete } = pushdownOf(stages);
  const isPushed = pushdown === 'on';
  const selection = {
    matchers,
    startNs,
    endNs,
    order,
    filters: isPushed ? filters : [],
    prefilters: isPushed ? prefilters : [],
    limit: isPushed && isComplete && intervalNs === 0n && Number.isFinite(limit) ? limit : undefined,
    needs: { line: true, metadata: 'all' as const },
  };
  let missing = limit;
  let lastNs: bigint | undefined;
  if (missing <= 0) return;
  for await (const batch of source.read(selection, { principal, signal: control.signal, warn })) {
    control.countRead(0, batch.rowCount);
    const entries: LogEntry[] = [];
    for (let row = 0; row < batch.rowCount && entries.length < missing; row++) {
      const timeNs = batch.times[row]!;
      const line = pipeline.process(batch.lines[row]!, batch.streams[row]!, batch.metadata[row]!, timeNs);
      if (line === undefined) continue;
      if (lastNs !== undefined && intervalNs > 0n) {
        const distance = order === 'oldest-first' ? timeNs - lastNs : lastNs - timeNs;
        if (distance < intervalNs) continue;
      }
      lastNs = timeNs;
      entries.push({ timeNs, line, ...pipeline.labels.categorized() });
    }
    missing -= entries.length;
    if (entries.length > 0) yield entries;
    if (missing <= 0) return;
    await control.checkpoint();
  }
}
