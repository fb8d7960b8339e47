import { expect, test } from 'vitest';
import { type Measure, serverStatus } from '../../../src/control/server-status.js';

const measures = serverStatus.filter((status): status is Measure => status.kind !== 'fact');

test('counters, and they alone, are exported as totals', () => {
  const exportedAs = (name: string) => measures.find((measure) => measure.name === name)?.exportedAs;
  expect(exportedAs('total_rows')).toBe('rows_total');
  expect(exportedAs('seals_total')).toBe('seals_total');
  expect(exportedAs('promoted_columns_total')).toBe('promoted_columns');
  expect(measures.filter((measure) => measure.exportedAs.endsWith('_total') !== (measure.kind === 'counter'))).toEqual(
    [],
  );
});

test('no two measures are exported under one name', () => {
  const names = measures.map((measure) => measure.exportedAs);
  expect([...new Set(names)]).toEqual(names);
});
