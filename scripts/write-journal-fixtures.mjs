// What the built otelduck leaves behind when it is killed → test/journal/fixtures/<format>: a database, the journal of an
// OTLP server and that of an OTAP server, each with records that are committed, records that wait, and a dead letter. Run
// once for each format of the journal, by the last otelduck that writes it; every later one reads them.
//
// node scripts/write-journal-fixtures.mjs <name of the folder> [tenants]
//
// With tenants, all of it is of tenant acme, and the journals have the format of servers with tenants.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { Client, credentials, Metadata } from '@grpc/grpc-js';

const root = new URL('..', import.meta.url);
const [name, option, folder] = process.argv.slice(2);
/** Whose the telemetry is. */
const tenant = option === 'tenants' ? { 'x-tenant-id': 'acme' } : {};
if (folder === undefined) write(name);
else await beKilled(folder);

/** Has a process of its own killed, and keeps its files. */
function write(name) {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-fixtures-'));
  const script = fileURLToPath(import.meta.url);
  const environment = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const child = spawnSync(process.execPath, [script, name, option ?? 'plain', folder], {
    stdio: 'inherit',
    env: environment,
  });
  if (child.signal !== 'SIGKILL') throw new Error(`the process was to be killed, and ended with ${child.status}`);
  const fixtures = fileURLToPath(new URL(`test/journal/fixtures/${name}/`, root));
  rmSync(fixtures, { recursive: true, force: true });
  mkdirSync(fixtures, { recursive: true });
  writeFileSync(join(fixtures, 'otlp.db.gz'), gzipSync(readFileSync(join(folder, 'otlp.db')), { level: 9 }));
  for (const journal of ['otlp', 'otap']) {
    const isKept = (path) => !/lock-[^/]*$/.test(path);
    cpSync(join(folder, journal), join(fixtures, journal), { recursive: true, filter: isKept });
  }
  rmSync(folder, { recursive: true });
  console.log(readdirSync(fixtures, { recursive: true }).join('\n'));
}

async function beKilled(folder) {
  const { otlp } = await import(new URL('dist/otlp.js', root).href);
  const instance = await DuckDBInstance.create(join(folder, 'otlp.db'), {
    storage_compatibility_version: 'latest',
    default_block_size: '16384',
  });
  const connection = await (await otlp.attach(instance)).connect();
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  for (const [serve, scheme, send] of [
    ['otlp_serve', 'otlp', post],
    ['otap_serve', 'otap', stream],
  ]) {
    const [{ listen_uri: uri }] = await rows(
      `FROM ${serve}('${scheme}:127.0.0.1:0', disable_auth := true, tenants := '${option === 'tenants' ? 'header' : 'none'}', seal_max_age_ms := 3600000, durability := 'journal',
         journal_path := '${join(folder, scheme)}')`,
    );
    const port = Number(/\d+$/.exec(uri)[0]);
    await send(port, 'logs');
    await rows(`FROM otlp_flush('${uri}')`);
    await rows('ALTER TABLE otlp_traces RENAME TO hidden');
    await send(port, 'traces');
    while ((await rows('FROM otlp_server_list()')).at(-1).buffered_rows !== '0')
      await rows(`FROM otlp_flush('${uri}')`);
    await rows('ALTER TABLE hidden RENAME TO otlp_traces');
    await send(port, 'metrics');
  }
  await rows('CHECKPOINT');
  process.kill(process.pid, 'SIGKILL');
}

function body(signal, extension) {
  return readFileSync(new URL(`test/data/${signal}.${extension}`, root));
}

function post(port, signal) {
  const headers = { 'content-type': 'application/x-protobuf', ...tenant };
  return new Promise((resolve, reject) => {
    const sent = request({ port, path: `/v1/${signal}`, method: 'POST', headers }, (response) => {
      response.resume();
      if (response.statusCode === 202) resolve();
      else reject(new Error(`${signal} were answered with ${response.statusCode}`));
    });
    sent.on('error', reject);
    sent.end(body(signal, 'pb'));
  });
}

function stream(port, signal) {
  const service = `Arrow${signal[0].toUpperCase()}${signal.slice(1)}`;
  const path = `/opentelemetry.proto.experimental.arrow.v1.${service}Service/${service}`;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const same = (bytes) => bytes;
  return new Promise((resolve, reject) => {
    const metadata = Metadata.fromHttp2Headers(tenant);
    const call = client.makeBidiStreamRequest(path, same, same, metadata, {});
    call.on('data', () => call.end());
    call.on('error', reject);
    call.on('end', () => {
      client.close();
      resolve();
    });
    call.write(body(signal, 'otap'));
  });
}
