import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HistoryFile, MAX_HISTORY_ENTRIES } from '../../src/host/shell/history-file.js';
import { folder } from './command.js';

describe('what is never written', () => {
  for (const entry of [
    "CALL otlp_serve(token := 'abcdefghijklmnop');",
    "CALL otlp_serve(\n  TOKEN\n  := 'abcdefghijklmnop');",
    "CREATE SECRET s3 (TYPE s3, KEY_ID 'a', REGION 'b');",
    'create or replace persistent secret (type gcs);',
    "ALTER USER u SET Password = 'x';",
    "ATTACH 'postgres:dbname=lake host=db user=me' AS lake;",
    "ATTACH 'ducklake:postgres:dbname=lake' AS lake;",
    "ATTACH 'postgresql://me@db/lake' AS lake;",
    "ATTACH 'dbname=lake' AS pg (TYPE postgres);",
    "ATTACH 'host=db port=5432 dbname=lake' AS lake;",
    "ATTACH 'mysql://root:x@localhost/db';",
    "ATTACH 'quack:host:9495' AS q;",
    "ATTACH 'x.db' AS x (ENCRYPTION_KEY 'k');",
    "SELECT * FROM read_json('https://me:pw@example.com/x.json');",
    "SELECT * FROM read_csv('https://example.com/x.csv?sig=abc');",
    "SET s3_secret_access_key = 'x';",
    "SET s3_access_key_id = 'x';",
    "SELECT http_get('https://x', headers := {'Authorization': 'x'});",
    "SELECT 'eyJhbGciOiJIUzI1NiJ9.e30.x';",
    "SET azure_storage_connection_string = 'DefaultEndpointsProtocol=https';",
    '-- my api key is 123',
  ]) {
    test(entry, () => {
      const path = join(folder, 'secrets');
      new HistoryFile(path).add(entry);
      expect(existsSync(path)).toBe(false);
    });
  }
});

test('ordinary statements are written, and come back newest first with their lines', () => {
  const path = join(folder, 'history');
  const history = new HistoryFile(path);
  const entries = [
    'SELECT 1;',
    "SELECT *\nFROM otlp_logs\n\tWHERE body = 'x';",
    '.mode csv',
    "ATTACH 'file.duckdb' AS other;",
    "SELECT key, value FROM range(3) WHERE host = 'a';",
  ];
  for (const entry of entries) history.add(entry);
  expect(new HistoryFile(path).load()).toEqual(entries.toReversed());
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a long file is cut to its newest entries', () => {
  const path = join(folder, 'long');
  const entries = Array.from({ length: 2 * MAX_HISTORY_ENTRIES + 1 }, (_, index) => `SELECT ${index};`);
  writeFileSync(path, `${entries.join('\n')}\n`);
  expect(new HistoryFile(path).load()).toEqual(entries.slice(-MAX_HISTORY_ENTRIES).toReversed());
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(MAX_HISTORY_ENTRIES + 1);
});

test('a history that cannot be read or written is an empty one', () => {
  const history = new HistoryFile(join(folder, 'no', 'such', 'folder'));
  history.add('SELECT 1;');
  expect(history.load()).toEqual([]);
});
