// When work in the background begins, on a clock that the test moves.

import { expect, test } from 'vitest';
import type { JobWork } from '../../../src/upkeep/job.js';
import { JobScheduler } from '../../../src/upkeep/job-scheduler.js';
import { ManualClock } from '../../support/manual-clock.js';

const HOUR_MS = 3_600_000;

/** A job, and when its runs began, in milliseconds from now. `run` says what comes of one. */
function added({ run = async () => {}, everyMs = HOUR_MS }: { run?: () => Promise<void>; everyMs?: number } = {}) {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const began: number[] = [];
  const scheduler = new JobScheduler(clock);
  const work: JobWork = {
    name: 'retention',
    everyMs,
    run: () => {
      began.push(clock.nowMs() - startMs);
      return run();
    },
    interrupt: () => {},
  };
  return { clock, began, scheduler, job: scheduler.add(work) };
}

test('the first run is after a minute, and others after the interval', async () => {
  const { clock, began, job } = added();
  await clock.advance(60_000 + 2 * HOUR_MS);
  expect(began).toEqual([60_000, 60_000 + HOUR_MS, 60_000 + 2 * HOUR_MS]);
  expect([job.runsTotal, job.failuresTotal, job.lastRunAtMs]).toEqual([3, 0, clock.nowMs()]);
});

test('with a shorter interval the first run is after that', async () => {
  const { clock, began } = added({ everyMs: 20 });
  await clock.advance(40);
  expect(began).toEqual([20, 40]);
});

test('pauses after failures double from five seconds to five minutes, and a success ends them', async () => {
  let fails = true;
  const { clock, began, job } = added({
    run: async () => {
      if (fails) throw new Error('no disk');
    },
  });
  await clock.advance(60_000 + 315_000);
  const seconds = began.map((ms) => ms / 1000 - 60);
  expect(seconds).toEqual([0, 5, 15, 35, 75, 155, 315]);
  expect([job.consecutiveFailures, job.lastError]).toEqual([7, 'no disk']);
  await clock.advance(600_000);
  expect(began.map((ms) => ms / 1000 - 60).slice(7)).toEqual([615, 915]);
  fails = false;
  await clock.advance(300_000);
  expect([job.consecutiveFailures, job.failuresTotal, job.lastError]).toEqual([0, 9, undefined]);
  await clock.advance(HOUR_MS - 1);
  expect(job.runsTotal).toBe(1);
  await clock.advance(1);
  expect(job.runsTotal).toBe(2);
});

test('a run that somebody asks for begins even where others wait after a failure, and tells what came of it', async () => {
  let fails = true;
  const { clock, began, job } = added({
    run: async () => {
      if (fails) throw new Error('no disk');
    },
  });
  await expect(job.runNow()).rejects.toThrow('no disk');
  job.begin();
  await clock.advance(0);
  expect(began).toEqual([0]);
  fails = false;
  await job.runNow();
  expect(job.consecutiveFailures).toBe(0);
});

test('a paused job begins no run by itself, and is asked again once it goes on', async () => {
  const { clock, began, job } = added();
  job.pause();
  await clock.advance(HOUR_MS);
  expect(began).toEqual([]);
  await job.runNow();
  expect(began).toHaveLength(1);
  job.resume();
  await clock.advance(HOUR_MS);
  expect(began.length).toBeGreaterThan(1);
});

test('a job does not overlap itself, nor another of the process', async () => {
  const ends: (() => void)[] = [];
  const { clock, began, job, scheduler } = added({ run: () => new Promise((resolve) => ends.push(resolve)) });
  let other = 0;
  const second = scheduler.add({ name: 'maintenance', run: async () => void other++, interrupt: () => {} });
  const both = [job.runNow(), job.runNow(), second.runNow()];
  await clock.advance(0);
  expect([began.length, other]).toEqual([1, 0]);
  ends.shift()!();
  await clock.advance(0);
  ends.shift()?.();
  await clock.advance(0);
  ends.shift()?.();
  await Promise.all(both);
  expect([began.length, other]).toEqual([2, 1]);
});

test('a stop ends what waits for its turn, and no more begins', async () => {
  let end = () => {};
  const { clock, job, scheduler } = added({ run: () => new Promise((resolve) => (end = resolve)) });
  const second = scheduler.add({ name: 'maintenance', run: async () => {}, interrupt: () => {} });
  const first = job.runNow();
  const waiting = second.runNow();
  const refused = expect(waiting).rejects.toThrow('the server is stopping, and ends maintenance');
  await second.stop();
  await refused;
  expect([second.failuresTotal, second.runsTotal]).toEqual([0, 0]);
  end();
  await first;
  await job.stop();
  await clock.advance(10 * HOUR_MS);
  expect(job.runsTotal).toBe(1);
});
