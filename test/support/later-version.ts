// The built package as a later version may be: the same, with one more column at the end of each table.

import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import type { otlp } from '../../src/otlp.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const APPENDED_COLUMN = 'of_later_version';

/** Its plugin. Its files are removed when the running test ends. */
export async function laterVersion(): Promise<typeof otlp> {
  if (!existsSync(join(ROOT, 'dist/otlp.js'))) throw new Error('the package must be built first: npm run build');
  const parent = mkdtempSync(join(tmpdir(), 'otelduck-later-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  // Vitest leaves alone what lies in a folder of this name.
  const folder = join(parent, 'node_modules', 'otelduck-later');
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'node_modules', 'packages', 'proto'])
    symlinkSync(join(ROOT, name), join(folder, name));
  appendFileSync(
    join(folder, 'dist/schema/tables.js'),
    `\nfor (const table of telemetryTables) {
       table.columns.push({ name: '${APPENDED_COLUMN}', type: 'VARCHAR', absent: 'NULL', doc: 'Of the tests.' });
     }\n`,
  );
  const { otlp: later } = await import(pathToFileURL(join(folder, 'dist/otlp.js')).href);
  return later;
}
