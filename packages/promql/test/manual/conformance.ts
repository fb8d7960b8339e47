// A folder of promqltest scripts (`*.test`) → how many of their evals hold, and a line for each that does not.
// Prometheus's own are in its repository, in promql/promqltest/testdata. `npm run conformance:promql -- FOLDER`

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from '../promqltest/run-script.js';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: npm run conformance:promql -- FOLDER');
  process.exit(2);
}
let evals = 0;
let failures = 0;
for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.test')) continue;
  const result = await runScript(readFileSync(join(folder, name), 'utf8'));
  evals += result.evals;
  failures += result.failures.length;
  console.log(`${name}: ${result.evals - result.failures.length} of ${result.evals}`);
  for (const { line, query, reason } of result.failures) console.log(`  ${name}:${line}: ${query}\n    ${reason}`);
}
console.log(`${evals - failures} of ${evals} evals`);
process.exitCode = failures === 0 ? 0 : 1;
