// The command as users start it, with the plugin that it comes with.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command, folder, run, runProcess, start } from './command.js';

const TOKEN = 'a-token-for-these-tests';

async function sendLog(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'quack' } }] }] }] }),
  });
  expect(response.status).toBe(202);
}

test('a shell that is left commits the rows of its servers and says how many', async () => {
  const database = join(folder, 'shell.duckdb');
  const shell = start(['-jsonlines', database], { program: command });
  shell.child.stdin.write(`SELECT listen_uri, listen_url
    FROM otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}', seal_max_age_ms := 600000);`);
  const served = JSON.parse(await shell.until('stdout', /\}\n/)) as { listen_uri: string; listen_url: string };
  await sendLog(served.listen_url);
  await sendLog(served.listen_url);
  shell.child.stdin.end();
  const { stderr, exitCode } = await shell.ended;
  expect(stderr).toBe(`${served.listen_uri} stopped, 2 rows committed\n`);
  expect(exitCode).toBe(0);
  const { stdout } = await run(['-csv', '--readonly', database, '-c', 'SELECT body FROM otlp_logs'], {
    program: command,
  });
  expect(stdout).toBe('body\nquack\nquack\n');
});

test('a service drains on SIGTERM, and its rows are in the file', async () => {
  const database = join(folder, 'service.duckdb');
  const service = start(['serve', database, '--uri', 'otlp:127.0.0.1:0', '--seal-max-age-ms', '600000'], {
    program: command,
    env: { OTELDUCK_TOKEN: TOKEN },
  });
  const lines = (await service.until('stderr', /"ready"/)).trim().split('\n');
  const listening = JSON.parse(lines.find((line) => line.includes('"listening"'))!) as { listen_url: string };
  expect(JSON.stringify(lines)).not.toContain(TOKEN);
  await sendLog(listening.listen_url);
  service.child.kill('SIGTERM');
  const { stderr, exitCode } = await service.ended;
  expect(stderr).toMatch(/"event":"drained",[^\n]*"committed_rows":1,"dropped_rows":0/);
  expect(exitCode).toBe(0);
  const { stdout } = await run(['-csv', '--readonly', database, '-c', 'SELECT body FROM otlp_logs'], {
    program: command,
  });
  expect(stdout).toBe('body\nquack\n');
});

// A warning was shown at each start, and functions had no name with `otelduck.`.
test('a database that is opened for reading only has all functions, and no warning is shown', async () => {
  const database = join(folder, 'read-only.duckdb');
  await run([database, '-c', 'CREATE TABLE t AS SELECT 1'], { program: command });
  const sql = "SELECT count(*) AS stopped FROM otelduck.otlp_stop('otlp:localhost:1')";
  expect(await runProcess([database, '--readonly', '-csv', '-c', sql], { program: command })).toEqual({
    stdout: 'stopped\n1\n',
    stderr: '',
    exitCode: 0,
  });
});

test('a service whose commits fail says so while it runs', async () => {
  const init = join(folder, 'no-table.sql');
  writeFileSync(
    init,
    `CALL otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}', seal_max_age_ms := 50);
     DROP TABLE otlp_logs;
     COPY (SELECT listen_url FROM otlp_server_list()) TO '${join(folder, 'url.csv')}' (HEADER false);`,
  );
  const service = start(['serve', ':memory:', '--init', init], { program: command });
  await service.until('stderr', /"ready"/);
  await sendLog(readFileSync(join(folder, 'url.csv'), 'utf8').trim());
  expect(await service.until('stderr', /"commits_failing".*\n/)).toMatch(
    /"level":"error","event":"commits_failing","listen_uri":"otlp:127.0.0.1:\d+","buffered_rows":1,"error":"[^"]*otlp_logs/,
  );
  service.child.kill('SIGTERM');
  expect((await service.ended).exitCode).toBe(1);
});

test('a service whose address is taken says so and ends with exit code 1', async () => {
  const first = start(['serve', ':memory:', '--uri', 'otlp:127.0.0.1:0', '--disable-auth'], { program: command });
  const lines = (await first.until('stderr', /"ready"/)).trim().split('\n');
  const { listen_uri: uri } = JSON.parse(lines.find((line) => line.includes('"listening"'))!) as { listen_uri: string };
  const { stderr, exitCode } = await run(['serve', ':memory:', '--uri', uri, '--disable-auth'], { program: command });
  expect(stderr).toContain(`cannot listen on ${uri}: address already in use`);
  expect(exitCode).toBe(1);
  first.child.kill('SIGTERM');
  expect((await first.ended).exitCode).toBe(0);
});

test('a wrong argument is explained where it stands', async () => {
  const { stderr, exitCode } = await run(['-c', 'CALL otlp_serve(tokn := 1)'], { program: command });
  expect(stderr).toMatch(
    /^Binder Error: Invalid named parameter "tokn"[\s\S]*LINE 1: CALL otlp_serve\(tokn := 1\)\n +\^\n$/,
  );
  expect(exitCode).toBe(1);
});
