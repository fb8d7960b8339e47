// Certificates as an operator's authority would give them out, made for one test.

import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const crypto = webcrypto as typeof globalThis.crypto;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;
let serial = 1;

/** A certificate and its private key, in PEM. */
export interface IssuedPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Gives out certificates for servers and clients on this machine. */
export class TestAuthority {
  /** What those who trust it are given, in PEM. */
  readonly cert: string;
  readonly #name: string;
  readonly #keys: CryptoKeyPair;

  private constructor(name: string, keys: CryptoKeyPair, cert: string) {
    this.#name = name;
    this.#keys = keys;
    this.cert = cert;
  }

  static async make(name = 'CN=authority'): Promise<TestAuthority> {
    const keys = await newKeys();
    const cert = await x509.X509CertificateGenerator.createSelfSigned(
      {
        ...validity({}),
        serialNumber: nextSerial(),
        name,
        signingAlgorithm: ALGORITHM,
        keys,
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
      },
      crypto,
    );
    return new TestAuthority(name, keys, cert.toString('pem'));
  }

  async issue(commonName: string, options: CertificateOptions = {}): Promise<IssuedPair> {
    const keys = await newKeys();
    const cert = await x509.X509CertificateGenerator.create(
      {
        ...validity(options),
        serialNumber: nextSerial(),
        subject: `CN=${commonName}`,
        issuer: this.#name,
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            { type: 'dns', value: 'localhost' },
            { type: 'ip', value: '127.0.0.1' },
          ]),
        ],
      },
      crypto,
    );
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return {
      cert: cert.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`,
    };
  }
}

type CryptoKeyPair = Awaited<ReturnType<typeof newKeys>>;

function newKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity({ notBefore, notAfter }: CertificateOptions) {
  return {
    notBefore: notBefore ?? new Date(Date.now() - HOUR_MS),
    notAfter: notAfter ?? new Date(Date.now() + HOUR_MS),
  };
}

function nextSerial(): string {
  return (serial++).toString(16).padStart(4, '0');
}
