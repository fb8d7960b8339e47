// Every setting of DuckDB and its extensions, and every field of their secrets, by DuckDB's own word.

import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { redacted } from '../../src/base/redaction.js';
import { extensionSettings } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';

const VALUE = 'Zq8vT3xK';
/** Names that speak of secrets and hold none: switches, folders, functions, names of secrets. A new one has to be judged here. */
const HARMLESS = new Set([
  'allow_persistent_secrets',
  'allow_unredacted_secrets',
  'default_secret_storage',
  'deprecated_using_key_syntax',
  'httpfs_enable_credential_refresh',
  'iceberg_test_force_token_expiry',
  'merge_http_secret_into_s3_request',
  'oauth2_grant_type',
  'passfile',
  'quack_authentication_function',
  'quack_authorization_function',
  'rds_template_secret_name',
  'require_auth',
  'secret_directory',
  'sslkey',
  'sslkeylogfile',
  'web_identity_token_file',
]);
/** Fields that extensions know: DuckDB lists the types of secrets, not their fields, so each type is asked for each of these. */
const FIELDS =
  `access_key_id account_id aws_rds_secret bearer_token client_id client_secret connection_string credentials
  encryption_key extra_http_headers http_proxy_password http_proxy_username key_id kms_key_id oauth2_grant_type oauth_client_id
  oauth_client_secret passfile password rds_template_secret_name refresh_token require_auth scram_client_key scram_server_key
  secret secret_access_key session_token sslkey sslkeylogfile sslpassword token web_identity_token_file`.split(/\s+/);

const isTold = (name: string) =>
  [
    `SET ${name} = '${VALUE}'`,
    `${name} := '${VALUE}'`,
    `(${name.toUpperCase()} '${VALUE}')`,
    `x=1;${name}=${VALUE}`,
  ].some((text) => redacted(text).includes(VALUE));

lakeSuite('names of secrets', ['extensions'], () => {
  test('none of them is told', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const texts = async (sql: string) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(String));
    for (const sql of extensionSettings()) await connection.run(sql);
    for (const name of ['aws', 'ducklake', 'iceberg', 'postgres_scanner', 'quack'])
      await connection.run(`LOAD ${name}`);

    const settings = (await texts('SELECT name FROM duckdb_settings()')).flat();
    const known = new Set<string>();
    const hiddenByDuckDB = new Set<string>();
    for (const [type] of await texts('SELECT type FROM duckdb_secret_types()')) {
      for (const field of FIELDS) {
        try {
          await connection.run(`CREATE OR REPLACE SECRET probe (TYPE ${type}, ${field} '${VALUE}')`);
        } catch (error) {
          if (!/Unknown parameter/.test((error as Error).message)) known.add(field);
          continue;
        }
        known.add(field);
        const [[text]] = (await texts("SELECT secret_string FROM duckdb_secrets() WHERE name = 'probe'")) as [[string]];
        if (!text.includes(VALUE)) hiddenByDuckDB.add(field);
        await connection.run('DROP SECRET probe');
      }
    }
    connection.closeSync();
    instance.closeSync();

    expect(known.size).toBeGreaterThan(15);
    expect([...hiddenByDuckDB].filter(isTold)).toEqual([]);
    const speaking = [...settings, ...known].filter((name) => /secret|token|key|pass|cred|auth/.test(name));
    expect(speaking).toContain('s3_secret_access_key');
    expect(speaking.filter((name) => isTold(name) && !HARMLESS.has(name))).toEqual([]);
  });
});
