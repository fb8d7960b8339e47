// What a thread remembers of series has bounds.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Matcher } from '#promql/syntax/matcher';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import { defaultMetricOptions } from '../../../src/query/metrics/metric-options.js';
import { OutputCache } from '../../../src/query/metrics/output-cache.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { MetricDatabase } from './metric-database.js';

const signal = new AbortController().signal;
const homeOf = (schema: string) => ({ catalog: 'memory', schema });

let database: MetricDatabase;

beforeAll(async () => {
  database = await MetricDatabase.open();
  const dataPoints = Array.from({ length: 10 }, (_, index) => ({
    timeUnixNano: '1767268800000000000',
    asInt: '1',
    attributes: [{ key: 'core', value: { intValue: String(index) } }],
  }));
  await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'cpu', gauge: { dataPoints } }] }] }] });
});
afterAll(() => database.close());

test('the least recently used series are forgotten, and a catalogue beyond the bound is read anew', async () => {
  const catalogues = new MetricCatalogues(25);
  const learn = async (schema: string) => {
    const catalogue = catalogues.of(soleTenant, homeOf(schema), defaultMetricOptions);
    await catalogue.look(database.scanner, signal);
    return catalogue;
  };
  const [first, second] = [await learn('a'), await learn('b')];
  expect([first.size, second.size]).toEqual([10, 10]);
  expect(await learn('a')).toBe(first);
  await learn('c');
  expect(await learn('a')).toBe(first);
  expect(await learn('b')).not.toBe(second);
  const tooSmall = new MetricCatalogues(5);
  const large = tooSmall.of(soleTenant, homeOf('a'), defaultMetricOptions);
  await large.look(database.scanner, signal);
  expect(tooSmall.of(soleTenant, homeOf('a'), defaultMetricOptions)).not.toBe(large);
});

// A thread once kept a dozen label sets of each histogram, and never dropped one.
test('label sets beyond the bound are forgotten, whatever catalogue they are of, and made again', async () => {
  const outputs = new OutputCache(8);
  const catalogues = new MetricCatalogues(25, outputs);
  const coresOf = async (schema: string) => {
    const catalogue = catalogues.of(soleTenant, homeOf(schema), defaultMetricOptions);
    await catalogue.look(database.scanner, signal);
    return catalogue.tables.flatMap((table) =>
      [...table.known()].flatMap(([place]) => table.outputsAt(place).map(({ labels }) => labels.get('core'))),
    );
  };
  const cores = Array.from({ length: 10 }, (_, index) => String(index));
  for (const schema of ['a', 'b', 'a']) {
    expect((await coresOf(schema)).sort()).toEqual(cores);
    expect(outputs.size).toBeGreaterThan(0);
    expect(outputs.size).toBeLessThanOrEqual(8);
  }
  const catalogue = catalogues.of(soleTenant, homeOf('a'), defaultMetricOptions);
  const table = catalogue.tables.find(({ size }) => size > 0)!;
  // One that is in use is not made again.
  expect(table.outputsAt(0)).toBe(table.outputsAt(0));
});

test('what matchers mean is remembered, for so many of them, and series that are learned later are part of it', async () => {
  const table = new MetricCatalogues()
    .of(soleTenant, homeOf('main'), defaultMetricOptions)
    .tables.find(({ table: { kind } }) => kind === 'gauge')!;
  const few = () => table.selected([new Matcher('core', '=~', '[0-3]')]);
  const before = few();
  expect(before.places).toEqual([]);
  await table.look(database.scanner, signal);
  expect(few()).toBe(before);
  const coresAt = (places: readonly number[]) =>
    places.flatMap((place) => before.outputsAt(place).map(({ labels }) => labels.get('core')));
  expect(coresAt(before.places).sort()).toEqual(['0', '1', '2', '3']);
  const [first] = before.places;
  expect([before.has(first!), before.has(1000), before.areDistinct]).toEqual([true, undefined, true]);
  expect([...table.known()].filter(([place]) => before.has(place) === false)).toHaveLength(6);
  for (let i = 0; i < 64; i++) table.selected([new Matcher('core', '=', String(i))]);
  expect(few()).not.toBe(before);
  expect(few().places).toEqual(before.places);
});

// A thread that read the texts of a million series ran out of memory, and all of its queries with it.
test('what a query learns of series counts before it is read', async () => {
  const catalogue = new MetricCatalogues().of(soleTenant, homeOf('a'), defaultMetricOptions);
  const tooMany = (bytes: number) => {
    throw new Error(`no room for ${bytes} bytes`);
  };
  await expect(catalogue.look(database.scanner, signal, tooMany)).rejects.toThrow('no room for 7000 bytes');
  expect([...catalogue.tables.flatMap((table) => [...table.known()])]).toEqual([]);
  let reserved = 0;
  const reserve = (bytes: number) => {
    reserved += bytes;
  };
  await catalogue.look(database.scanner, signal, reserve);
  await catalogue.look(database.scanner, signal, reserve);
  expect(reserved).toBe(7000);
});
