// Files → what a TLS server proves itself with, checked: a pair that does not fit is refused here, and not by every client.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../../base/failure.js';
import { SqlError } from '../../base/sql-error.js';

/** Files in PEM, each named by the option that gave it. */
export interface CertificateFiles {
  /** The server's certificate, and those that lead from it to one that clients know. */
  readonly tls_cert_file: string;
  readonly tls_key_file: string;
  /** Certificates that those of clients must come from. Without it clients show none. */
  readonly tls_client_ca_file: string | null;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
  readonly subject: string;
  readonly notAfterMs: number;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads and checks all files. Throws naming the file at fault, by its option. */
export async function readCertificate(files: CertificateFiles, nowMs: number): Promise<Certificate> {
  const cert = await read('tls_cert_file', files.tls_cert_file);
  const key = await read('tls_key_file', files.tls_key_file);
  const [x509] = certificatesIn('tls_cert_file', files.tls_cert_file, cert);
  const privateKey = privateKeyIn(files.tls_key_file, key);
  if (!x509!.checkPrivateKey(privateKey)) {
    throw invalid(`tls_key_file '${files.tls_key_file}' is not the key of the certificate in '${files.tls_cert_file}'`);
  }
  checkTime(files.tls_cert_file, x509!, nowMs);
  let clientCa: Buffer | undefined;
  if (files.tls_client_ca_file !== null) {
    clientCa = await read('tls_client_ca_file', files.tls_client_ca_file);
    certificatesIn('tls_client_ca_file', files.tls_client_ca_file, clientCa);
  }
  return { cert, key, clientCa, subject: oneLine(x509!.subject), notAfterMs: Date.parse(x509!.validTo) };
}

/** A text that changes when one of the files does. A link that is made to point elsewhere counts, as Kubernetes does it. */
export async function stateOf(files: CertificateFiles): Promise<string> {
  const states = [files.tls_cert_file, files.tls_key_file, files.tls_client_ca_file].map(async (path) => {
    if (path === null) return '';
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(states)).join(', ');
}

async function read(option: keyof CertificateFiles, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw invalid(`${option} cannot be read: ${messageOf(error)}`, error);
  }
}

function certificatesIn(option: keyof CertificateFiles, path: string, pem: Buffer): readonly X509Certificate[] {
  const found = pem.toString('latin1').match(PEM_CERTIFICATE) ?? [];
  if (found.length === 0) throw invalid(`${option} must have a certificate in PEM, '${path}' has none`);
  try {
    return found.map((text) => new X509Certificate(text));
  } catch (error) {
    throw invalid(`${option} has a certificate that cannot be parsed: '${path}': ${messageOf(error)}`, error);
  }
}

function privateKeyIn(path: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // What OpenSSL says of a key tells nothing of it.
    throw invalid(`tls_key_file must have a private key in PEM without a passphrase, '${path}' has none`, error);
  }
}

function checkTime(path: string, { validFrom, validTo }: X509Certificate, nowMs: number): void {
  if (nowMs < Date.parse(validFrom)) throw invalid(`the certificate in '${path}' is not valid before ${validFrom}`);
  if (nowMs > Date.parse(validTo)) throw invalid(`the certificate in '${path}' has expired: ${validTo}`);
}

function oneLine(subject: string | undefined): string {
  return (subject ?? '').replaceAll('\n', ', ');
}

function invalid(text: string, cause?: unknown): SqlError {
  return new SqlError('OTLP_TLS_INVALID', text, { cause });
}
