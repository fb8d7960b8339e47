// A Prometheus of its own: on a port and in a folder that nobody else has, ended and removed with close().

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../lake/support/free-ports.js';
import { ServerProcess } from '../../lake/support/server-process.js';

/** Everything of PromQL that is behind a flag, and exemplars. */
const FEATURES = [
  'exemplar-storage',
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
];

const CONFIG = `
global: { scrape_interval: 15s }
storage:
  tsdb: { out_of_order_time_window: 24h }
  exemplars: { max_exemplars: 1000000 }
`;

/** The revision that the program says that it was built of. */
export function prometheusRevision(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /revision: ([0-9a-f]{7})/.exec(text)?.[1] ?? 'of an unknown revision';
}

export class RealPrometheus {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ServerProcess;

  private constructor(url: string, folder: string, process: ServerProcess) {
    this.url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /** Starts the program that the environment names. */
  static async start(program: string, flags: readonly string[] = []): Promise<RealPrometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'otelduck-prometheus-'));
    const [port] = (await freePorts(1)) as [number];
    writeFileSync(join(folder, 'prometheus.yml'), CONFIG);
    const url = `http://127.0.0.1:${port}`;
    const process = await ServerProcess.start(
      program,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--storage.tsdb.retention.time=3650d',
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-otlp-receiver',
        `--enable-feature=${FEATURES.join()}`,
        '--log.level=warn',
        ...flags,
      ],
      { cwd: folder },
      async () => (await fetch(`${url}/-/ready`)).ok,
    );
    return new RealPrometheus(url, folder, process);
  }

  /** The process, for those who measure it. */
  get pid(): number {
    return this.#process.pid;
  }

  async close(): Promise<void> {
    await this.#process.end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
