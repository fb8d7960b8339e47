// A folder of promqltest scripts (`*.test`), through OTLP, tables and SQL → how many of their evals hold, a line for each that does not,
// and how many were left out for which reason. `--excluded` names those too. Prometheus's own scripts are in its repository, in
// promql/promqltest/testdata. `npm run conformance:promql-otlp -- FOLDER [--excluded]`

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from '../../packages/promql/test/promqltest/run-script.js';
import { MetricDatabase } from '../query/metrics/metric-database.js';
import { OtlpScriptStore } from '../query/metrics/otlp-script-store.js';

const [folder, flag] = process.argv.slice(2);
if (folder === undefined || (flag !== undefined && flag !== '--excluded')) {
  console.error('usage: npm run conformance:promql-otlp -- FOLDER [--excluded]');
  process.exit(2);
}
const database = await MetricDatabase.open();
const store = new OtlpScriptStore(database);
const reasons = new Map<string, number>();
let evals = 0;
let failures = 0;
for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.test')) continue;
  const result = await runScript(readFileSync(join(folder, name), 'utf8'), store);
  store.clear();
  evals += result.evals;
  failures += result.failures.length;
  console.log(
    `${name}: ${result.evals - result.failures.length} of ${result.evals}, ${result.excluded.length} left out`,
  );
  for (const { line, query, reason } of result.failures) console.log(`  ${name}:${line}: ${query}\n    ${reason}`);
  for (const { line, query, reason } of result.excluded) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (flag === '--excluded') console.log(`  left out: ${name}:${line}: ${query}\n    ${reason}`);
  }
}
await database.close();
console.log(`${evals - failures} of ${evals} evals`);
for (const [reason, count] of reasons) console.log(`left out: ${count} for ${reason}`);
process.exitCode = failures === 0 ? 0 : 1;
