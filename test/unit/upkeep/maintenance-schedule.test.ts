// When a catalog is compacted, on a clock that the test moves.

import { expect, test } from 'vitest';
import { MaintenanceUnsupported } from '../../../src/catalog/seal-target.js';
import { JobScheduler } from '../../../src/upkeep/job-scheduler.js';
import { MaintenanceSchedule } from '../../../src/upkeep/maintenance-schedule.js';
import { ManualClock } from '../../support/manual-clock.js';

const MAX_BUFFERED_BYTES = 1000;

/** A schedule, and how often it has begun a run; `run` says what comes of one. */
function scheduled({ run = async () => {}, waiting = 0 }: { run?: () => Promise<void>; waiting?: number } = {}) {
  const clock = new ManualClock();
  const seen = { runs: 0, interrupts: 0, unsupported: [] as string[], waiting };
  const maintenance = {
    run: () => {
      seen.runs++;
      return run();
    },
    interrupt: () => {
      seen.interrupts++;
    },
  };
  const hooks = {
    admittedBytes: () => seen.waiting,
    unsupported: (error: string) => seen.unsupported.push(error),
  };
  const schedule = new MaintenanceSchedule(
    maintenance,
    MAX_BUFFERED_BYTES,
    { scheduler: new JobScheduler(clock), hooks },
    clock,
  );
  const seal = async (times: number, bytes = 1) => {
    for (let i = 0; i < times; i++) schedule.sealed(bytes);
    await clock.advance(0);
  };
  return { clock, seen, schedule, seal };
}

test('a run begins after each sixteen seals', async () => {
  const { seen, seal, schedule, clock } = scheduled();
  await seal(15);
  expect(seen.runs).toBe(0);
  await seal(1);
  expect([seen.runs, schedule.job!.runsTotal, schedule.job!.lastRunAtMs]).toEqual([1, 1, clock.nowMs()]);
  await seal(15);
  expect(seen.runs).toBe(1);
  await seal(1);
  expect(seen.runs).toBe(2);
});

test('none begins while a quarter of the room is taken, and one does as soon as it is free', async () => {
  const { seen, seal } = scheduled({ waiting: MAX_BUFFERED_BYTES / 4 });
  await seal(20);
  expect(seen.runs).toBe(0);
  seen.waiting--;
  await seal(1);
  expect(seen.runs).toBe(1);
});

test('none begins while what arrives in ten seconds would fill half of the room, which is forgotten after a minute', async () => {
  const { seen, seal, clock } = scheduled();
  await seal(16, (6 * MAX_BUFFERED_BYTES) / 2 / 16);
  expect(seen.runs).toBe(0);
  await clock.advance(60_000);
  await seal(1, 1);
  expect(seen.runs).toBe(0);
  await clock.advance(1);
  await seal(1, 1);
  expect(seen.runs).toBe(1);
});

test('a catalog without maintenance is asked once', async () => {
  const { seen, seal, schedule } = scheduled({
    run: () => Promise.reject(new MaintenanceUnsupported(new Error('no such thing'))),
  });
  await seal(100);
  expect(seen).toMatchObject({ runs: 1, unsupported: ['no such thing'] });
  expect(schedule.job!.failuresTotal).toBe(0);
});

test('a stop interrupts a run again until it ends, and that is no failure', async () => {
  let end = () => {};
  const { seen, seal, schedule, clock } = scheduled({
    run: () => new Promise((_, reject) => (end = () => reject(new Error('interrupted')))),
  });
  await seal(16);
  const stopped = schedule.job!.stop();
  await clock.advance(99);
  expect(seen.interrupts).toBe(2);
  end();
  await clock.advance(1);
  await stopped;
  expect(schedule.job!.failuresTotal).toBe(0);
  await seal(100);
  expect(seen.runs).toBe(1);
});
