// Streams that real exporters sent, sent once more to a server: each message is answered OK, and the tables hold what
// the reference consumer read.

import { describe, expect, onTestFinished, test } from 'vitest';
import { GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, serveOtap, statusIn } from '../grpc/otap-client.js';
import { prefixed, RawGrpcConnection } from '../grpc/raw-call.js';
import { asStored, readTables } from '../oracle/database-rows.js';
import type { OracleTables } from '../oracle/rows.js';
import { type CapturedStream, otapCapturesFolder, readCapturedStreams } from '../otap/captured-streams.js';
import type { OtelServer } from '../support/otel-database.js';
import { zstdFrame } from '../support/zstd-frame.js';

const streams = readCapturedStreams();

test.skipIf(streams !== undefined)(`recorded OTAP streams (no folder ${otapCapturesFolder})`, () => {});

describe.each(streams ?? [])('$name', (stream) => {
  test('is stored as the reference consumer read it', async () => {
    const server = await serveOtap({}, onTestFinished);
    const call = new GrpcClient(server.port).stream(arrowPath[stream.signal]);
    for (const message of stream.messages) call.send(message);
    call.end();
    for (const _ of stream.messages) expect(statusIn(await call.next())).toMatchObject({ statusCode: 'OK' });
    expect(await call.ended).toMatchObject({ code: 'OK' });
    await expectStored(server, stream);
  });

  test('is stored the same from messages compressed as an exporter compresses them by default', async () => {
    const server = await serveOtap({}, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    const call = connection.call(arrowPath[stream.signal], { 'grpc-encoding': 'zstdarrow5' });
    for (const message of stream.messages) call.write(prefixed(zstdFrame(message), 1));
    call.end();
    for (const _ of stream.messages) expect(statusIn(await call.next())).toMatchObject({ statusCode: 'OK' });
    await expectStored(server, stream);
  });
});

async function expectStored(server: OtelServer, stream: CapturedStream): Promise<void> {
  const expected: OracleTables = {};
  for (const tables of stream.tables()) {
    for (const [table, rows] of Object.entries(tables)) expected[table] = [...(expected[table] ?? []), ...rows];
  }
  const rows = Object.values(expected).flat().length;
  expect(rows).toBeGreaterThan(0);
  expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: String(rows) });
  expect(await readTables(server.database.connection, Object.keys(expected))).toEqual(asStored(expected));
}
