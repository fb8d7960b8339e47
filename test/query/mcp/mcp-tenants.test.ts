// With tenants, no tool says anything of another tenant.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { Shop } from '../../../src/demo/shop.js';
import { ShopTelemetry } from '../../../src/demo/shop-telemetry.js';
import { send } from '../../support/http-client.js';
import { QueryDatabase } from '../query-database.js';

const READ = 'a-token-that-reads';
const ADMIN = 'a-token-of-admins';

const calls: Readonly<Record<string, Record<string, unknown>>> = {
  get_services: {},
  get_anomaly_timeline: {},
  get_service_map: {},
  get_service_health: { service_name: 'payment' },
  root_cause_analysis: {},
  impact_analysis: { service: 'payment' },
  search_logs: { query: 'took OR failed' },
  query_promql: { query: '{__name__=~".+"}' },
  query_logql: { query: '{service_name=~".+"}' },
  query_traceql: { query: '{}' },
};

test('each tool sees the rows of its tenant, and none of another', async () => {
  const database = await QueryDatabase.open();
  onTestFinished(() => database.close());
  const portOf = async (call: string) => {
    const [row] = await database.rows(`SELECT listen_uri FROM ${call}`);
    return Number(/\d+$/.exec(String(row!['listen_uri']))![0]);
  };
  const ingest = await portOf(
    "otlp_serve('otlp:127.0.0.1:0', disable_auth := true, tenants := 'header', seal_max_age_ms := 3600000)",
  );
  const nowUs = Math.floor(Date.now() / 3000) * 3_000_000;
  const faultAt = (timeUs: number) => (timeUs >= nowUs - 600e6 ? ('error cascade' as const) : undefined);
  const sent = new ShopTelemetry(new Shop(3), nowUs - 7200e6, faultAt).until(nowUs);
  for (const [path, body] of Object.entries(sent)) {
    const headers = { 'content-type': 'application/json', 'x-tenant-id': 'acme' };
    expect((await send({ port: ingest, path, headers, body: JSON.stringify(body) })).status).toBe(202);
  }
  const port = await portOf(
    `otlp_query_serve('query:127.0.0.1:0', tenants := 'header', read_token := '${READ}', admin_token := '${ADMIN}', apis := 'mcp', mcp_sql := true)`,
  );
  const connect = async (tenant: string, token: string) => {
    const client = new Client({ name: 'test', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${token}`, 'x-tenant-id': tenant } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), { requestInit }));
    onTestFinished(() => client.close());
    return async (name: string, given: Record<string, unknown>) => {
      const { content, isError } = await client.callTool({ name, arguments: given });
      return { isError: isError ?? false, text: (content as { text: string }[]).at(-1)!.text };
    };
  };
  const [acme, globex] = [await connect('acme', READ), await connect('globex', READ)];
  for (const [name, given] of Object.entries(calls)) {
    // In this order, so that what was kept for one would be given to the other.
    const own = await acme(name, given);
    expect([name, own.isError, own.text]).toEqual([
      name,
      false,
      expect.stringMatching(/payment|checkout|gateway|rank/),
    ]);
    const other = await globex(name, given);
    expect([name, other.isError]).toEqual([name, false]);
    expect([name, other.text]).toEqual([name, expect.not.stringMatching(/checkout|gateway|node-|shop/)]);
  }
  const sql = { sql: 'SELECT count(*) FROM otlp_logs' };
  expect(await globex('query_sql', sql)).toMatchObject({ isError: true, text: expect.stringContaining('admin token') });
  const admin = await connect('globex', ADMIN);
  expect((await admin('query_sql', sql)).text).not.toContain('["0"]');
}, 60_000);
