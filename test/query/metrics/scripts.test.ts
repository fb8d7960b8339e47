import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runScript } from '../../../packages/promql/test/promqltest/run-script.js';
import { MetricDatabase } from './metric-database.js';
import { OtlpScriptStore } from './otlp-script-store.js';

const folder = new URL('../../../packages/promql/test/scripts/', import.meta.url);

/** How many evals hold, and how many each reason of exclusion leaves out: so none goes missing unseen. */
const expected: Readonly<Record<string, { evals: number; excluded: Readonly<Record<string, number>> }>> = {
  'aggregations.test': { evals: 28, excluded: {} },
  'classic-histograms.test': { evals: 10, excluded: {} },
  'durations.test': { evals: 17, excluded: {} },
  'extended-ranges.test': { evals: 12, excluded: {} },
  'functions.test': { evals: 66, excluded: {} },
  'info.test': { evals: 6, excluded: {} },
  'native-histograms.test': {
    evals: 10,
    excluded: {
      'a zero bucket with a width': 35,
      'a native histogram with bounds of its own, of which OTLP has none': 6,
      'a histogram with a hint about resets': 3,
    },
  },
  'operators.test': { evals: 56, excluded: {} },
  'ranges.test': { evals: 40, excluded: {} },
  'selectors.test': { evals: 29, excluded: {} },
  'start-times.test': { evals: 5, excluded: {} },
};

let database: MetricDatabase;
let store: OtlpScriptStore;

beforeAll(async () => {
  database = await MetricDatabase.open();
  store = new OtlpScriptStore(database);
});

afterAll(() => database.close());

// What holds for samples in memory holds for samples that came by OTLP and are read from tables.
for (const name of readdirSync(folder)) {
  test(`${name} holds through OTLP, tables and SQL`, async () => {
    const { evals, excluded, failures } = await runScript(readFileSync(new URL(name, folder), 'utf8'), store);
    store.clear();
    expect(failures).toEqual([]);
    expect({ evals, excluded: countsOf(excluded.map(({ reason }) => reason)) }).toEqual(expected[name]);
  });
}

function countsOf(reasons: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
