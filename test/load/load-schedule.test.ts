import { expect, test } from 'vitest';
import { dueRequest } from '../../src/load/load-schedule.js';

const plan = { services: 4, rate: 50, recordsPerRequest: 100, signals: ['logs', 'traces', 'metrics'] } as const;

test('services take turns, evenly spread over the time that their rate leaves', () => {
  const first = Array.from({ length: 8 }, (_, request) => dueRequest(plan, request));
  expect(first.map(({ service }) => service)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  // 4 services of 50 records a second send a request of 100 records every half second.
  expect(first.map(({ dueMs }) => dueMs)).toEqual([0, 500, 1000, 1500, 2000, 2500, 3000, 3500]);
});

test('a service sends each signal in turn, and numbers the records of each without gaps', () => {
  const ofFirst = Array.from({ length: 6 }, (_, turn) => dueRequest(plan, turn * plan.services));
  expect(ofFirst.map(({ signal, firstSequence }) => [signal, firstSequence])).toEqual([
    ['logs', 0],
    ['traces', 0],
    ['metrics', 0],
    ['logs', 100],
    ['traces', 100],
    ['metrics', 100],
  ]);
});
