import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runScript } from '../../../packages/promql/test/promqltest/run-script.js';
import { MetricDatabase } from './metric-database.js';
import { OtlpScriptStore } from './otlp-script-store.js';

const folder = new URL('../../../packages/promql/test/scripts/', import.meta.url);

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
    const { evals, failures } = await runScript(readFileSync(new URL(name, folder), 'utf8'), store);
    store.clear();
    expect(failures).toEqual([]);
    expect(evals).toBeGreaterThan(0);
  });
}
