// A Loki of its own: on ports and in a folder that nobody else has, ended and removed with close().

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../lake/support/free-ports.js';
import { ServerProcess } from '../../lake/support/server-process.js';

const METRICS_POLL_MS = 200;

/** The revision that the program says that it was built of. */
export function lokiRevision(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /revision: ([0-9a-f]{7})/.exec(text)?.[1] ?? 'of an unknown revision';
}

/** What Loki has by default, but for `indexed`, and for limits of ingest that the test would meet. */
function config(folder: string, [http, grpc]: readonly [number, number], indexed: readonly string[]): string {
  return `
auth_enabled: false
server: { http_listen_address: 127.0.0.1, http_listen_port: ${http}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}, log_level: error }
common:
  instance_addr: 127.0.0.1
  path_prefix: ${folder}
  storage: { filesystem: { chunks_directory: ${folder}/chunks, rules_directory: ${folder}/rules } }
  replication_factor: 1
  ring: { kvstore: { store: inmemory } }
schema_config:
  configs:
    - { from: 2024-04-01, store: tsdb, object_store: filesystem, schema: v13, index: { prefix: index_, period: 24h } }
distributor:
  otlp_config:
    default_resource_attributes_as_index_labels: [${indexed.map((name) => JSON.stringify(name)).join(', ')}]
limits_config:
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
  max_line_size: 10MB
  volume_enabled: true
analytics: { reporting_enabled: false }
`;
}

export class RealLoki {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ServerProcess;

  private constructor(url: string, folder: string, process: ServerProcess) {
    this.url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /** Starts the program that the environment names. */
  static async start(program: string, indexed: readonly string[]): Promise<RealLoki> {
    const folder = mkdtempSync(join(tmpdir(), 'otelduck-loki-'));
    const ports = (await freePorts(2)) as [number, number];
    const file = join(folder, 'loki.yml');
    writeFileSync(file, config(folder, ports, indexed));
    const url = `http://127.0.0.1:${ports[0]}`;
    const process = await ServerProcess.start(
      program,
      [`-config.file=${file}`, '-target=all'],
      { cwd: folder },
      async () => (await fetch(`${url}/ready`)).ok,
    );
    return new RealLoki(url, folder, process);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Where chunks, index and write-ahead log are. */
  get folder(): string {
    return this.#folder;
  }

  /** Writes what the ingester holds to chunks. */
  async flush(): Promise<void> {
    await fetch(`${this.url}/flush`, { method: 'POST' });
    await this.#until(/^loki_ingester_flush_queue_length 0$/m);
  }

  /** Resolves when the ingester has forgotten what it has flushed, which is then read from chunks alone. */
  forgotten(): Promise<void> {
    return this.#until(/^loki_ingester_memory_chunks 0$/m);
  }

  async #until(metric: RegExp): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, METRICS_POLL_MS));
      if (metric.test(await (await fetch(`${this.url}/metrics`)).text())) return;
    }
  }

  async close(): Promise<void> {
    await this.#process.end('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
