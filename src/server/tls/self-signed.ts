// A certificate of our own, for where nobody has one: it encrypts, and proves nothing to who does not know it.

import { randomBytes, webcrypto } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../base/failure.js';
import { SqlError } from '../../base/sql-error.js';
import { type CertificateFiles, readCertificate } from './certificate-files.js';

const DAY_MS = 86_400_000;
const VALID_DAYS = 3650;
/** Clocks of clients may be behind. */
const EARLIER_MS = DAY_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * The certificate and key in `folder`, made there if there are none, or if they expire within a day. Clients that are given the
 * certificate as one to trust know the server by it, under the names and addresses of this machine.
 */
export async function selfSignedFiles(folder: string, nowMs: number): Promise<CertificateFiles> {
  const files = {
    tls_cert_file: join(folder, 'certificate.pem'),
    tls_key_file: join(folder, 'key.pem'),
    tls_client_ca_file: null,
  };
  const isUsable = await readCertificate(files, nowMs + DAY_MS).then(
    () => true,
    () => false,
  );
  if (isUsable) return files;
  try {
    const { certificate, key } = await newCertificate(nowMs);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Each appears whole. A pair of which only the key is new does not fit, and is made anew at the next start.
    await replaceFile(files.tls_key_file, key, 0o600);
    await replaceFile(files.tls_cert_file, certificate, 0o644);
    return files;
  } catch (error) {
    throw new SqlError('OTLP_TLS_INVALID', `a certificate cannot be made in '${folder}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function newCertificate(nowMs: number): Promise<{ certificate: string; key: string }> {
  // For this alone, and a dozen packages.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const crypto = webcrypto as typeof globalThis.crypto;
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: randomBytes(16)
        .toString('hex')
        .replace(/^[89a-f]/, '7'),
      name: `CN=${hostname()}`,
      notBefore: new Date(nowMs - EARLIER_MS),
      notAfter: new Date(nowMs + VALID_DAYS * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          ...[...new Set(['localhost', hostname().toLowerCase()])].map((value) => ({ type: 'dns' as const, value })),
          ...['127.0.0.1', '::1'].map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    },
    crypto,
  );
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { certificate: `${certificate.toString('pem')}\n`, key: pem('PRIVATE KEY', pkcs8) };
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, path);
}
