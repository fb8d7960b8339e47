// `otelduck mcp`: an agent that starts the program, and talks to it by standard input and output.

import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, onTestFinished, test } from 'vitest';
import { OtelDatabase } from '../support/otel-database.js';
import { logsRequest, pathOf } from '../support/telemetry.js';
import { command, folder, run } from './command.js';

async function agentOf(args: readonly string[], env: Record<string, string> = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [command, 'mcp', ...args],
    env: { PATH: process.env['PATH']!, ...env },
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

test('a database is read, and SQL is offered where it was asked for', async () => {
  const path = join(folder, 'agent.duckdb');
  const database = await OtelDatabase.open(path);
  const server = await database.serve({ disable_auth: true });
  await server.post(logsRequest(3), { path: pathOf.logs, headers: { 'content-type': 'application/x-protobuf' } });
  await database.close();
  const agent = await agentOf([path, '--sql']);
  const { content } = await agent.callTool({ name: 'query_sql', arguments: { sql: 'SELECT count(*) FROM otlp_logs' } });
  expect((content as { text: string }[])[1]!.text).toContain('[["3"]]');
  await expect(agent.callTool({ name: 'nothing', arguments: {} })).rejects.toMatchObject({ code: -32602 });
});

test('a running server is asked, with its token', async () => {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  const [row] = await database.rows(
    "FROM otlp_query_serve('query:127.0.0.1:0', read_token := 'a-token-that-reads', apis := 'mcp')",
  );
  const url = String(row!['listen_url']);
  const agent = await agentOf([url], { OTELDUCK_QUERY_READ_TOKEN: 'a-token-that-reads' });
  expect((await agent.listTools()).tools.map(({ name }) => name)).toContain('root_cause_analysis');
  const { stderr, exitCode } = await run(['mcp', url], { program: command });
  expect(stderr).toMatch(/^otelduck: http.* answered 401: .*missing or invalid token/);
  expect(exitCode).toBe(1);
});

test('what is no database is said', async () => {
  const { stderr, exitCode } = await run(['mcp', join(folder, 'nowhere.duckdb')], { program: command });
  expect(stderr).toMatch(/^otelduck: cannot open database /);
  expect(exitCode).toBe(1);
});
