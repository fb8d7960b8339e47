// Request headers → format and encoding of the body.

import { Failure } from '../base/failure.js';
import { type ContentEncoding, contentEncodings } from '../decode/compression/inflate.js';
import type { WireFormat } from '../decode/request-decoder.js';
import type { Signal } from '../schema/column-declaration.js';

export const signalByPath: ReadonlyMap<string, Signal> = new Map([
  ['/v1/logs', 'logs'],
  ['/v1/traces', 'traces'],
  ['/v1/metrics', 'metrics'],
]);

const formatByContentType: ReadonlyMap<string, WireFormat> = new Map([
  ['application/json', 'json'],
  ['application/otlp+json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['application/x-protobuf', 'protobuf'],
  ['application/protobuf', 'protobuf'],
  ['application/otlp', 'protobuf'],
]);

/** Format of a Content-Type. Parameters such as a charset are ignored. */
export function wireFormat(contentType: string | undefined): WireFormat {
  const mediaType = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  const format = formatByContentType.get(mediaType);
  if (format === undefined) {
    throw new Failure(
      'unsupported',
      `Content-Type must be ${listed(formatByContentType.keys())}, got ${mediaType || 'none'}`,
    );
  }
  return format;
}

export function contentEncoding(header: string | undefined): ContentEncoding {
  const name = (header ?? '').trim().toLowerCase() || 'identity';
  const encoding = contentEncodings.find((candidate) => candidate === name);
  if (encoding === undefined) {
    throw new Failure('unsupported', `Content-Encoding must be ${listed(contentEncodings)}, got ${name}`);
  }
  return encoding;
}

function listed(words: Iterable<string>): string {
  return [...words].join(', ');
}
