// Options → what a server proves itself with.

import { SqlError } from '../base/sql-error.js';
import type { Database } from '../duckdb/database.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { CertificateFiles } from '../server/tls/certificate-files.js';
import { TlsIdentity } from '../server/tls/tls-identity.js';
import { databaseFile } from './database-file.js';
import type { ServeRequest } from './serve-request.js';

type TlsChoice = Pick<ServeOptions, 'tls_cert_file' | 'tls_self_signed'>;

/** Whether connections are encrypted. */
export function speaksTls({ tls_cert_file, tls_self_signed }: TlsChoice): boolean {
  return tls_cert_file !== null || tls_self_signed;
}

/** Undefined where connections are not encrypted. Rejects where the files are of no use. */
export async function openTls(database: Database, request: ServeRequest): Promise<TlsIdentity | undefined> {
  const { options } = request;
  if (!speaksTls(options)) return undefined;
  return TlsIdentity.open({
    files: await filesOf(database, request),
    minVersion: `TLSv${options.tls_min_version}`,
    reloadIntervalMs: options.tls_reload_interval_ms,
  });
}

async function filesOf(database: Database, request: ServeRequest): Promise<CertificateFiles> {
  const { tls_cert_file, tls_key_file, tls_client_ca_file } = request.options;
  if (tls_cert_file !== null && tls_key_file !== null) return { tls_cert_file, tls_key_file, tls_client_ca_file };
  const { selfSignedFiles } = await import('../server/tls/self-signed.js');
  const made = await selfSignedFiles(await cacheFolder(database, request), Date.now());
  return { ...made, tls_client_ca_file };
}

async function cacheFolder(database: Database, request: ServeRequest): Promise<string> {
  const folder = request.options.tls_cache_path;
  if (folder !== null) return folder;
  const path = await databaseFile(database, request);
  if (path !== undefined) return `${path}.tls`;
  throw new SqlError(
    'OTLP_ARGUMENT_CONFLICT',
    'tls_self_signed needs a tls_cache_path: only beside a database file is there a default',
  );
}
