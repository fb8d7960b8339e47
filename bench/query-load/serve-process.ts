// `otelduck serve` with a database file, and its API of queries beside it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServedCommand } from '../served-command.js';

export type Durability = 'memory' | 'journal';

export interface ServeProcess {
  readonly pid: number;
  readonly ingestUrl: string;
  readonly queryUrl: string;
  /** Ends the process, and removes what it has written. */
  stop(): Promise<void>;
}

export async function serve(durability: Durability): Promise<ServeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-query-load-'));
  const server = await ServedCommand.start([
    ...[join(folder, 'bench.duckdb'), '--uri', 'otlp:127.0.0.1:0', '--disable-auth', '--durability', durability],
    ...(durability === 'journal' ? ['--journal-path', join(folder, 'journal')] : []),
    ...['--query-uri', 'query:127.0.0.1:0', '--query-disable-auth'],
  ]);
  const [ingestUrl, queryUrl] = server.urls;
  return {
    pid: server.pid,
    ingestUrl: ingestUrl!,
    queryUrl: queryUrl!,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
