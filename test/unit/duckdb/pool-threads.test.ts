import { expect, test } from 'vitest';
import { libuvPoolThreads } from '../../../src/duckdb/pending-calls.js';

for (const [size, threads] of [
  [undefined, 4],
  ['32', 32],
  ['2000', 1024],
  ['1', 1],
  // What is no number used to count as libuv's default of 4. libuv makes one thread then.
  ['0', 1],
  ['', 1],
  ['many', 1],
  ['-1', 1024],
] as const) {
  test(`UV_THREADPOOL_SIZE=${size} makes ${threads} threads`, () => {
    expect(libuvPoolThreads(size === undefined ? {} : { UV_THREADPOOL_SIZE: size })).toBe(threads);
  });
}
