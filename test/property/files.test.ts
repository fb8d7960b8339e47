// Random requests, written to files in every format and posted to a server in every format: what the file readers give
// and what the server stores is what the oracle reads.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Signal } from '../../src/schema/column-declaration.js';
import { GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, statusIn } from '../grpc/otap-client.js';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { asStored, readRelations, readTables, sorted } from '../oracle/database-rows.js';
import { encodeJson, encodeJsonOddly, encodeNdjson } from '../oracle/encode-json.js';
import { encodeProtobuf, encodeProtobufOddly } from '../oracle/encode-protobuf.js';
import type { Message } from '../oracle/message.js';
import { Random } from '../oracle/random.js';
import { emptyTables, type OracleTables, rowsOf } from '../oracle/rows.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { type OtelDatabase, openDatabase } from '../support/otel-database.js';
import { zstdFrame } from '../support/zstd-frame.js';
import { signals } from './agreement.js';
import { propertyRuns } from './property-runs.js';

/** Files of these names, each with one request in it. */
const fileFormats: Record<string, (signal: Signal, request: Message, random: Random) => Uint8Array> = {
  pb: (signal, request) => encodeProtobuf(signal, request),
  'odd.pb.gz': (signal, request, random) => gzipSync(encodeProtobufOddly(signal, request, random)),
  json: (signal, request) => encodeJson(signal, request),
  'odd.json.zst': (signal, request, random) => zstdFrame(encodeJsonOddly(signal, request, random)),
  otap: (signal, request) => new OtapEncoder(signal).encode(request),
};

describe.each(signals)('%s', (signal) => {
  test('in files and on the wire are the rows that the oracle reads', async () => {
    const { numRuns, seed = Date.now() % 0x7fff_ffff } = propertyRuns(15);
    const requests = fc.sample(arbitraryRequests[signal], { numRuns, seed });
    const expected = requestRows(signal, requests);
    const database = await openDatabase();

    const folder = temporaryFolder();
    const random = new Random(seed);
    for (const [extension, encode] of Object.entries(fileFormats)) {
      for (const [i, request] of requests.entries()) {
        writeFileSync(join(folder, `${i}.${extension}`), encode(signal, request, random));
      }
    }
    const lines = encodeNdjson(signal, requests);
    writeFileSync(join(folder, 'all.jsonl'), lines);
    writeFileSync(join(folder, 'all.lines.gz'), gzipSync(lines));
    for (const extension of ['jsonl', 'lines.gz', ...Object.keys(fileFormats)]) {
      const read = extension === 'otap' ? 'read_otap' : 'read_otlp';
      const format = extension === 'odd.pb.gz' ? ", format := 'protobuf'" : '';
      const relations = Object.fromEntries(
        Object.keys(expected).map((table) => [
          table,
          `${table.replace('otlp', read)}('${folder}/*[0-9l].${extension}'${format})`,
        ]),
      );
      expect(await readRelations(database.connection, relations), `seed ${seed}, ${extension}`).toEqual(
        sorted(expected),
      );
    }

    for (const [schema, send] of Object.entries(wires)) {
      await database.rows(`CREATE SCHEMA ${schema}; USE ${schema}`);
      await send(database, signal, requests);
      const stored = await readTables(database.connection, Object.keys(expected));
      expect(stored, `seed ${seed}, ${schema}`).toEqual(asStored(expected));
    }
  });
});

/** Sends requests to a new server for the schema in use. */
const wires: Record<string, (database: OtelDatabase, signal: Signal, requests: readonly Message[]) => Promise<void>> = {
  protobuf: (database, signal, requests) =>
    post(
      database,
      signal,
      'application/x-protobuf',
      requests.map((request) => encodeProtobuf(signal, request)),
    ),
  json: (database, signal, requests) =>
    post(
      database,
      signal,
      'application/json',
      requests.map((request) => encodeJson(signal, request)),
    ),
  otap: async (database, signal, requests) => {
    const server = await database.serve({}, 'otap:127.0.0.1:0');
    const stream = new GrpcClient(server.port).stream(arrowPath[signal]);
    const encoder = new OtapEncoder(signal);
    for (const request of requests) {
      stream.send(encoder.encode(request));
      expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
    }
    await server.stop();
  },
};

async function post(
  database: OtelDatabase,
  signal: Signal,
  type: string,
  bodies: readonly Uint8Array[],
): Promise<void> {
  const server = await database.serve();
  for (const body of bodies) {
    const response = await server.post(body, { path: `/v1/${signal}`, headers: { 'content-type': type } });
    expect(response.status, response.text).toBe(202);
  }
  await server.stop();
}

function requestRows(signal: Signal, requests: readonly Message[]): OracleTables {
  const tables = emptyTables(signal);
  for (const request of requests) {
    for (const [table, rows] of Object.entries(rowsOf(signal, request))) tables[table]!.push(...rows);
  }
  return tables;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
