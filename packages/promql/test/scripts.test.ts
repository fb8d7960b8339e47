import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runScript } from './promqltest/run-script.js';

const folder = new URL('scripts/', import.meta.url);

// Prometheus 3.14 passes the same scripts.
for (const name of readdirSync(folder)) {
  test(`${name} holds`, async () => {
    const { evals, failures } = await runScript(readFileSync(new URL(name, folder), 'utf8'));
    expect(failures).toEqual([]);
    expect(evals).toBeGreaterThan(0);
  });
}
