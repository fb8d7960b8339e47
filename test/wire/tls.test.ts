// TLS on every wire, with real clients; certificates that change while requests come.

import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SecureVersion, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { credentials, Metadata } from '@grpc/grpc-js';
import { OTLPLogExporter as GrpcLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as HttpLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { expect, onTestFinished, test } from 'vitest';
import { type IssuedPair, TestAuthority } from '../support/certificates.js';
import { type OtelServer, openDatabase, serve, TOKEN } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

const authority = await TestAuthority.make();
const pair = await authority.issue('first');

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'otelduck-tls-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Writes a pair of files, and gives them as options. */
async function filesOf({ cert, key }: IssuedPair, place?: string) {
  const at = place ?? (await folder());
  const files = { tls_cert_file: join(at, 'cert.pem'), tls_key_file: join(at, 'key.pem') };
  await writeFile(files.tls_key_file, key);
  await writeFile(files.tls_cert_file, cert);
  return files;
}

interface Asked {
  readonly ca?: string;
  readonly client?: IssuedPair;
  readonly maxVersion?: SecureVersion;
  readonly agent?: https.Agent;
}

function post(server: OtelServer, { ca = authority.cert, client, maxVersion, agent }: Asked = {}) {
  return new Promise<{ status: number; text: string; subject: string }>((resolve, reject) => {
    const request = https.request({
      host: '127.0.0.1',
      port: server.port,
      path: '/v1/logs',
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-protobuf' },
      ca,
      servername: 'localhost',
      ...client,
      ...(maxVersion && { maxVersion }),
      // A new connection, unless told otherwise: that is what a new certificate is for.
      agent: agent ?? false,
    });
    request.on('error', reject).on('response', async (response) => {
      const subject = String((response.socket as TLSSocket).getPeerCertificate().subject?.CN);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString(), subject });
    });
    request.end(logsRequest(1));
  });
}

test('SDKs that know the authority send over HTTP and gRPC, which one certificate serves', async () => {
  const server = await serve({ ...(await filesOf(pair)), grpc: '127.0.0.1:0', seal_max_age_ms: NEVER_MS });
  const [listed] = await server.database.rows(
    'SELECT listeners, listen_url, tls_not_after_unix_ms FROM otlp_server_list()',
  );
  const listeners = listed!['listeners'] as unknown as { url: string }[];
  expect(listeners.map(({ url }) => url.slice(0, 8))).toEqual(['https://', 'https://']);
  expect(listed!['listen_url']).toBe(listeners[0]!.url);
  expect(Number(listed!['tls_not_after_unix_ms'])).toBeGreaterThan(Date.now());

  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${TOKEN}`);
  const ca = Buffer.from(authority.cert);
  const exporters = [
    new HttpLogExporter({
      url: `${listeners[0]!.url}/v1/logs`,
      headers: { authorization: `Bearer ${TOKEN}` },
      httpAgentOptions: { ca },
    }),
    new GrpcLogExporter({ url: listeners[1]!.url, metadata, credentials: credentials.createSsl(ca) }),
  ];
  for (const exporter of exporters) {
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    provider.getLogger('shop').emit({ body: exporter.constructor.name });
    await provider.shutdown();
  }
  await server.flush();
  expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('2');
});

test('whoever speaks no TLS is cut off, and so is an old version', async () => {
  const server = await serve({ ...(await filesOf(pair)), tls_min_version: '1.3' });
  const plain = http.get({ host: '127.0.0.1', port: server.port, path: '/healthz', agent: false });
  await expect(new Promise((_resolve, reject) => plain.on('error', reject))).rejects.toThrow();
  await expect(post(server, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/alert|protocol version/i);
  await expect(post(server, { ca: (await TestAuthority.make()).cert })).rejects.toThrow(/verify|issuer|certificate/i);
  expect(await post(server)).toMatchObject({ status: 202 });
});

/** What OpenSSL's client says of a handshake. */
function opensslSays(ca: string, port: number, ...options: string[]): Promise<string> {
  const trusting = ['-CAfile', ca, '-verify_return_error', '-servername', 'localhost'];
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, ...trusting, ...options];
  return new Promise((resolve) => {
    const client = execFile('openssl', args, { timeout: 20_000 }, (_error, stdout, stderr) => resolve(stdout + stderr));
    client.stdin!.end();
  });
}

test("OpenSSL's client agrees on the versions, the certificate and the protocol", async () => {
  const ca = join(await folder(), 'ca.pem');
  await writeFile(ca, authority.cert);
  const server = await serve({ ...(await filesOf(pair)), grpc: '127.0.0.1:0' });
  const [listed] = await server.database.rows('SELECT [l.url FOR l IN listeners] AS urls FROM otlp_server_list()');
  const [http1, grpc] = (listed!['urls'] as unknown as string[]).map((url) => Number(new URL(url).port));
  for (const [port, protocol] of [
    [http1!, 'http/1.1'],
    [grpc!, 'h2'],
  ] as const) {
    for (const [flag, version] of [
      ['-tls1_2', 'TLSv1.2'],
      ['-tls1_3', 'TLSv1.3'],
    ] as const) {
      const said = await opensslSays(ca, port, flag, '-alpn', protocol);
      expect(said).toContain('Verify return code: 0 (ok)');
      expect(said).toContain(`ALPN protocol: ${protocol}`);
      expect(said).toMatch(new RegExp(`New, ${version}`));
      expect(said).toContain('CN = first');
    }
    // SECLEVEL 0, so that it is the server that refuses.
    const old = await opensslSays(ca, port, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0');
    expect(old).toMatch(/alert protocol version/);
  }
  const strict = await serve({ ...(await filesOf(pair)), tls_min_version: '1.3' });
  expect(await opensslSays(ca, strict.port, '-tls1_2')).toMatch(/alert protocol version/);
  expect(await opensslSays(ca, strict.port, '-tls1_3')).toContain('Verify return code: 0 (ok)');
});

test('a client that says nothing holds up neither requests nor a stop', async () => {
  const server = await serve(await filesOf(pair));
  const silent = net.connect(server.port, '127.0.0.1');
  const ended = new Promise((resolve) => silent.on('error', resolve).on('close', resolve));
  await new Promise((resolve) => silent.once('connect', resolve));
  expect(await post(server)).toMatchObject({ status: 202 });
  const before = performance.now();
  await server.stop();
  await ended;
  // It has ten seconds for its handshake.
  expect(performance.now() - before).toBeLessThan(5000);
});

test('mTLS: certificates of the authority pass, others and none do not', async () => {
  const place = await folder();
  const clientCa = join(place, 'clients.pem');
  await writeFile(clientCa, authority.cert);
  const server = await serve({ ...(await filesOf(pair)), tls_client_ca_file: clientCa });
  const stranger = await (await TestAuthority.make()).issue('stranger');
  await expect(post(server)).rejects.toThrow();
  await expect(post(server, { client: stranger })).rejects.toThrow();
  expect(await post(server, { client: await authority.issue('client') })).toMatchObject({ status: 202 });
});

test('no request fails while the certificate is replaced twenty times', async () => {
  const place = await folder();
  const files = await filesOf(pair, place);
  const server = await serve({ ...files, seal_max_age_ms: NEVER_MS });
  const kept = new https.Agent({ keepAlive: true, maxSockets: 4 });
  onTestFinished(() => kept.destroy());
  let isDone = false;
  let sent = 0;
  const failures: unknown[] = [];
  const clients = [kept, kept, undefined, undefined].map(async (agent) => {
    while (!isDone) {
      const answer = await post(server, agent === undefined ? {} : { agent }).catch((error: unknown) => error);
      if ((answer as { status?: number }).status === 202) sent++;
      else failures.push(answer);
    }
  });
  let last = '';
  for (let i = 0; i < 20; i++) {
    last = `rotation ${i}`;
    await filesOf(await authority.issue(last), place);
    const [row] = await server.database.rows(`FROM otlp_tls_reload('${server.uri}')`);
    expect(row).toMatchObject({ status: 'reloaded', subject: `CN=${last}`, error: null });
  }
  isDone = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect((await post(server)).subject).toBe(last);
  expect(await server.counters('total_rows')).toEqual({ total_rows: String(sent + 1) });
});

test('new files are noticed, and a pair that does not fit is told and not used', async () => {
  const place = await folder();
  const files = await filesOf(pair, place);
  const server = await serve({ ...files, tls_reload_interval_ms: 10 });
  const eventually = async (check: () => Promise<boolean>) => {
    while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const second = await authority.issue('second');
  // As a rotation that has got half way.
  await writeFile(files.tls_cert_file, second.cert);
  await eventually(async () => (await server.counters('tls_last_error'))['tls_last_error'] !== null);
  expect((await server.counters('tls_last_error'))['tls_last_error']).toContain('is not the key of the certificate');
  expect((await post(server)).subject).toBe('first');
  await writeFile(files.tls_key_file, second.key);
  await eventually(async () => (await post(server)).subject === 'second');
  expect(await server.counters('tls_last_error')).toEqual({ tls_last_error: null });

  await chmod(files.tls_key_file, 0);
  await rm(files.tls_cert_file);
  expect((await server.database.rows(`FROM otlp_tls_reload('${server.uri}')`))[0]).toMatchObject({
    status: 'failed',
    subject: 'CN=second',
    error: expect.stringContaining('ENOENT'),
  });
  expect((await post(server)).subject).toBe('second');
});

test('files that are of no use keep a server from starting, and the error names which and why', async () => {
  const place = await folder();
  const other = await authority.issue('other');
  const expired = await authority.issue('old', { notAfter: new Date(Date.now() - 1000) });
  const early = await authority.issue('early', { notBefore: new Date(Date.now() + 60_000) });
  const path = async (name: string, text: string) => {
    await writeFile(join(place, name), text);
    return join(place, name);
  };
  const cert = await path('cert', pair.cert);
  const key = await path('key', pair.key);
  const cases: [Record<string, string>, RegExp][] = [
    [{ tls_cert_file: join(place, 'none'), tls_key_file: key }, /tls_cert_file cannot be read: ENOENT/],
    [{ tls_cert_file: key, tls_key_file: key }, /tls_cert_file must have a certificate in PEM, '.*key' has none/],
    [{ tls_cert_file: cert, tls_key_file: cert }, /tls_key_file must have a private key in PEM/],
    [{ tls_cert_file: cert, tls_key_file: await path('other', other.key) }, /is not the key of the certificate in/],
    [
      { tls_cert_file: await path('old', expired.cert), tls_key_file: await path('oldkey', expired.key) },
      /has expired/,
    ],
    [
      { tls_cert_file: await path('early', early.cert), tls_key_file: await path('earlykey', early.key) },
      /is not valid before/,
    ],
    [
      { tls_cert_file: cert, tls_key_file: key, tls_client_ca_file: await path('empty', '') },
      /tls_client_ca_file must have a certificate in PEM/,
    ],
  ];
  const database = await openDatabase();
  for (const [options, problem] of cases) {
    const error = await database.serve(options).then(
      () => 'started',
      (thrown: Error) => thrown.message,
    );
    expect(error).toMatch(problem);
    expect(error).toContain('[OTLP_TLS_INVALID]');
    expect(error).not.toContain('BEGIN');
  }
  expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
});

test('a certificate of its own is made once, and clients that are given it know the server', async () => {
  const cache = join(await folder(), 'kept');
  const options = { tls_self_signed: true, tls_cache_path: cache };
  const server = await serve(options);
  const own = await readFile(join(cache, 'certificate.pem'), 'utf8');
  expect(await post(server, { ca: own })).toMatchObject({ status: 202 });
  await expect(post(server)).rejects.toThrow();
  expect((await stat(join(cache, 'key.pem'))).mode & 0o777).toBe(0o600);
  await server.stop();
  await serve(options);
  expect(await readFile(join(cache, 'certificate.pem'), 'utf8')).toBe(own);
});

test('gRPC clients without h2 are not served', async () => {
  const server = await serve({ ...(await filesOf(pair)), transport: 'grpc' });
  const socket = tlsConnect({
    host: '127.0.0.1',
    servername: 'localhost',
    port: server.port,
    ca: authority.cert,
    ALPNProtocols: ['http/1.1'],
  });
  await expect(new Promise((_resolve, reject) => socket.on('error', reject))).rejects.toThrow(
    /alpn|no application protocol/i,
  );
});

test('servers of queries speak it too, and their certificate is renewed in the same way', async () => {
  const place = await folder();
  const { tls_cert_file, tls_key_file } = await filesOf(pair, place);
  const database = await openDatabase();
  const [row] = await database.rows(
    `FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true, tls_cert_file := '${tls_cert_file}', tls_key_file := '${tls_key_file}')`,
  );
  const { port, protocol } = new URL(String(row!['listen_url']));
  expect(protocol).toBe('https:');
  const asked = () =>
    new Promise<{ text: string; subject: string }>((resolve, reject) => {
      const request = https.get({
        host: '127.0.0.1',
        servername: 'localhost',
        port,
        path: '/metrics',
        ca: authority.cert,
        agent: false,
      });
      request.on('error', reject).on('response', async (response) => {
        const subject = String((response.socket as TLSSocket).getPeerCertificate().subject?.CN);
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ text: Buffer.concat(chunks).toString(), subject });
      });
    });
  const first = await asked();
  expect(first.subject).toBe('first');
  expect(first.text).toContain('otelduck_queries_max 20\n');
  await filesOf(await authority.issue('renewed'), place);
  expect((await database.rows(`FROM otlp_tls_reload('${row!['listen_uri']}')`))[0]).toMatchObject({
    status: 'reloaded',
  });
  expect((await asked()).subject).toBe('renewed');
});
