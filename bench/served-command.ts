// `otelduck serve` and `otelduck load` as processes of their own, as users run them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface LoadReport {
  readonly accepted_records_per_second: number;
  readonly latency_ms: Readonly<Record<'p50' | 'p99' | 'max', number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly generator: { readonly bottleneck: string | null };
  readonly total: { readonly statuses: Readonly<Record<string, number>> };
}

export class ServedCommand {
  /** Of the listeners, in the order in which they came up. */
  readonly urls: readonly string[];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess, closed: Promise<unknown>, listening: readonly Record<string, string>[]) {
    this.#child = child;
    this.#closed = closed;
    this.urls = listening.map(({ listen_url: url }) => url!);
  }

  /** Starts a server with these arguments of the command. Resolves when it is ready. */
  static async start(args: readonly string[]): Promise<ServedCommand> {
    const child = spawn(process.execPath, ['bin/otelduck.cjs', 'serve', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const closed = once(child, 'close');
    const listening: Record<string, string>[] = [];
    for await (const line of createInterface({ input: child.stderr! })) {
      const told = JSON.parse(line) as Record<string, string>;
      if (told['event'] === 'failed') throw new Error(`the server did not start: ${told['error']}`);
      if (told['event'] === 'listening') listening.push(told);
      if (told['event'] === 'ready') break;
    }
    child.stderr!.resume();
    return new ServedCommand(child, closed, listening);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Largest resident memory since the start. Linux only. */
  get maxRssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#closed;
  }
}

/** Sends telemetry to a server, by these arguments of the command. */
export async function load(url: string, ...args: readonly string[]): Promise<LoadReport> {
  const child = spawn(process.execPath, ['bin/otelduck.cjs', 'load', '--url', url, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text) as LoadReport;
}

/** What senders noticed, in a line. */
export function acknowledgements({
  latency_ms: { p50, p99, max },
  accepted_records_per_second: rate,
}: LoadReport): string {
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms, ${Math.round(rate)} records/s`;
}
