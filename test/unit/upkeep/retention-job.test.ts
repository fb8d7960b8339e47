// Which days leave at which moment, on a clock that the test moves.

import { expect, test } from 'vitest';
import type { Retention } from '../../../src/catalog/retention.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { retentionOptions } from '../../../src/schema/retention-options.js';
import { JobScheduler } from '../../../src/upkeep/job-scheduler.js';
import { RetentionJob } from '../../../src/upkeep/retention-job.js';
import { ManualClock } from '../../support/manual-clock.js';

const DAY_MS = 86_400_000;
const removed = { matchingRows: 1, deletedRows: 1, filesDropped: undefined, bytesFreed: undefined };

/** A target that remembers what it was asked to remove, as `<table> <first day kept>`. */
function target(asked: string[], remove: Retention['remove'] = async () => removed): Retention {
  return {
    lease: undefined,
    count: async () => removed,
    remove: (table, cutoffMs, pace) => {
      asked.push(`${table.name} ${new Date(cutoffMs).toISOString()}`);
      return remove(table, cutoffMs, pace);
    },
    partitions: async () => [],
    interrupt: () => {},
  };
}

function retaining(given: Readonly<Record<string, number>>, remove?: Retention['remove']) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const scheduler = new JobScheduler(clock);
  const hooks = { sealed: async () => undefined, removed: () => {} };
  const options = readOptions(retentionOptions, given);
  return { clock, asked, retention: new RetentionJob(target(asked, remove), options, { scheduler, hooks }, clock) };
}

test('days are counted from midnight in UTC, by signal', async () => {
  const { clock, asked } = retaining({ retention_days: 2, retention_days_traces: 5, retention_days_metrics: 0 });
  await clock.advance(10 * DAY_MS - clock.nowMs() - 1);
  expect(asked.slice(-2)).toEqual(['otlp_logs 1970-01-08T00:00:00.000Z', 'otlp_traces 1970-01-05T00:00:00.000Z']);
  asked.length = 0;
  await clock.advance(3_600_000);
  expect(asked).toEqual(['otlp_logs 1970-01-09T00:00:00.000Z', 'otlp_traces 1970-01-06T00:00:00.000Z']);
});

test('nothing leaves by itself where rows are kept for good', async () => {
  const { clock, asked } = retaining({});
  await clock.advance(2 * DAY_MS);
  expect(asked).toEqual([]);
});

test('a table that cannot be purged keeps no other from it, and the run has failed', async () => {
  const { clock, asked, retention } = retaining({ retention_days: 1 }, async ({ name }) => {
    if (name === 'otlp_logs') throw new Error('no disk');
    return removed;
  });
  await clock.advance(60_000);
  expect(asked).toHaveLength(7);
  expect(retention.job!.lastError).toBe('cannot remove old rows of otlp_logs: no disk');
  expect(retention.deletedRowsTotal).toBe(6);
});

test('between two batches is a pause as long as the last one took', async () => {
  const turns: number[] = [];
  const { clock, retention } = retaining({ retention_batch_sleep_ms: 10 }, async ({ name }, _cutoff, pace) => {
    if (name !== 'otlp_logs') return removed;
    for (const lastMs of [0, 500, 3]) {
      const startMs = clock.nowMs();
      await pace.turn(lastMs);
      turns.push(clock.nowMs() - startMs);
    }
    return removed;
  });
  const run = retention.remove('1970-01-01');
  await clock.advance(1000);
  await run;
  expect(turns).toEqual([10, 500, 10]);
});
