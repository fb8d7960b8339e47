// The alerts that operators copy are PromQL, over metrics that there are.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseExpression } from '#promql';
import { metricFamilies } from '../../../src/control/metric-families.js';

const alerts = [...readFileSync('examples/alerts.yml', 'utf8').matchAll(/- alert: (\w+)\n +expr: (.*)\n/g)].map(
  ([, name, expression]) => ({ name: name!, expression: expression! }),
);
const names = new Set(
  metricFamilies([]).flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_count', '_sum'].map((part) => name + part) : [name],
  ),
);

test('there are alerts, with a name each', () => {
  expect(alerts.length).toBeGreaterThanOrEqual(14);
  expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
});

test.each(alerts)('$name', ({ expression }) => {
  expect(() => parseExpression(expression)).not.toThrow();
  const metrics = expression.match(/\botelduck_\w+/g) ?? [];
  if (!expression.startsWith('up{')) expect(metrics).not.toEqual([]);
  expect(metrics.filter((name) => !names.has(name))).toEqual([]);
});
