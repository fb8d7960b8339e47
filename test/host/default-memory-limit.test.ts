import { expect, test } from 'vitest';
import { defaultMemoryLimit } from '../../src/host/default-memory-limit.js';

for (const [memoryBytes, limit] of [
  [24e9, '750MB'],
  [1e9, '750MB'],
  [512e6, '409MB'],
] as const) {
  test(`a machine with ${memoryBytes / 1e6} MB leaves DuckDB ${limit}`, () => {
    expect(defaultMemoryLimit(memoryBytes)).toBe(limit);
  });
}
