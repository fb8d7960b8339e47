// What a program that attached otelduck is told of its servers, in the moment in which it happens.

import type { Server } from 'node:net';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { otlp } from '../../src/otlp.js';
import { eventually } from '../support/eventually.js';
import { serve } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

test('failing commits are told once, and once when they succeed again', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  const { database, uri } = server;
  await database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  await server.post(logsRequest(2));
  const { error } = await server.flush();
  await server.flush();
  const failing = { level: 'error', event: 'commits_failing', fields: { listen_uri: uri, buffered_rows: 2, error } };
  expect(database.events).toEqual([failing]);

  await database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
  await server.flush();
  await server.post(logsRequest(1));
  await server.flush();
  const recovered = { level: 'info', event: 'commits_recovered', fields: { listen_uri: uri, buffered_rows: 0 } };
  const commits = [2, 1].map((rows) => ({
    level: 'debug',
    event: 'committed',
    fields: expect.objectContaining({ rows }),
  }));
  expect(database.events).toEqual([failing, commits[0], recovered, commits[1]]);
});

test('rows that a stop drops are told', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.database.rows('DROP TABLE otlp_logs');
  await server.post(logsRequest(3));
  const { error } = await server.flush();
  await server.stop();
  expect(server.database.events.at(-1)).toEqual({
    level: 'error',
    event: 'rows_dropped',
    fields: { listen_uri: server.uri, buffered_rows: 3, rows: 3, error },
  });
});

for (const transport of ['http', 'grpc'] as const) {
  test(`a socket that closes under a listener of ${transport} is told`, async () => {
    const server = await serve({ transport });
    socketAt(server.port).close();
    await eventually(() =>
      expect(server.database.events).toEqual([
        {
          level: 'error',
          event: 'listener_failed',
          fields: { listen_uri: server.uri, buffered_rows: 0, error: `the socket of ${server.uri} was closed` },
        },
      ]),
    );
  });
}

test('a log that throws fails no commit', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const warnings: string[] = [];
  const warn = (warning: Error) => warnings.push(warning.message);
  process.on('warning', warn);
  const otel = await otlp.attach(instance, {
    log: () => {
      throw new Error('no paper');
    },
  });
  onTestFinished(async () => {
    process.off('warning', warn);
    await otel.close();
    instance.closeSync();
  });
  const connection = await otel.connect();
  const served = await connection.runAndReadAll("FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true)");
  const { listen_uri: uri, listen_url: url } = served.getRowObjectsJson()[0]!;
  await connection.run('ALTER TABLE otlp_logs RENAME TO hidden');
  const headers = { 'content-type': 'application/x-protobuf' };
  const { status } = await fetch(`${url}/v1/logs`, { method: 'POST', headers, body: new Uint8Array(logsRequest(1)) });
  expect(status).toBe(202);
  await connection.run(`CALL otlp_flush('${uri}')`);
  await connection.run('ALTER TABLE hidden RENAME TO otlp_logs');
  await connection.run(`CALL otlp_flush('${uri}')`);
  expect((await connection.runAndReadAll('SELECT count(*)::INT FROM otlp_logs')).getRows()).toEqual([[1]]);
  expect(warnings).toContainEqual(expect.stringContaining('failed at commits_failing: no paper'));
  connection.closeSync();
});

function socketAt(port: number): Server {
  const handles = (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles();
  return handles.find((handle) => {
    const address = 'listening' in handle ? (handle as Server).address() : null;
    return typeof address === 'object' && address?.port === port;
  }) as Server;
}
