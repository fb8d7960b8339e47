// What a server's memory comes to when rows cannot be committed, and over time. Linux only.
//
// npm run bench:memory [-- --rows cap,recovery,soak --seconds 120]
//
// cap: seals fail, because the table is gone, or hang, because a lake's storage does not answer, while clients send as
// fast as they can: RSS up to max_buffered_bytes and max_decoded_bytes, and what is answered then.
// recovery: a journal with several times the rows that a server may hold, read by one that is started on it.
// soak: many short connections, streams and seals; the heap after each garbage collection, which must not grow.

import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from './end-to-end/load-client.js';
import { extensionSettings, OurServer, type Served, TOKEN } from './end-to-end/our-server.js';
import { UsageMeter, usageOf } from './end-to-end/process-usage.js';

const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: 'cap,recovery,soak' }, seconds: { type: 'string', default: '120' } },
});
const seconds = Number(flags.seconds);
const MB = 1e6;
/** Long enough to reach the caps at a tenth of the usual rate. */
const FILL_SECONDS = 40;
/** What the server may hold whose journal is then read by one with the default caps. */
const LARGE_CAP_BYTES = 3 * 2 ** 30;
/** Intervals that a soak is cut into. The first ones warm up. */
const INTERVALS = 12;

const folder = mkdtempSync(join(tmpdir(), 'otelduck-memory-'));
try {
  for (const row of flags.rows.split(',')) {
    if (row === 'cap') await caps();
    else if (row === 'recovery') await recovery();
    else if (row === 'soak') await soak();
    else throw new Error(`there is no row "${row}", only cap, recovery and soak`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function caps(): Promise<void> {
  for (const compression of ['gzip', 'none']) {
    await onServer('file', async (server) => {
      const served = await server.serve();
      await server.sql('ALTER TABLE otlp_logs RENAME TO hidden_logs');
      const accepted = await fill(server, served, `seals fail, ${compression}`, compression);
      await server.sql('ALTER TABLE hidden_logs RENAME TO otlp_logs');
      await server.sql(`FROM otlp_flush('${served.uri}')`);
      const [stored] = await server.sql('SELECT count(service_name) AS count FROM otlp_logs');
      reportRows('committed at last', Number(stored!['count']), accepted);
    });
    await onServer('memory', async (server) => {
      const storage = await silentServer();
      for (const sql of lakeOn(storage.port)) await server.sql(sql);
      const served = await server.serve("catalog := 'lake'");
      const accepted = await fill(server, served, `a seal hangs, ${compression}`, compression);
      reportRows('still there', Number((await server.status(served))['buffered_rows']), accepted);
      await server.kill();
      storage.close();
    });
  }
}

async function recovery(): Promise<void> {
  const own = mkdtempSync(join(folder, 'recovery-'));
  const journal = `durability := 'journal', journal_path := '${join(own, 'journal')}'`;
  const first = await OurServer.start('file', own);
  const caps = `max_buffered_bytes := ${LARGE_CAP_BYTES}, max_decoded_bytes := ${LARGE_CAP_BYTES}`;
  const filled = await first.serve(`${journal}, ${caps}`);
  await first.sql('ALTER TABLE otlp_logs RENAME TO hidden_logs');
  const accepted = await fill(first, filled, 'seals fail, with a journal', 'gzip');
  const [held] = await first.sql('SELECT journal_bytes, buffered_bytes FROM otlp_server_list()');
  await first.kill();

  const second = await OurServer.start('file', own);
  try {
    await second.sql('ALTER TABLE hidden_logs RENAME TO otlp_logs');
    const meter = new UsageMeter(second.pid);
    const startMs = performance.now();
    const served = await second.serve(journal);
    const replayedMs = performance.now() - startMs;
    await second.sql(`FROM otlp_flush('${served.uri}')`);
    const { maxRssBytes } = meter.stop();
    // What the first server had tried too often.
    await second.sql(`FROM otlp_replay('${served.uri}')`);
    const [stored] = await second.sql('SELECT count(service_name) AS count FROM otlp_logs');
    console.log(
      `recovery of ${megabytes(held!['journal_bytes'])} of journal, ${megabytes(held!['buffered_bytes'])} of rows: ` +
        `${(replayedMs / 1000).toFixed(1)} s, RSS ${megabytes(maxRssBytes)} at most`,
    );
    reportRows('committed at last', Number(stored!['count']), accepted);
  } finally {
    await second.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

/** Sends until nothing more is taken. Resolves with the rows that were. */
async function fill(server: OurServer, served: Served, name: string, compression: string): Promise<number> {
  const idleBytes = usageOf(server.pid).rssBytes;
  const meter = new UsageMeter(server.pid);
  const report = await load([
    ...clientArgs(served, Math.min(seconds, FILL_SECONDS)),
    ...['--closed-loop', '--compression', compression, '--connections', 16],
  ]);
  const status = await server.status(served);
  const { maxRssBytes } = meter.stop();
  console.log(
    `${name}: ${JSON.stringify(report.total.statuses)}; admitted ${megabytes(status['admitted_bytes'])}, buffered ${megabytes(status['buffered_bytes'])}; ` +
      `RSS ${megabytes(idleBytes)} idle, ${megabytes(maxRssBytes)} at most`,
  );
  if (report.total.statuses['503'] === undefined) console.log('  NO 503: the caps were not reached in this time');
  return report.total.accepted_records;
}

function reportRows(what: string, rows: number, accepted: number): void {
  console.log(`  ${what}: ${rows === accepted ? 'every' : `ONLY ${rows}`} of ${accepted} accepted rows`);
}

/** A lake whose files are on a storage that answers nothing. */
function lakeOn(port: number): string[] {
  return [
    ...extensionSettings('httpfs', 'ducklake'),
    'SET http_timeout = 3600',
    `CREATE SECRET silent (TYPE s3, KEY_ID 'k', SECRET 's', ENDPOINT '127.0.0.1:${port}', URL_STYLE 'path', USE_SSL false)`,
    "ATTACH 'ducklake::memory:' AS lake (DATA_PATH 's3://silent/lake/')",
  ];
}

async function silentServer(): Promise<{ readonly port: number; readonly close: () => void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as net.AddressInfo).port, close };
}

async function soak(): Promise<void> {
  await onServer('memory', async (server) => {
    const http = await server.serve('seal_max_age_ms := 100');
    const grpc = await server.serve("seal_max_age_ms := 100, transport := 'grpc'");
    const otap = await server.serve('seal_max_age_ms := 100', 'otap:127.0.0.1:0');
    console.log('seconds  heap MB  external MB  RSS MB  handles  seals  connections');
    let connections = 0;
    for (let interval = 0; interval < INTERVALS; interval++) {
      const perWire = seconds / INTERVALS / 4;
      for (const [served, protocol] of [
        [http, 'http'],
        [grpc, 'grpc'],
        [otap, 'otap'],
      ] as const) {
        await load([
          ...clientArgs(served, perWire),
          '--protocol',
          protocol,
          '--connections',
          32,
          '--closed-loop',
          '--records-per-request',
          20,
        ]);
        connections += 32;
      }
      const endMs = performance.now() + perWire * 1000;
      while (performance.now() < endMs) {
        await openAndLeave(http.port);
        connections++;
      }
      for (const served of [http, grpc, otap]) await server.sql(`FROM otlp_flush('${served.uri}')`);
      // What was committed is the database's, not ours.
      await server.sql('DELETE FROM otlp_logs');
      await server.sql('CHECKPOINT');
      const { heapUsed, external, handles } = await server.memory();
      const statuses = await Promise.all([http, grpc, otap].map((served) => server.status(served)));
      const seals = statuses.reduce((sum, status) => sum + Number(status['seals_total']), 0);
      console.log(
        [
          ((interval + 1) * seconds) / INTERVALS,
          heapUsed / MB,
          external / MB,
          usageOf(server.pid).rssBytes / MB,
          handles,
          seals,
          connections,
        ]
          .map((value, i) => value.toFixed(i > 0 && i < 3 ? 2 : 0).padStart(7))
          .join('  '),
      );
    }
  });
}

function openAndLeave(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write('POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
      socket.resetAndDestroy();
    });
    socket.on('error', () => undefined).on('close', () => resolve());
  });
}

async function onServer(target: 'file' | 'memory', work: (server: OurServer) => Promise<void>): Promise<void> {
  const own = mkdtempSync(join(folder, 'run-'));
  const server = await OurServer.start(target, own, ['--expose-gc']);
  try {
    await work(server);
  } finally {
    await server.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

function clientArgs({ port }: Served, forSeconds: number): (string | number)[] {
  return ['--url', `http://127.0.0.1:${port}`, '--token', TOKEN, '--duration', `${forSeconds}s`, '--warm-up', '0s'];
}

function megabytes(bytes: unknown): string {
  return `${Math.round(Number(bytes) / MB).toLocaleString('en')} MB`;
}
