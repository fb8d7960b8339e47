import { describe, expect, test } from 'vitest';
import { mayHoldSecret, redacted } from '../../src/base/redaction.js';

const SECRET = 'Zq8vT3xK';

describe('what is secret does not leave', () => {
  for (const text of [
    `SET s3_secret_access_key = '${SECRET}'`,
    `SET http_proxy_password TO '${SECRET}'`,
    `SET GLOBAL pg_oauth_token=$$${SECRET}$$`,
    `CREATE SECRET (TYPE s3, KEY_ID ${SECRET}, SECRET ${SECRET})`,
    `(TYPE s3, SESSION_TOKEN e'${SECRET}' || '${SECRET}')`,
    `(TYPE http, EXTRA_HTTP_HEADERS MAP {'X-Any': '${SECRET}'})`,
    `s3_secret_access_key=${SECRET};x=1`,
    `https://a.blob.core.windows.net/x?sv=1&sig=${SECRET}&se=2`,
    `PRAGMA add_parquet_key('k', '${SECRET}')`,
    `DefaultEndpointsProtocol=https;AccountKey=${SECRET}==;x`,
    `{"bearer_token": "${SECRET}"}`,
    `MAP {'token': '${SECRET}'}`,
    `('token' => '${SECRET}')`,
    `Authorization: Basic ${SECRET}${SECRET}`,
    `postgres://me:${SECRET}@host/db`,
  ]) {
    test(text, () => {
      expect(redacted(text)).not.toContain(SECRET);
      expect(mayHoldSecret(text)).toBe(true);
    });
  }

  test('not from the middle of a long one that an error quotes in part', () => {
    const secret = Array.from({ length: 40 }, (_, i) => `part${i}`).join('-');
    const error = `Parser Error: wrong\nLINE 1: ...${secret.slice(50, 110)}...\n`;
    expect(redacted(error, `CALL otlp_serve(token := '${secret}')`)).toBe(
      'Parser Error: wrong\nLINE 1: ...[redacted]\n',
    );
  });
});

test('what only speaks of secrets stays', () => {
  for (const text of [
    'missing or invalid token: send Authorization: Bearer <token> or x-api-key',
    // Taken for a secret: what stood between the end of the word and the next quote.
    "tenants must be 'none' or 'header' or 'token', got 'both'",
    "tenants := 'token' needs a tenant_tokens_file",
    "SET secret_directory = '/kept'",
    "default_secret_storage = 'kept'",
    "Unknown parameter 'x' for secret type 's3' with provider 'config'",
    'more than 2,000 request headers (max 10)',
  ]) {
    expect(redacted(text)).toBe(text);
  }
});
