// The examples of deployment: what linters say of them, and what their commands do where there are no containers. Hosts and ports of the
// examples are replaced by what runs here; nothing else is.

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { command, folder, type Started, start } from '../host/command.js';
import { eventsOf } from '../host/service-events.js';
import { lakeSuite } from './support/lake-suite.js';
import { POSTGRES_PASSWORD, PostgresServer } from './support/postgres-server.js';
import { BUCKET, S3_KEY, S3_SECRET, SeaweedServer } from './support/seaweed-server.js';
import { placeOf } from './support/test-servers.js';

const run = promisify(execFile);
const deploy = resolve('examples/deploy');
const TOKEN = 'a-token-for-writers';
const READ_TOKEN = 'a-token-for-readers';

const read = (name: string) => readFileSync(join(deploy, name), 'utf8');

interface Compose {
  readonly services: { readonly otelduck: { readonly command: readonly string[] } };
}

interface Manifest {
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly args: readonly string[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

/** JSON after a word of the Dockerfile: the words of a command. */
function dockerfileCommand(keyword: string): string[] {
  const line = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .find((text) => text.startsWith(keyword))!;
  return JSON.parse(line.slice(line.indexOf('['))) as string[];
}

function manifest(kind: string): Manifest {
  const documents = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS() as Manifest);
  return documents.find((document) => document.kind === kind)!;
}

/** What replaces the addresses and folders of an example: a file of this test's, and free ports. */
function hereIn(name: string): Record<string, string> {
  const home = join(folder, name);
  mkdirSync(home);
  return {
    HOME: home,
    OTELDUCK_TOKEN: TOKEN,
    OTELDUCK_QUERY_READ_TOKEN: READ_TOKEN,
    OTELDUCK_URI: 'otlp:127.0.0.1:0',
    OTELDUCK_GRPC: '127.0.0.1:0',
    OTELDUCK_QUERY_URI: 'query:127.0.0.1:0',
    OTELDUCK_DATABASE: join(home, 'telemetry.duckdb'),
    OTELDUCK_JOURNAL_PATH: join(home, 'journal'),
  };
}

async function listening(service: Started): Promise<{ url: string; queryUrl: string }> {
  const events = eventsOf(await service.until('stderr', /"event":"ready"/));
  const urls = events.filter(({ event }) => event === 'listening').map(({ listen_url }) => String(listen_url));
  return { url: urls[0]!, queryUrl: urls[1]! };
}

async function sendLog(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: readFileSync('examples/log.json'),
  });
  expect(response.status).toBe(202);
}

async function drained(service: Started): Promise<void> {
  service.child.kill('SIGTERM');
  const { stderr, exitCode } = await service.ended;
  expect(eventsOf(stderr)).toContainEqual(
    expect.objectContaining({ event: 'drained', committed_rows: 1, dropped_rows: 0 }),
  );
  expect(exitCode).toBe(0);
}

describe('the image', () => {
  test('its command runs with the configuration in it, its health check is true, and SIGTERM commits', async () => {
    const [node, program] = dockerfileCommand('ENTRYPOINT');
    expect([node, program]).toEqual(['node', '/app/bin/otelduck.cjs']);
    const words = dockerfileCommand('CMD').map((word) => word.replace('/etc/otelduck', deploy));
    const service = start(words, { program: command, env: hereIn('image') });
    const { url } = await listening(service);
    const [asker, flag, script] = dockerfileCommand('HEALTHCHECK');
    expect([asker, flag]).toEqual(['node', '-e']);
    const check = (at: string) =>
      run(process.execPath, ['-e', script!.replace('http://127.0.0.1:4318', at)]).then(
        () => 0,
        ({ code }: { code: number }) => code,
      );
    expect(await check(url)).toBe(0);
    await sendLog(url);
    await drained(service);
    expect(await check(url)).toBe(1);
  });
});

describe('the manifests of Kubernetes', () => {
  test('their command runs with their configuration, and answers their probes', async () => {
    const [container] = manifest('StatefulSet').spec.template.spec.containers;
    const config = join(folder, 'kubernetes.yaml');
    writeFileSync(config, manifest('ConfigMap').data['otelduck.yaml']!);
    const words = container!.args.map((word) => (word.startsWith('/etc/') ? config : word));
    const service = start(words, { program: command, env: hereIn('kubernetes') });
    const { url } = await listening(service);
    for (const { httpGet } of [container!.startupProbe, container!.livenessProbe, container!.readinessProbe]) {
      expect((await fetch(url + httpGet.path)).status).toBe(200);
    }
    await sendLog(url);
    await drained(service);
  });
});

test('the unit starts the service with the example of a configuration', () => {
  expect(read('otelduck.service')).toContain(
    '\nExecStart=/usr/bin/otelduck serve --config /etc/otelduck/otelduck.yaml\n',
  );
});

lakeSuite('the compose file', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;

  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
    await postgres.createDatabase('deployed');
  });
  afterAll(() => Promise.all([postgres?.close(), seaweed?.close()]));

  test('its service writes a lake, with the catalog in PostgreSQL and files on S3', async () => {
    const env = { ...hereIn('compose'), ...lakeVariables() };
    const { OTELDUCK_DATABASE: database, HOME: home, ...rest } = env;
    mkdirSync(join(home!, '.duckdb'));
    symlinkSync(placeOf('extensions'), join(home!, '.duckdb/extensions'));
    const sql = read('lake.sql')
      .replace('storage:8333', `127.0.0.1:${seaweed.s3Port}`)
      .replace('s3://telemetry/', `s3://${BUCKET}/`);
    writeFileSync(join(home!, 'lake.sql'), sql);
    const words = (parse(read('compose.yaml')) as Compose).services.otelduck.command.map((word) =>
      word
        .replace('/var/lib/otelduck/telemetry.duckdb', database!)
        .replace('/etc/otelduck/lake.sql', join(home!, 'lake.sql'))
        .replace('/etc/otelduck', deploy),
    );
    const service = start(words, { program: command, env: { ...rest, HOME: home! } });
    const { url, queryUrl } = await listening(service);
    await sendLog(url);
    const authorization = `Bearer ${READ_TOKEN}`;
    const query = new URLSearchParams({ query: '{service_name="checkout"}', start: '0' });
    const found = await fetch(`${queryUrl}/loki/api/v1/query_range?${query}`, { headers: { authorization } });
    expect(found.status).toBe(200);
    expect(await found.text()).toContain('order placed');
    await drained(service);
  });

  function lakeVariables(): Record<string, string> {
    return {
      PGHOST: '127.0.0.1',
      PGPORT: String(postgres.port),
      PGUSER: 'postgres',
      PGDATABASE: 'deployed',
      PGPASSWORD: POSTGRES_PASSWORD,
      AWS_ACCESS_KEY_ID: S3_KEY,
      AWS_SECRET_ACCESS_KEY: S3_SECRET,
    };
  }
});

lakeSuite('linters', ['linters'], () => {
  const python = { env: { ...process.env, PYTHONPATH: '' } };
  let bin: string;

  beforeAll(() => {
    python.env.PYTHONPATH = placeOf('linters');
    bin = join(placeOf('linters'), 'bin');
  });

  test('hadolint finds nothing in the Dockerfile', async () => {
    expect((await run(join(bin, 'hadolint'), [join(deploy, 'Dockerfile')])).stdout).toBe('');
  });

  test('kubernetes-validate passes each manifest', async () => {
    const { stdout, stderr } = await run(
      'python3',
      [join(bin, 'kubernetes-validate'), join(deploy, 'kubernetes.yaml')],
      python,
    );
    const passed = `${stdout}${stderr}`.match(/ passed for resource /g) ?? [];
    expect(passed).toHaveLength(parseAllDocuments(read('kubernetes.yaml')).length);
  });

  test('docker-compose takes the compose file, and not without its secrets', async () => {
    const config = ['-f', join(deploy, 'compose.yaml'), 'config', '--quiet'];
    const secrets = { OTELDUCK_TOKEN: TOKEN, OTELDUCK_QUERY_READ_TOKEN: READ_TOKEN, LAKE_PASSWORD: 'x' };
    await run('docker-compose', config, { env: { ...process.env, ...secrets } });
    await expect(run('docker-compose', config)).rejects.toThrow('set OTELDUCK_TOKEN');
  });

  // It looks for the program, which is not installed here.
  test('systemd verifies the unit, and rates its exposure as low', async () => {
    const unit = join(folder, 'otelduck.service');
    writeFileSync(unit, read('otelduck.service').replace('/usr/bin/otelduck', process.execPath));
    expect((await run('systemd-analyze', ['verify', unit])).stderr).toBe('');
    await run('systemd-analyze', ['security', '--offline=true', '--threshold=15', unit]);
  });
});
