// A shell that is closed while its server has a journal.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command, type Ended, folder, start } from '../host/command.js';
import { logsRequest } from '../support/telemetry.js';

const TOKEN = 'a-token-for-the-shell';

/** Serves with a journal, takes three records, runs more SQL, and is closed without otlp_stop. */
async function closedShell(name: string, ...more: string[]): Promise<Ended> {
  const shell = start([join(folder, `${name}.db`), '-noheader', '-list'], { program: command });
  const options = `token := '${TOKEN}', durability := 'journal', journal_path := '${join(folder, name)}', seal_max_age_ms := 3600000`;
  shell.child.stdin.write(`SELECT listen_url FROM otlp_serve('otlp:127.0.0.1:0', ${options});\n`);
  const url = /http:\S+/.exec(await shell.until('stdout', /http:\S+/))![0];
  const response = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-protobuf' },
    body: logsRequest(3),
  });
  expect(response.status).toBe(202);
  shell.child.stdin.end(more.map((sql) => `${sql};\n`).join(''));
  return shell.ended;
}

async function answers(name: string, ...statements: string[]): Promise<string[]> {
  const shell = start([join(folder, `${name}.db`), '-noheader', '-list'], { program: command });
  shell.child.stdin.end(statements.map((sql) => `${sql};\n`).join(''));
  return (await shell.ended).stdout.trim().split('\n');
}

const segments = (name: string) => readdirSync(join(folder, name)).filter((file) => /^\d+\.journal$/.test(file));

test('everything is committed, and the journal is empty', async () => {
  await closedShell('well');
  expect(segments('well')).toEqual([]);
  expect(await answers('well', 'SELECT count(*) FROM otlp_logs')).toEqual(['3']);
});

test('what the target does not take stays in the journal, is told, and comes back', async () => {
  const { stderr } = await closedShell('away', 'ALTER TABLE otlp_logs RENAME TO hidden');
  expect(stderr).toMatch(/ stopped, 0 rows committed, 3 rows left in the journal: .*otlp_logs/);
  expect(segments('away')).toHaveLength(1);
  const serve = `SELECT replayed FROM (SELECT 1 AS replayed FROM otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}',
    durability := 'journal', journal_path := '${join(folder, 'away')}'))`;
  await answers('away', 'ALTER TABLE hidden RENAME TO otlp_logs', serve);
  expect(await answers('away', 'SELECT count(*), count(DISTINCT body) FROM otlp_logs')).toEqual(['3|3']);
});
