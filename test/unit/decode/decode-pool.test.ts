import { expect, onTestFinished, test } from 'vitest';
import { DecodePool } from '../../../src/decode/decode-pool.js';
import type { EncodedRequest } from '../../../src/decode/request-decoder.js';
import { logsRequest } from '../../support/telemetry.js';

const workerUrl = new URL('./looping-worker.mjs', import.meta.url);
const MALFORMED = Buffer.from([0xff]);

test('a request that is never done with fails, and those behind it do not', async () => {
  const pool = new DecodePool({ maxBodyBytes: 1 << 20, fidelity: 'standard' }, 1, { timeoutMs: 2000, workerUrl });
  onTestFinished(() => pool.close());
  const looping = pool.decode(logs(MALFORMED), 'one sender');
  const next = pool.decode(logs(logsRequest(3)), 'another sender');
  await expect(looping).rejects.toMatchObject({
    kind: 'internal',
    message: 'the request was not decoded within 2000 ms',
  });
  expect((await next).rows).toBe(3);
  expect((await pool.decode(logs(logsRequest(4)), 'one sender')).rows).toBe(4);
});

test('closing does not wait for it', async () => {
  const pool = new DecodePool({ maxBodyBytes: 1 << 20, fidelity: 'standard' }, 1, { timeoutMs: 3_600_000, workerUrl });
  const looping = expect(pool.decode(logs(MALFORMED), 'one sender')).rejects.toMatchObject({ kind: 'stopping' });
  await pool.close();
  await looping;
});

function logs(body: Uint8Array): EncodedRequest {
  return { signal: 'logs', format: 'protobuf', encoding: 'identity', body };
}
