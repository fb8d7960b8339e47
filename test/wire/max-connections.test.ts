// Connections beyond max_connections are closed, and counted.

import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { OtelDatabase, serve } from '../support/otel-database.js';
import { RawConnection } from '../support/raw-connection.js';

for (const transport of ['http', 'grpc']) {
  test(`${transport}: no more than max_connections are open, and one that closes makes room`, async () => {
    const server = await serve({ transport, max_connections: 2 });
    const first = await RawConnection.open(server.port);
    await RawConnection.open(server.port);
    for (let refused = 1; refused <= 2; refused++) {
      expect(await (await RawConnection.open(server.port)).ended()).toBe('');
      expect(await server.counters('connections', 'refused_connections_total')).toEqual({
        connections: '2',
        refused_connections_total: String(refused),
      });
    }
    first.reset();
    await eventually(async () => expect(await server.counters('connections')).toEqual({ connections: '1' }));
    await RawConnection.open(server.port);
    await eventually(async () => expect(await server.counters('connections')).toEqual({ connections: '2' }));
    expect(await server.counters('refused_connections_total')).toEqual({ refused_connections_total: '2' });
  });
}

test('the addresses of localhost share them', async ({ onTestFinished }) => {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  const server = await database.serve({ max_connections: 1 }, 'otlp:localhost:0');
  await RawConnection.open(server.port);
  const other = await server.get('/healthz', { host: '::1' }).catch(({ code }) => code);
  // Not every machine has ::1.
  expect(['ECONNRESET', 'EADDRNOTAVAIL']).toContain(other);
});
