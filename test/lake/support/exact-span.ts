// A span whose nanoseconds, order of times and schema URLs only `fidelity := 'exact'` keeps, asked for in SQL and by its id.

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { OtelDatabase, OtelServer } from '../../support/otel-database.js';
import { pathOf } from '../../support/telemetry.js';

export async function expectExactSpan(
  database: OtelDatabase,
  server: OtelServer,
  { catalog, schema }: { readonly catalog: string; readonly schema: string },
): Promise<void> {
  const body = readFileSync('test/data/exact/trace.json');
  const headers = { 'content-type': 'application/json' };
  expect((await server.post(body, { path: pathOf.traces, headers })).status).toBe(202);
  const [queried] = await database.rows(
    `FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true, apis := 'tempo', catalog := '${catalog}', schema := '${schema}')`,
  );
  const traceId = await database.value(
    `SELECT trace_id FROM otlp_live_traces(catalog := '${catalog}', schema := '${schema}') WHERE name = 'exact'`,
  );
  const ask = async () => (await fetch(`${String(queried!['listen_url'])}/api/v2/traces/${String(traceId)}`)).json();
  const waiting = await ask();
  expect(JSON.stringify(waiting)).toContain('https://example.com/r');
  expect(await server.flush()).toMatchObject({ error: null });
  expect(
    await database.rows(
      `SELECT start_time_unix_nano_rest AS rest, end_before_start_nano::INTEGER AS before, resource_schema_url AS resource, scope_schema_url AS scope
       FROM ${catalog}.${schema}.otlp_traces WHERE name = 'exact'`,
    ),
  ).toEqual([{ rest: 789, before: 9, resource: 'https://example.com/r', scope: 'https://example.com/s' }]);
  expect(await ask()).toEqual(waiting);
}
