// A Tempo of its own: one process with local storage, on ports and in a folder that nobody else has, ended and removed with close().

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../lake/support/free-ports.js';
import { ServerProcess } from '../../lake/support/server-process.js';

interface TempoSettings {
  /** How often blocks that have been written are looked for. Until they are found, spans are answered from memory. */
  readonly blocklistPoll?: string;
  /** Put at the end of the configuration. */
  readonly more?: string;
}

export class RealTempo {
  readonly url: string;
  /** Where OTLP over HTTP is sent. */
  readonly ingestUrl: string;
  /** With all that it stores. */
  readonly folder: string;
  readonly #process: ServerProcess;

  private constructor(url: string, ingestUrl: string, folder: string, process: ServerProcess) {
    this.url = url;
    this.ingestUrl = ingestUrl;
    this.folder = folder;
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  static async start(program: string, { blocklistPoll = '5m', more = '' }: TempoSettings = {}): Promise<RealTempo> {
    const folder = mkdtempSync(join(tmpdir(), 'otelduck-tempo-'));
    const [http, grpc, otlp, members] = (await freePorts(4)) as [number, number, number, number];
    const config = join(folder, 'tempo.yaml');
    writeFileSync(
      config,
      `
server: { http_listen_address: 127.0.0.1, http_listen_port: ${http}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}, log_level: error }
distributor: { receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${otlp}" } } } } }
storage: { trace: { backend: local, blocklist_poll: ${blocklistPoll}, wal: { path: ${folder}/wal, ingestion_time_range_slack: 24h }, local: { path: ${folder}/blocks } } }
live_store:
  wal: { path: ${folder}/live, ingestion_time_range_slack: 24h }
  shutdown_marker_dir: ${folder}/marker
  flush_check_period: 1s
  max_trace_idle: 1s
backend_scheduler: { local_work_path: ${folder}/work }
memberlist: { bind_addr: [127.0.0.1], bind_port: ${members} }
usage_report: { reporting_enabled: false }
${more}`,
    );
    const url = `http://127.0.0.1:${http}`;
    const process = await ServerProcess.start(
      program,
      [`-config.file=${config}`, '-target=all'],
      { cwd: folder },
      async () => (await fetch(`${url}/ready`)).ok,
    );
    return new RealTempo(url, `http://127.0.0.1:${otlp}`, folder, process);
  }

  async close(): Promise<void> {
    await this.#process.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
