// How listeners of any kind are told to speak TLS.

import { SqlError } from '../base/sql-error.js';
import { flag, notEmpty, type OptionValues, optionalText, positiveInteger, word } from './option-declaration.js';

export const tlsOptions = {
  tls_cert_file: optionalText({
    defaultText: 'none',
    doc: "File in PEM with the server's certificate and those that lead from it to one that clients know. All listeners then speak TLS alone.",
    check: notEmpty,
  }),
  tls_key_file: optionalText({
    defaultText: 'none',
    doc: "File in PEM with the certificate's private key, without a passphrase.",
    check: notEmpty,
  }),
  tls_self_signed: flag({
    default: false,
    doc: 'Speak TLS with a certificate that is made once and kept in `tls_cache_path`: for machines of one team, which are given it.',
  }),
  tls_cache_path: optionalText({
    defaultText: '`<database>.tls`',
    doc: 'Folder of the certificate that `tls_self_signed` makes.',
    check: notEmpty,
  }),
  tls_client_ca_file: optionalText({
    defaultText: 'none',
    doc: 'File in PEM with certificates that those of clients must come from. Clients without one are then cut off (mTLS).',
    check: notEmpty,
  }),
  tls_min_version: word({
    words: ['1.2', '1.3'],
    default: '1.2',
    defaultText: '`1.2`',
    doc: 'Oldest version of TLS that clients may speak.',
  }),
  tls_reload_interval_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 10_000,
    doc: 'How often the files are looked at. New ones are used by new connections; a pair that does not fit is not, and the old one stays.',
  }),
};

export type TlsOptions = OptionValues<typeof tlsOptions>;

/** Whether connections are encrypted. */
export function speaksTls({ tls_cert_file, tls_self_signed }: TlsOptions): boolean {
  return tls_cert_file !== null || tls_self_signed;
}

/** Throws where one option needs another, or excludes it. */
export function checkTls(options: TlsOptions): void {
  const { tls_cert_file: cert, tls_key_file: key, tls_self_signed: selfSigned } = options;
  if ((cert === null) !== (key === null)) {
    const [given, missing] = cert === null ? ['tls_key_file', 'tls_cert_file'] : ['tls_cert_file', 'tls_key_file'];
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', `${given} needs ${missing}, which is not given`);
  }
  if (selfSigned && cert !== null) {
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', 'tls_self_signed cannot be combined with tls_cert_file');
  }
  if (options.tls_client_ca_file !== null && !speaksTls(options)) {
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', 'tls_client_ca_file needs tls_cert_file or tls_self_signed');
  }
}
