// What the pages about tenants, tokens and limits show is run as it stands there, but for ports and places of files.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseTenantTokens } from '../../src/server/identity/token-contents.js';
import { openDatabase } from '../support/otel-database.js';

const page = (name: string) => readFileSync(`docs/${name}.md`, 'utf8');
const blocks = (name: string, language: string) =>
  [...page(name).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text!);

test.each(['tenants', 'tokens', 'limits'])('docs/%s.md', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-pages-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const file of ['write-tokens', 'read-tokens']) {
    writeFileSync(join(folder, file), 'a-token-of-the-page\n', { mode: 0o600 });
  }
  writeFileSync(join(folder, 'tokens.json'), blocks('tenants', 'json')[0]!, { mode: 0o600 });
  const database = await openDatabase();
  await database.serve({ tenants: 'header' });
  const statements = blocks(name, 'sql').flatMap((text) => text.split(/;\s*/).filter(Boolean));
  expect(statements.length).toBeGreaterThan(1);
  for (const sql of statements) {
    const placed = sql
      .replaceAll(/localhost:\d+/g, 'localhost:0')
      .replaceAll(/_file := '(?:\/etc\/otelduck\/)?([\w.-]+)'/g, `_file := '${folder}/$1'`);
    await expect(database.rows(placed), sql).resolves.toBeDefined();
  }
});

test('the file of tokens that docs/tenants.md shows is one', () => {
  const grants = parseTenantTokens(blocks('tenants', 'json')[0]!, 'the page');
  expect([...grants.values()].map(({ tenant, permissions }) => [tenant, ...permissions])).toEqual([
    ['acme', 'ingest'],
    ['globex', 'ingest'],
    ['globex', 'read'],
  ]);
});
