// `otelduck serve` with a database file, its API of queries beside it, and `otelduck load` against it: each a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Durability = 'memory' | 'journal';

export interface LoadReport {
  readonly accepted_records_per_second: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latency_ms: Readonly<Record<'p50' | 'p99' | 'max', number>>;
  readonly generator: { readonly bottleneck: string | null };
}

export interface ServeProcess {
  readonly pid: number;
  readonly ingestUrl: string;
  readonly queryUrl: string;
  /** Ends the process, and removes what it has written. */
  stop(): Promise<void>;
}

export async function serve(durability: Durability): Promise<ServeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-query-load-'));
  const args = [
    'serve',
    join(folder, 'bench.duckdb'),
    '--uri',
    'otlp:127.0.0.1:0',
    '--disable-auth',
    '--durability',
    durability,
    ...(durability === 'journal' ? ['--journal-path', join(folder, 'journal')] : []),
  ];
  const queries = ['--query-uri', 'query:127.0.0.1:0', '--query-disable-auth'];
  const child: ChildProcess = spawn(process.execPath, ['bin/otelduck.cjs', ...args, ...queries], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = once(child, 'close').then(() => rmSync(folder, { recursive: true, force: true }));
  const urls: string[] = [];
  for await (const line of createInterface({ input: child.stderr! })) {
    const { event, listen_url: url, error } = JSON.parse(line) as Record<string, string>;
    if (event === 'failed') throw new Error(`the server did not start: ${error}`);
    if (event === 'listening') urls.push(url!);
    if (event === 'ready') break;
  }
  child.stderr!.resume();
  return {
    pid: child.pid!,
    ingestUrl: urls[0]!,
    queryUrl: urls[1]!,
    async stop() {
      child.kill('SIGTERM');
      await close;
    },
  };
}

/** Loads a server as the flags say, and resolves with what became of it. */
export async function load(url: string, ...flags: readonly string[]): Promise<LoadReport> {
  const child = spawn(process.execPath, ['bin/otelduck.cjs', 'load', '--url', url, ...flags, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text) as LoadReport;
}
