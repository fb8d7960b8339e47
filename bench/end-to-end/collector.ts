// The peer: an OpenTelemetry Collector that receives OTLP, batches, and writes JSON to a file. Built once with Go, into
// OTELDUCK_COLLECTOR_CACHE or a folder of the system's temporary one.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const OCB = 'go.opentelemetry.io/collector/cmd/builder@v0.164.0';
const VERSION = 'v0.161.0';
const STARTED_WITHIN_MS = 20_000;

const cache = process.env['OTELDUCK_COLLECTOR_CACHE'] ?? join(tmpdir(), 'otelduck-collector');

/** What it does with what it receives, for the record. */
export const collectorSettings = {
  receivers: ['otlp: http'],
  processors: { batch: { send_batch_size: 8192, timeout: '200ms' } },
  exporters: { file: { format: 'json', flush_interval: '1s', queue: 'none', fsync: 'never' } },
};

export class Collector {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(folder: string): Promise<Collector> {
    const port = await freePort();
    const pipeline = { receivers: ['otlp'], processors: ['batch'], exporters: ['file'] };
    const config = {
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      processors: { batch: collectorSettings.processors.batch },
      exporters: { file: { path: join(folder, 'telemetry.json') } },
      service: {
        telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
        pipelines: { logs: pipeline, traces: pipeline, metrics: pipeline },
      },
    };
    const configFile = join(folder, 'collector.yaml');
    writeFileSync(configFile, JSON.stringify(config)); // YAML takes JSON
    const child = spawn(binary(), ['--config', `file:${configFile}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (const endMs = performance.now() + STARTED_WITHIN_MS; !(await isListening(port)); await pause(50)) {
      if (child.exitCode !== null || performance.now() > endMs) throw new Error('the Collector did not start');
    }
    return new Collector(child, port);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await exited;
  }
}

function binary(): string {
  const folder = join(cache, 'build-peer');
  const built = join(folder, 'otelcol');
  if (existsSync(built)) return built;
  const builder = join(cache, 'bin/builder');
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOBIN: join(cache, 'bin') };
  mkdirSync(folder, { recursive: true });
  if (!existsSync(builder)) execFileSync('go', ['install', OCB], { env, stdio: 'inherit' });
  const config = {
    dist: {
      name: 'otelcol',
      description: 'Collector to measure beside',
      version: VERSION.slice(1),
      output_path: folder,
    },
    receivers: [{ gomod: `go.opentelemetry.io/collector/receiver/otlpreceiver ${VERSION}` }],
    processors: [{ gomod: `go.opentelemetry.io/collector/processor/batchprocessor ${VERSION}` }],
    exporters: [
      { gomod: `github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter ${VERSION}` },
    ],
    providers: ['envprovider', 'fileprovider'].map((name) => ({
      gomod: `go.opentelemetry.io/collector/confmap/provider/${name} v1.67.0`,
    })),
  };
  const configFile = join(cache, 'peer.yaml');
  writeFileSync(configFile, JSON.stringify(config));
  execFileSync(builder, ['--config', configFile, '--ldflags', '-s -w'], { env, stdio: 'inherit' });
  return built;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
