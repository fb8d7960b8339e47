// Pages from other origins: what a browser asks before it sends, and what it needs to let a page read an answer.
// https://fetch.spec.whatwg.org/#http-cors-protocol

import { expect, test } from 'vitest';
import { serve } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const ORIGIN = 'https://shop.example';
const ASKED = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,content-type',
};

test('a preflight of an allowed origin is answered without a token, and what follows can be read', async () => {
  const server = await serve({ cors_allowed_origins: `https://other.example, ${ORIGIN}:443` });
  const preflight = await server.get('/v1/logs', { method: 'OPTIONS', headers: { origin: ORIGIN, ...ASKED } });
  expect(preflight.status).toBe(200);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST',
    'access-control-max-age': '7200',
    vary: 'Origin',
  });
  const allowed = String(preflight.headers['access-control-allow-headers']).split(', ');
  expect(allowed).toEqual(expect.arrayContaining(['authorization', 'x-api-key', 'content-type', 'content-encoding']));

  const sent = await server.post(logsRequest(2), { headers: { origin: ORIGIN } });
  expect(sent.status).toBe(202);
  expect(sent.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
  expect(await server.counters('total_rows')).toEqual({ total_rows: '2' });
});

test('errors can be read by the page too', async () => {
  const server = await serve({ cors_allowed_origins: ORIGIN });
  const origin = { origin: ORIGIN };
  const answers = await Promise.all([
    server.post(logsRequest(1), { headers: { ...origin, authorization: 'Bearer wrong' } }),
    server.post('no protobuf', { headers: origin }),
    server.post(logsRequest(1), { headers: { ...origin, 'content-type': 'text/plain' } }),
    server.get('/v1/nothing', { headers: origin }),
    server.get('/v1/logs', { headers: origin }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 400, 415, 404, 405]);
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-expose-headers': 'retry-after, www-authenticate',
    });
  }
});

test('an origin that is not listed gets what it gets without CORS', async () => {
  const server = await serve({ cors_allowed_origins: ORIGIN });
  for (const origin of ['https://shop.example.evil', 'http://shop.example', 'https://shop.example:8443', 'null']) {
    const preflight = await server.get('/v1/logs', { method: 'OPTIONS', headers: { origin, ...ASKED } });
    expect(preflight.status).toBe(405);
    expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
    // A cache must not give this answer to a page that is listed.
    expect(preflight.headers['vary']).toBe('Origin');
  }
  const withoutOrigin = await server.get('/healthz');
  expect(withoutOrigin.status).toBe(200);
  expect(withoutOrigin.headers['vary']).toBe('Origin');
});

test('a star allows every origin, without credentials', async () => {
  const server = await serve({ cors_allowed_origins: '*' });
  for (const origin of ['https://anywhere.example', 'null']) {
    const preflight = await server.get('/v1/traces/', { method: 'OPTIONS', headers: { origin, ...ASKED } });
    expect(preflight.status).toBe(200);
    expect(preflight.headers['access-control-allow-origin']).toBe('*');
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(preflight.headers).not.toHaveProperty('vary');
  }
});

test('OPTIONS that is no preflight, and a preflight of a path that is not there, are answered by the routes', async () => {
  const server = await serve({ cors_allowed_origins: ORIGIN });
  const headers = { origin: ORIGIN };
  expect((await server.get('/v1/logs', { method: 'OPTIONS', headers })).status).toBe(405);
  expect((await server.get('/v1/nothing', { method: 'OPTIONS', headers: { ...headers, ...ASKED } })).status).toBe(404);
  const readiness = { ...headers, 'access-control-request-method': 'GET' };
  const preflight = await server.get('/readyz', { method: 'OPTIONS', headers: readiness });
  expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([200, 'GET, HEAD']);
});

test('without the option no origin is allowed', async () => {
  const server = await serve();
  const preflight = await server.get('/v1/logs', { method: 'OPTIONS', headers: { origin: ORIGIN, ...ASKED } });
  expect(preflight.status).toBe(405);
  const sent = await server.post(logsRequest(1), { headers: { origin: ORIGIN } });
  for (const { headers } of [preflight, sent]) {
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control') || name === 'vary')).toEqual([]);
  }
});
