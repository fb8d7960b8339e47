// What the build of the pages weighs, and what it has.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFolder } from '../../src/base/package-folder.js';

const ASSETS = join(packageFolder, 'packages/pages/dist/assets');
const MAX_BYTES = 400_000;

test('all pages together are less than 400 kB on their way to the browser', () => {
  const names = readdirSync(ASSETS);
  const sent = names.filter((name) => name.endsWith('.br') || !names.includes(`${name}.br`));
  const bytes = sent.reduce((sum, name) => sum + statSync(join(ASSETS, name)).size, 0);
  expect(sent.length).toBeGreaterThan(5);
  expect(bytes).toBeLessThan(MAX_BYTES);
});

test('nothing in them comes from elsewhere', () => {
  for (const name of readdirSync(ASSETS).filter((name) => name.endsWith('.css'))) {
    expect(readFileSync(join(ASSETS, name), 'utf8')).not.toMatch(/url\(["']?(?:https?:)?\/\//);
  }
});
