// Failures → gRPC status: code, message, and whether to retry.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

import protobuf from 'protobufjs';
import { Failure, failureKinds, messageOf } from '../../base/failure.js';

export const grpcCodes = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
  /** Pause after which the client should retry; undefined if it should not. */
  readonly retryAfterSeconds: number | undefined;
}

export const OK_STATUS: GrpcStatus = { code: grpcCodes.OK, message: '', retryAfterSeconds: undefined };

/** HTTP/2 peers limit header lists, and a longer message helps nobody. */
const MAX_MESSAGE_CHARACTERS = 1024;

export function grpcStatus(thrown: unknown): GrpcStatus {
  if (!(thrown instanceof Failure)) {
    return { code: grpcCodes.INTERNAL, message: messageOf(thrown), retryAfterSeconds: undefined };
  }
  const { kind, message, retryAfterSeconds } = thrown;
  return { code: grpcCodes[failureKinds[kind].grpc], message, retryAfterSeconds };
}

/** Trailing metadata of a call with this status. */
export function statusTrailers(status: GrpcStatus): Record<string, string> {
  const trailers: Record<string, string> = { 'grpc-status': String(status.code) };
  if (status.message !== '') {
    trailers['grpc-message'] = percentEncoded(status.message.slice(0, MAX_MESSAGE_CHARACTERS));
  }
  // OTLP clients retry RESOURCE_EXHAUSTED only with RetryInfo: https://opentelemetry.io/docs/specs/otlp/#failures-1
  const { retryAfterSeconds } = status;
  if (retryAfterSeconds !== undefined) {
    trailers['grpc-status-details-bin'] = retryDetails(status, retryAfterSeconds).toString('base64');
  }
  return trailers;
}

/** Keeps printable ASCII except the percent sign, and writes all other UTF-8 bytes as %XX. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

/** A google.rpc.Status whose one detail is a RetryInfo. */
function retryDetails({ code, message }: GrpcStatus, seconds: number): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32(0x08).int32(code).uint32(0x12).string(message.slice(0, MAX_MESSAGE_CHARACTERS));
  writer.uint32(0x1a).fork();
  writer.uint32(0x0a).string('type.googleapis.com/google.rpc.RetryInfo');
  writer.uint32(0x12).fork().uint32(0x0a).fork().uint32(0x08).int64(seconds).ldelim().ldelim();
  writer.ldelim();
  return Buffer.from(writer.finish());
}
