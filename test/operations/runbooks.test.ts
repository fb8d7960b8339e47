// The runbooks, run from their first line to their last: what a page says is printed is printed.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lakeSuite } from '../lake/support/lake-suite.js';
import { placeOf } from '../lake/support/test-servers.js';
import { openDatabase } from '../support/otel-database.js';
import { blocksOf, runBlocks } from './runbook.js';

const pages = 'docs/operations';

lakeSuite('runbooks', ['extensions'], () => {
  for (const page of readdirSync(pages)) {
    const blocks = blocksOf(readFileSync(join(pages, page), 'utf8'));
    if (blocks.length === 0) continue;
    test(page, async () => {
      const { exitCode, outputs, stderr } = await runBlocks(blocks, placeOf('extensions'));
      expect(exitCode, stderr).toBe(0);
      for (const [i, { output }] of blocks.entries()) if (output !== undefined) expect(outputs[i]).toBe(output);
    });
  }
});

test('each alert has a section that tells what to do, and no section is about an alert that is not there', () => {
  const alerts = [...readFileSync('examples/alerts.yml', 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const incidents = readFileSync(join(pages, 'incidents.md'), 'utf8');
  expect([...incidents.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)).toEqual(alerts);
});

test('the queries of the pages run', async () => {
  const database = await openDatabase();
  await database.rows("CALL otlp_serve('otlp:127.0.0.1:0', token := 'my-dev-token-123456')");
  const queries = readdirSync(pages).flatMap((page) =>
    [...readFileSync(join(pages, page), 'utf8').matchAll(/^ *```sql\n(.*?)^ *```$/gms)].map(([, sql]) => sql!),
  );
  expect(queries.length).toBeGreaterThan(1);
  for (const sql of queries) await database.rows(sql);
});

test('the threat model names tests and files that are there', () => {
  const model = readFileSync('docs/threat-model.md', 'utf8');
  const named = [...model.matchAll(/(?:test|src|packages|docs|scripts)\/[\w./-]*\w/g)].map(([path]) => path);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
