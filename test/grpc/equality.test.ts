// The same telemetry by every wire gives the same rows.

import { describe, expect, test } from 'vitest';
import type { Signal } from '../../src/schema/column-declaration.js';
import { tablesBySignal } from '../../src/schema/tables.js';
import { encodeJson } from '../oracle/encode-json.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { fixtureRequests } from '../oracle/fixture-requests.js';
import type { Message } from '../oracle/message.js';
import { readProtobuf } from '../oracle/protobuf-messages.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { type OtelDatabase, openDatabase } from '../support/otel-database.js';
import { pathOf } from '../support/telemetry.js';
import { exportPath, GrpcClient } from './grpc-client.js';
import { arrowPath, statusIn } from './otap-client.js';

/** Sends a request to a new server, whose tables are in a schema of that name. */
type Send = (database: OtelDatabase, schema: string, signal: Signal, request: Message) => Promise<void>;

const wires: Record<string, Send> = {
  http_protobuf: async (database, schema, signal, request) => {
    const server = await database.serve({ schema });
    const { status } = await server.post(encodeProtobuf(signal, request), { path: pathOf[signal] });
    expect(status).toBe(202);
    await server.stop();
  },
  http_json: async (database, schema, signal, request) => {
    const server = await database.serve({ schema });
    const { status } = await server.post(encodeJson(signal, request), {
      path: pathOf[signal],
      headers: { 'content-type': 'application/json' },
    });
    expect(status).toBe(202);
    await server.stop();
  },
  grpc: async (database, schema, signal, request) => {
    const server = await database.serve({ schema, transport: 'grpc' });
    const answer = await new GrpcClient(server.port).unary(exportPath[signal], encodeProtobuf(signal, request));
    expect(answer.code).toBe('OK');
    await server.stop();
  },
  otap: async (database, schema, signal, request) => {
    const server = await database.serve({ schema }, 'otap:127.0.0.1:0');
    const stream = new GrpcClient(server.port).stream(arrowPath[signal]);
    // Read back, a request has every field that senders may leave out.
    stream.send(new OtapEncoder(signal).encode(readProtobuf(signal, encodeProtobuf(signal, request))));
    expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
    await server.stop();
  },
};

describe.each(['logs', 'traces', 'metrics'] as const)('%s', (signal) => {
  test('are the same rows over OTLP/HTTP in protobuf and JSON, OTLP/gRPC and OTAP', async () => {
    const database = await openDatabase();
    for (const [schema, send] of Object.entries(wires)) {
      await database.rows(`CREATE SCHEMA ${schema}`);
      await send(database, schema, signal, fixtureRequests[signal]);
    }
    const [first, ...others] = Object.keys(wires);
    let rows = 0;
    for (const { name } of tablesBySignal[signal]) {
      rows += Number(await database.value(`SELECT count(*) FROM ${first}.${name}`));
      for (const other of others) {
        for (const [one, two] of [
          [first, other],
          [other, first],
        ]) {
          const different = await database.rows(`FROM ${one}.${name} EXCEPT ALL FROM ${two}.${name}`);
          expect({ table: name, one, two, different }).toEqual({ table: name, one, two, different: [] });
        }
      }
    }
    expect(rows).toBeGreaterThan(0);
  });
});
