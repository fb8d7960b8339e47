// A program of yours, with OpenTelemetry ingest inside. Start it with UV_THREADPOOL_SIZE=32 in its environment: each
// running DuckDB query holds one thread of libuv's pool, and the default is 4.

import { DuckDBInstance } from '@duckdb/node-api';
import { otlp } from 'otelduck';

const instance = await DuckDBInstance.create(':memory:');
const otel = await otlp.attach(instance);

// Port 0 picks a free port. Any OpenTelemetry exporter can send to listen_url with this token.
const server = await otel.serve({ uri: 'otlp:localhost:0' });
const { listen_url, auth_token } = server;

const response = await fetch(`${listen_url}/v1/logs`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${auth_token}` },
  body: JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityText: 'INFO', body: { stringValue: 'hello' } }] }] }],
  }),
});
console.log(response.status, await response.text());

// Rows are committed every five seconds; a flush does not wait for that.
await server.flush();
const connection = await otel.connect(); // the functions of SQL are there, too: FROM otlp_services()
const logs = await connection.runAndReadAll('SELECT service_name, severity_text, body FROM otlp_logs');
console.log(logs.getRowObjectsJS());

connection.closeSync();
await otel.close(); // answers requests in flight, commits what is buffered, frees the port
instance.closeSync();
