// `otelduck mcp`: tools for an agent on standard input and output, over a database or over a server that runs.

import { randomBytes } from 'node:crypto';
import { quotedString } from '../duckdb/sql-text.js';
import type { DuckDBPlugin } from '../plugin.js';
import type { McpInvocation } from './command-line.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';

export async function runAgents(
  { target, offersSql, memoryLimit }: McpInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
): Promise<number> {
  const { agents, queries } = host.service;
  const token = host.environment['OTELDUCK_QUERY_READ_TOKEN'];
  if (/^https?:\/\//.test(target)) {
    await agents!.serve({ url: target, token }, host.stdin, host.stdout);
    return 0;
  }
  const database = await HostDatabase.open({ path: target, isReadOnly: true, memoryLimit }, plugins);
  try {
    const own = randomBytes(16).toString('hex');
    const { listeners } = await queries!.start(await database.connect(), {
      uri: agents!.uri,
      arguments: { ...agents!.arguments(offersSql ? 'with SQL' : 'without SQL'), read_token: quotedString(own) },
    });
    await agents!.serve({ url: listeners[0]!.url, token: own }, host.stdin, host.stdout);
  } finally {
    await database.close();
  }
  return 0;
}
