// How rows of metrics lie in a file. Queries depend on it: see docs/decisions/0025-series-ids.md.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../support/otel-database.js';
import { pathOf, spansRequest } from '../../support/telemetry.js';

function gauge(name: string, value: number): object {
  return { name, gauge: { dataPoints: [{ timeUnixNano: '1767268800000000000', asInt: String(value) }] } };
}

const headers = { 'content-type': 'application/json' };
const path = '/v1/metrics';

test('texts that repeat become dictionaries, and rows of one metric lie together', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-rows-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const database = await openDatabase();
  await database.connection.run(`ATTACH '${join(folder, 'metrics.duckdb')}' AS file (STORAGE_VERSION 'latest')`);
  const server = await database.serve({ catalog: 'file' });
  for (let request = 0; request < 40; request++) {
    const metrics = ['requests', 'memory', 'cpu'].map((name) => gauge(name, request));
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: `cart-${request % 4}` } }] };
    const body = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
    expect((await server.post(body, { path, headers })).status).toBe(202);
  }
  await server.post(spansRequest(1000), { path: pathOf.traces });
  await server.flush();
  await database.connection.run('CHECKPOINT file');
  // Once zstd was forced upon all texts: reading the names of a metric's series took fifty times as long, and eight times the room.
  const compressions = await database.rows(`SELECT DISTINCT column_name, compression
    FROM pragma_storage_info('file.main.otlp_metrics_gauge')
    WHERE segment_type = 'VARCHAR' AND column_name IN ('name', 'resource_attributes') ORDER BY 1`);
  for (const { compression } of compressions) expect(compression).not.toBe('ZSTD');
  expect(compressions).toHaveLength(2);
  // A trace by its id took five times as long, and so did anything by the names of spans.
  expect(
    await database.rows(`SELECT column_name, compression FROM pragma_storage_info('file.main.otlp_traces')
      WHERE segment_type = 'VARCHAR' AND column_name IN ('trace_id', 'name') AND compression = 'ZSTD'`),
  ).toEqual([]);
  const names = await database.value('SELECT list(name ORDER BY rowid)::VARCHAR FROM file.otlp_metrics_gauge');
  expect(names).toMatch(/^\[(cpu, ){40}(memory, ){40}(requests(, |\])){40}$/);
});
