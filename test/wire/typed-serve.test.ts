// serve() of the library: SQL's options with types, SQL's rows as objects, SQL's errors.

import { expect, expectTypeOf, test } from 'vitest';
import { send } from '../support/http-client.js';
import { openDatabase, TOKEN } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}` };

test('a server is the row of otlp_serve, flushes and stops', async () => {
  const { otel, connection, rows, value } = await attached();
  await connection.run('CREATE SCHEMA telemetry');
  const server = await otel.serve({
    uri: 'otlp:127.0.0.1:0',
    token: TOKEN,
    catalog: 'memory',
    schema: 'telemetry',
    seal_max_age_ms: 3_600_000,
    durability: 'memory',
    create_tables: true,
    promote_resource_attributes: undefined,
  });
  expectTypeOf(server.listen_url).toBeString();
  expect(server).toMatchObject({ auth_token: TOKEN, schema_name: 'telemetry', logs_table: 'otlp_logs' });
  const [listed] = await rows('SELECT listen_uri, listen_url, seal_max_age_ms FROM otlp_server_list()');
  expect(listed).toEqual({
    listen_uri: server.listen_uri,
    listen_url: server.listen_url,
    seal_max_age_ms: '3600000',
  });

  const port = Number(new URL(server.listen_url).port);
  expect((await send({ port, path: '/v1/logs', headers, body: logsRequest(3) })).status).toBe(202);
  const flushed = await server.flush();
  expectTypeOf(flushed.sealed_rows).toBeNumber();
  expectTypeOf(flushed.error).toEqualTypeOf<string | null>();
  expect(flushed).toEqual({ status: 'sealed', sealed_rows: 3, seals_total: 1, error: null });
  expect(await value('SELECT count(*) FROM telemetry.otlp_logs')).toBe('3');

  const gone = `No server found listening on ${server.listen_uri}`;
  expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.listen_uri}`, dropped_rows: 0 });
  expect(await server.stop()).toEqual({ status: gone, dropped_rows: 0 });
  expect(await server.flush()).toMatchObject({ status: gone, sealed_rows: 0 });
});

test('the scheme of the URI chooses the function', async () => {
  const { otel } = await attached();
  const server = await otel.serve({ uri: 'otap:127.0.0.1:0', disable_auth: true });
  expect(server.listen_uri).toMatch(/^otap:127\.0\.0\.1:\d+$/);
});

test('errors are those of SQL', async () => {
  const { otel, rows } = await attached();
  for (const [options, sql] of [
    [{ uri: 'otlp:127.0.0.1:0', token: 'short' }, "FROM otlp_serve('otlp:127.0.0.1:0', token := 'short')"],
    [{ uri: 'http://localhost' }, "FROM otlp_serve('http://localhost')"],
    [{ uri: 'otlp:127.0.0.1:0', seal_max_age_ms: 0 }, "FROM otlp_serve('otlp:127.0.0.1:0', seal_max_age_ms := 0)"],
    [{ catalog: "l'ake" }, "FROM otlp_serve(catalog := 'l''ake')"],
  ] as const) {
    const message = await rows(sql).catch((error: Error) => error.message);
    await expect(otel.serve(options)).rejects.toThrow(message as string);
  }
  // @ts-expect-error TypeScript finds what is misspelt; a program without types gets the error of SQL.
  await expect(otel.serve({ tokken: TOKEN })).rejects.toThrow(
    'Invalid named parameter "tokken" for function otlp_serve',
  );
  // @ts-expect-error A word is one of those that the option has.
  await expect(otel.serve({ durability: 'disk' })).rejects.toThrow(
    "durability must be 'memory' or 'journal', got 'disk'",
  );
  await otel.close();
  await expect(otel.serve()).rejects.toThrow('otelduck has been closed on this DuckDB instance [OTLP_CLOSED]');
});

// It once told of the last commit's rows only, as if those before had not been committed.
test('close tells all rows that each server committed', async () => {
  const { otel } = await attached();
  const server = await otel.serve({ uri: 'otlp:127.0.0.1:0', token: TOKEN, seal_max_age_ms: 3_600_000 });
  const port = Number(new URL(server.listen_url).port);
  for (const rows of [3, 2]) {
    await send({ port, path: '/v1/logs', headers, body: logsRequest(rows) });
    if (rows === 3) await server.flush();
  }
  expect(await otel.close()).toEqual([{ name: server.listen_uri, committedRows: 5, droppedRows: 0 }]);
});

async function attached() {
  const database = await openDatabase();
  return {
    otel: database.otel,
    connection: database.connection,
    rows: (sql: string) => database.rows(sql),
    value: (sql: string) => database.value(sql),
  };
}
