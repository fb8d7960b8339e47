// `otelduck serve --quack`: another DuckDB attaches to the running service, starts servers in it and reads its lake.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { command, folder, run, type Started, start } from '../host/command.js';
import { send } from '../support/http-client.js';
import { freePorts } from './support/free-ports.js';
import { bareRows, extensionSettings } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';

const TOKEN = 'a-token-for-quack-01';
const OTLP_TOKEN = 'a-token-for-otlp-01';
let scripts = 0;

/** `otelduck serve` with a script that makes it find its extensions, and these statements after it. */
function serve(args: readonly string[], statements: readonly string[] = [], env: Record<string, string> = {}): Started {
  const init = join(folder, `init${++scripts}.sql`);
  writeFileSync(init, [...extensionSettings(), ...statements].map((sql) => `${sql};\n`).join(''));
  const service = start(['serve', ':memory:', '--init', init, ...args], { program: command, env });
  onTestFinished(() => {
    service.child.kill('SIGKILL');
  });
  return service;
}

/** The line of the log that tells of this event. */
async function event(service: Started, name: string): Promise<Record<string, unknown>> {
  const stderr = await service.until('stderr', new RegExp(`"event":"${name}"`));
  return JSON.parse(stderr.split('\n').find((line) => line.includes(`"event":"${name}"`))!);
}

/** What a DuckDB that knows nothing of otelduck gets from a query that it sends to the service. */
function remoteRows(uri: string, query: string, token = TOKEN) {
  const attach = `ATTACH '${uri}' AS remote (TYPE quack, TOKEN '${token}')`;
  return bareRows([attach], `FROM remote.query('${query.replaceAll("'", "''")}')`);
}

async function quackUri(): Promise<string> {
  const [port] = await freePorts(1);
  return `quack:127.0.0.1:${port}`;
}

lakeSuite('otelduck serve --quack', ['extensions'], () => {
  test('another DuckDB serves, flushes, lists and reads the lake', async () => {
    const uri = await quackUri();
    const lake = join(folder, 'remote');
    const service = serve(
      ['--quack', uri, '--quack-token', TOKEN],
      [`ATTACH 'ducklake:${lake}.ducklake' AS lake (DATA_PATH '${lake}/')`],
    );
    await event(service, 'ready');
    const [served] = await remoteRows(
      uri,
      `CALL otelduck.otlp_serve('otlp:127.0.0.1:0', catalog := 'lake', seal_max_age_ms := 3600000, token := '${OTLP_TOKEN}')`,
    );
    expect(served).toMatchObject({ catalog_name: 'lake', logs_table: 'otlp_logs' });
    const listenUri = String(served!['listen_uri']);
    const post = (first: number) =>
      send({
        port: Number(/\d+$/.exec(listenUri)![0]),
        path: '/v1/logs',
        headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${OTLP_TOKEN}` },
        body: numberedLogs({ first, count: 50 }),
      });
    expect((await post(0)).status).toBe(202);
    expect(await remoteRows(uri, `CALL otelduck.otlp_flush('${listenUri}')`)).toMatchObject([
      { status: 'sealed', sealed_rows: '50' },
    ]);
    expect(await remoteRows(uri, 'SELECT listen_uri, committed_rows_total FROM otlp_server_list()')).toEqual([
      { listen_uri: listenUri, committed_rows_total: '50' },
    ]);
    expect(await remoteRows(uri, sums('lake.otlp_logs'))).toEqual([allBelow(50)]);
    // Rows of a job that runs beside DuckDB, for a reader that fetches them one by one.
    expect(
      await remoteRows(
        uri,
        `SELECT count(*) AS rows, sum(value) AS sum, any_value(labels) AS labels
         FROM otelduck.promql_range('label_replace(vector(2), "a", "b", "", "")', '2 hours', step := 1, catalog := 'lake')`,
      ),
    ).toEqual([{ rows: '7201', sum: 14_402, labels: [{ key: 'a', value: 'b' }] }]);

    // What is still buffered at the end is committed by the service's own drain.
    expect((await post(50)).status).toBe(202);
    service.child.kill('SIGTERM');
    const { stderr, exitCode } = await service.ended;
    expect(exitCode).toBe(0);
    expect(await bareRows([`ATTACH 'ducklake:${lake}.ducklake' AS lake`], sums('lake.otlp_logs'))).toEqual([
      allBelow(100),
    ]);
    expect(stderr).toContain('"committed_rows":100');
    expect(stderr).not.toContain(TOKEN);
  });

  test('a token that nobody gave is told, and another one is refused', async () => {
    const uri = await quackUri();
    const service = serve(['--quack', uri]);
    const { listen_uri, auth_token } = await event(service, 'quack_listening');
    expect(listen_uri).toBe(uri);
    expect(await remoteRows(uri, 'SELECT 1 AS one', String(auth_token))).toEqual([{ one: 1 }]);
    await expect(remoteRows(uri, 'SELECT 1')).rejects.toThrow('Authentication failed');
    expect(service.stderr()).not.toContain('"event":"listening"');
  });

  test('the environment says it too, and flags win', async () => {
    const uri = await quackUri();
    const service = serve(['--quack', uri, '--uri', 'otlp:127.0.0.1:0'], [], {
      OTELDUCK_QUACK: 'quack:127.0.0.1:1',
      OTELDUCK_QUACK_TOKEN: TOKEN,
    });
    await event(service, 'ready');
    expect(await remoteRows(uri, 'SELECT host FROM otlp_server_list()')).toEqual([{ host: '127.0.0.1' }]);
    expect(service.stderr()).not.toContain(TOKEN);
  });

  test('no other host without --allow-other-hostname', async () => {
    const [port] = await freePorts(1);
    const uri = `quack:0.0.0.0:${port}`;
    const refused = await serve(['--quack', uri, '--quack-token', TOKEN]).ended;
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(`cannot listen on ${uri}: `);
    expect(refused.stderr).toContain('Only localhost is allowed');
    expect(refused.stderr).not.toContain(TOKEN);
    expect((await event(serve(['--quack', uri, '--allow-other-hostname']), 'quack_listening'))['listen_uri']).toBe(uri);
  });

  test('a port that is taken ends the service, which names it', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const uri = `quack:127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const { stderr, exitCode } = await serve(['--quack', uri, '--quack-token', TOKEN]).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`cannot listen on ${uri}: `);
    expect(stderr).not.toContain(TOKEN);
  });

  test('an extension that cannot be had ends the service, which names it', async () => {
    const { stderr, exitCode } = await serve(
      ['--quack', 'quack:localhost', '--quack-token', TOKEN],
      [
        `SET extension_directory = '${join(folder, 'no-extensions')}'`,
        "SET custom_extension_repository = 'http://127.0.0.1:1'",
      ],
    ).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain("cannot load DuckDB's extension quack, which --quack needs: ");
    expect(stderr).not.toContain(TOKEN);
  });
});

for (const [args, error] of [
  [['--quack-token', TOKEN], '--quack-token needs --quack or OTELDUCK_QUACK'],
  [['--quack', 'localhost:9494'], '--quack must be a URI such as quack:localhost:9494, got "localhost:9494"'],
  [
    ['--quack', 'quack:localhost', '--quack-token', 'short'],
    '--quack-token must be at least 16 characters long [OTLP_ARGUMENT_INVALID]',
  ],
] as const) {
  test(`${args.join(' ')}: ${error}`, async () => {
    const { stderr, exitCode } = await run(['serve', ...args], { program: command });
    expect(stderr).toBe(`error: ${error}\n`);
    expect(exitCode).toBe(1);
  });
}
