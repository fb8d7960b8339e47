// The SQL of docs/files.md, run from top to bottom in a folder with files of the names that the page gives them.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OtelServer, openDatabase, TOKEN } from '../support/otel-database.js';
import { pathOf } from '../support/telemetry.js';

const fixtures: Record<string, string> = {
  'logs.jsonl': 'logs.ndjson',
  'traces.pb': 'traces.pb',
  'metrics.json': 'metrics.json',
  'archive/logs.pb': 'logs.pb',
  'archive/2023/logs.json': 'logs.json',
  'archive/2023/traces.json.zst': 'traces.json.zst',
};

/** What is run where DuckDB can fetch: test/lake/remote-files.test.ts. */
const ELSEWHERE = 'Files elsewhere';

test('the guide to files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-guide-'));
  const home = process.cwd();
  const page = readFileSync('docs/files.md', 'utf8');
  for (const [name, fixture] of Object.entries(fixtures)) {
    cpSync(join('test/data', fixture), join(folder, name), { recursive: true });
  }
  mkdirSync(join(folder, 'archive/broken'));
  const lines = readFileSync('test/data/logs.ndjson');
  writeFileSync(join(folder, 'archive/broken/today.log'), Buffer.concat([lines, lines.subarray(0, 100)]));
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });

  // The file that the page begins with.
  execFileSync('sh', ['-c', /^```sh\n(.*?)^```$/ms.exec(page)![1]!]);
  const database = await openDatabase();
  const sections = page.split(/^## /m).filter((section) => !section.startsWith(ELSEWHERE));
  const blocks = sections.flatMap((section) => [...section.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql]) => sql!));
  expect(blocks.length).toBeGreaterThan(5);
  for (const statement of blocks.flatMap((block) => block.split(/;\s*$/m)).filter((text) => text.trim() !== '')) {
    const sql = statement.replace(/^\s*--.*$/gm, '').trim();
    const rows = await database.rows(
      sql.replace("'otlp:localhost:4318'", "'otlp:127.0.0.1:0'").replace('my-dev-token-123456', TOKEN),
    );
    if (/^(SELECT|FROM)/.test(sql)) expect(rows, sql).not.toEqual([]);
    if (sql.includes('otlp_serve')) {
      const server = new OtelServer(database, rows[0]!);
      for (const signal of ['logs', 'traces'] as const) {
        const body = readFileSync(join(home, `test/data/${signal}.pb`));
        expect((await server.post(body, { path: pathOf[signal] })).status).toBe(202);
      }
      await server.flush();
    }
  }
  expect(await database.rows('SELECT filename, skipped, first_position FROM otlp_read_error_list()')).toEqual([
    { filename: 'archive/broken/today.log', skipped: '1', first_position: '3' },
  ]);
});
