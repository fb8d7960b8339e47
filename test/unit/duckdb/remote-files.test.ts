import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { Database } from '../../../src/duckdb/database.js';
import { RemoteFiles } from '../../../src/duckdb/remote-files.js';

// Once, a backslash in a path that has characters of patterns too made the file unfindable.
test('a path is a path, whatever characters of patterns are in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-'));
  const instance = await DuckDBInstance.create(':memory:');
  const database = await Database.open(instance);
  onTestFinished(async () => {
    await database.close();
    instance.closeSync();
    rmSync(folder, { recursive: true });
  });
  const files = new RemoteFiles(database);
  for (const name of [
    'plain.json',
    'star*.json',
    'what?.json',
    'list[ab].json',
    'back\\slash.json',
    'back\\star*.json',
  ]) {
    writeFileSync(join(folder, name), name);
    expect(Buffer.from(await files.content(join(folder, name))).toString()).toBe(name);
    expect(await files.size(join(folder, name))).toBe(name.length);
  }
});
