import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { serve } from '../support/otel-database.js';

test('otlp_server_list() tells the longest block of the thread', async () => {
  const server = await serve();
  const columns = ['event_loop_delay_p99_ms', 'event_loop_delay_max_ms'];
  expect(Object.keys((await server.status())!)).toEqual(expect.arrayContaining(columns));
  const blockMs = 1500;
  const endMs = performance.now() + blockMs;
  while (performance.now() < endMs);
  await eventually(async () => {
    const { event_loop_delay_p99_ms: p99Ms, event_loop_delay_max_ms: maxMs } = await server.counters(...columns);
    expect(Number(maxMs)).toBeGreaterThan(blockMs - 50);
    expect(Number(p99Ms)).toBeLessThanOrEqual(Number(maxMs));
  });
});
