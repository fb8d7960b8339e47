// Options → what a listener proves itself with.

import { SqlError } from '../base/sql-error.js';
import { speaksTls, type TlsOptions } from '../schema/tls-options.js';
import type { CertificateFiles } from '../server/tls/certificate-files.js';
import { TlsIdentity } from '../server/tls/tls-identity.js';

/**
 * Undefined where connections are not encrypted. Rejects where the files are of no use. A certificate of the server's own is kept
 * beside the database file, if there is one.
 */
export async function openTls(
  options: TlsOptions,
  databaseFile: () => Promise<string | undefined>,
): Promise<TlsIdentity | undefined> {
  if (!speaksTls(options)) return undefined;
  return TlsIdentity.open({
    files: await filesOf(options, databaseFile),
    minVersion: `TLSv${options.tls_min_version}`,
    reloadIntervalMs: options.tls_reload_interval_ms,
  });
}

async function filesOf(
  { tls_cert_file, tls_key_file, tls_client_ca_file, tls_cache_path }: TlsOptions,
  databaseFile: () => Promise<string | undefined>,
): Promise<CertificateFiles> {
  if (tls_cert_file !== null && tls_key_file !== null) return { tls_cert_file, tls_key_file, tls_client_ca_file };
  const { selfSignedFiles } = await import('../server/tls/self-signed.js');
  const made = await selfSignedFiles(tls_cache_path ?? (await defaultFolder(databaseFile)), Date.now());
  return { ...made, tls_client_ca_file };
}

async function defaultFolder(databaseFile: () => Promise<string | undefined>): Promise<string> {
  const path = await databaseFile();
  if (path !== undefined) return `${path}.tls`;
  throw new SqlError(
    'OTLP_ARGUMENT_CONFLICT',
    'tls_self_signed needs a tls_cache_path: only beside a database file is there a default',
  );
}
