// What a thread remembers of series has bounds.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import { defaultMetricOptions } from '../../../src/query/metrics/metric-options.js';
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
