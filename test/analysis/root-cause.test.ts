// Faults that are put into a made-up shop are found by what its spans show, and nothing is blamed where there is none.
// The rules were written before these numbers were tried; they are not fitted to them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fault, faults } from '../../src/demo/shop.js';
import { OtelDatabase, SEVERAL_THREADS } from '../support/otel-database.js';
import { causesOf, FAULTY_SHOPS, FIRST_SEED, QUIET_SHOPS } from './shop.js';

let database: OtelDatabase;
beforeAll(async () => {
  database = await OtelDatabase.open(':memory:', SEVERAL_THREADS);
  await database.serve();
});
afterAll(() => database.close());

test('of twenty faults the culprit is ranked first at least eighteen times', async () => {
  const kinds = Object.keys(faults) as Fault[];
  const table: string[] = [];
  for (let i = 0; i < FAULTY_SHOPS; i++) {
    const fault = kinds[i % kinds.length]!;
    const [first] = await causesOf(database.connection, FIRST_SEED + i, fault);
    const isFound = first?.['service'] === faults[fault];
    table.push(`${isFound ? 'found' : 'MISSED'} ${fault}: ${first?.['service']} (${first?.['evidence']})`);
  }
  expect(table.filter((line) => line.startsWith('found')).length, table.join('\n')).toBeGreaterThanOrEqual(18);
});

test('in ten shops without a fault nothing is blamed', async () => {
  for (let i = 0; i < QUIET_SHOPS; i++)
    expect(await causesOf(database.connection, FIRST_SEED + 100 + i, undefined)).toEqual([]);
});

test('seen from a service alone, what its traces reach is blamed, and nothing else', async () => {
  expect((await causesOf(database.connection, 7, 'error cascade', 'checkout'))[0]).toMatchObject({
    rank: 1,
    service: 'payment',
  });
  expect(await causesOf(database.connection, 7, 'error cascade', 'search')).toEqual([]);
});
