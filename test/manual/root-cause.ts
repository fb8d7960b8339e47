// What otlp_root_cause() blames in shops with a fault and without one, as a table: `npm run root-cause [first seed]`.

import { DuckDBInstance } from '@duckdb/node-api';
import { type Fault, faults } from '../../src/demo/shop.js';
import { otlp } from '../../src/otlp.js';
import { causesOf, FAULTY_SHOPS, FIRST_SEED, QUIET_SHOPS } from '../analysis/shop.js';

const firstSeed = Number(process.argv[2] ?? FIRST_SEED);
const instance = await DuckDBInstance.create(':memory:');
const plugin = await otlp.attach(instance);
const connection = await plugin.connect();
await plugin.serve({ uri: 'otlp:127.0.0.1:0', disable_auth: true });
const kinds = Object.keys(faults) as Fault[];
let found = 0;
let blamed = 0;
console.log('| seed | fault | culprit | ranked first | evidence |\n| --- | --- | --- | --- | --- |');
for (let i = 0; i < FAULTY_SHOPS + QUIET_SHOPS; i++) {
  const fault = i < FAULTY_SHOPS ? kinds[i % kinds.length] : undefined;
  const seed = i < FAULTY_SHOPS ? firstSeed + i : firstSeed + 100 + i - FAULTY_SHOPS;
  const [first] = await causesOf(connection, seed, fault);
  if (fault === undefined && first !== undefined) blamed++;
  if (fault !== undefined && first?.['service'] === faults[fault]) found++;
  const culprit = fault === undefined ? 'none' : faults[fault];
  console.log(
    `| ${seed} | ${fault ?? 'none'} | ${culprit} | ${first?.['service'] ?? 'none'} | ${first?.['evidence'] ?? ''} |`,
  );
}
console.log(
  `\nThe culprit is first in ${found} of ${FAULTY_SHOPS}; something is blamed in ${blamed} of ${QUIET_SHOPS} without a fault.`,
);
await plugin.close();
connection.closeSync();
instance.closeSync();
