import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { jsonOf } from '../support/http-client.js';
import { serve } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

/** Long enough that no seal but a flush falls into a test. */
const NEVER_MS = 3_600_000;

describe('max_buffered_bytes', () => {
  const body = logsRequest(10);

  test('refuses what does not fit, keeps what it took, and has room again after a flush', async () => {
    const server = await serve({ max_buffered_bytes: 3 * body.length, seal_max_age_ms: NEVER_MS });
    const answers = await Promise.all(Array.from({ length: 12 }, () => server.post(body)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([202, 202, 202, ...Array<number>(9).fill(503)]);
    for (const refused of answers.filter(({ status }) => status === 503)) {
      expect(jsonOf(refused)).toEqual({ error: 'overloaded', message: expect.stringContaining('max_buffered_bytes') });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(await server.counters('admitted_bytes', 'buffered_rows', 'total_rows', 'total_requests')).toEqual({
      admitted_bytes: String(3 * body.length),
      buffered_rows: '30',
      total_rows: '30',
      total_requests: '12',
    });

    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '30' });
    expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '0' });
    expect((await server.post(body)).status).toBe(202);
    await server.flush();
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('40');
  });

  test('takes exactly as much as it says', async () => {
    const server = await serve({ max_buffered_bytes: body.length, seal_max_age_ms: NEVER_MS });
    expect((await server.post(body)).status).toBe(202);
    expect((await server.post('')).status).toBe(202);
    expect((await server.post(logsRequest(1))).status).toBe(503);
  });

  test('counts chunks as they come', async () => {
    const server = await serve({ max_buffered_bytes: body.length, seal_max_age_ms: NEVER_MS });
    expect((await server.post([body, body])).status).toBe(503);
    expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '0' });
    expect((await server.post([body])).status).toBe(202);
  });

  test('counts a request no longer once it was found to be bad', async () => {
    const server = await serve({ max_buffered_bytes: 1000, seal_max_age_ms: NEVER_MS });
    for (let i = 0; i < 5; i++) expect((await server.post(Buffer.alloc(900, 0xff))).status).toBe(400);
    expect((await server.post(logsRequest(1))).status).toBe(202);
  });
});

describe('max_decoded_bytes', () => {
  test('refuses when rows take too much memory, loses none, and has room again after a flush', async () => {
    const server = await serve({ max_decoded_bytes: 200_000, seal_max_age_ms: NEVER_MS });
    // Half of the limit requests a seal; without a table to seal into, rows wait.
    await server.database.rows('DROP TABLE otlp_logs');
    const body = logsRequest(500);
    let taken = 0;
    const refused = await eventually(async () => {
      const answer = await server.post(body);
      if (answer.status === 202) taken += 500;
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(jsonOf(refused)['message']).toContain('max_decoded_bytes');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(taken).toBeGreaterThan(0);
    expect(Number((await server.status())!['buffered_bytes'])).toBeGreaterThanOrEqual(200_000);

    await server.database.serve({}); // makes the table again
    expect(await server.flush()).toMatchObject({ status: 'sealed' });
    expect((await server.post(body)).status).toBe(202);
    await server.flush();
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe(String(taken + 500));
  });

  // Requests once passed before their bodies were read, and all of them took what they liked once they were decoded.
  test('refuses those that found room when they came and find none when they are decoded', async () => {
    const server = await serve({ max_decoded_bytes: 200_000, seal_max_age_ms: NEVER_MS, http_threads: 1 });
    await server.database.rows('DROP TABLE otlp_logs');
    const body = logsRequest(5000);
    const answers = await Promise.all(Array.from({ length: 12 }, () => server.post(body)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([202, ...Array<number>(11).fill(503)]);
    expect(await server.counters('buffered_rows', 'admitted_bytes')).toEqual({
      buffered_rows: '5000',
      admitted_bytes: String(body.length),
    });
  });

  test('half of it requests a seal', async () => {
    const server = await serve({ max_decoded_bytes: 200_000, seal_max_age_ms: NEVER_MS });
    await eventually(async () => {
      expect((await server.post(logsRequest(200))).status).toBe(202);
      expect((await server.status())!['seals_total']).toBe('1');
    });
  });
});
