// Answers to OTAP batches. Status codes have the numbers of gRPC.

import protobuf from 'protobufjs';
import type { GrpcStatus } from '../server/grpc/status.js';

/** Chosen by the client, and opaque to us. */
export type BatchId = number | ReturnType<protobuf.Reader['int64']>;

const BATCH_ID = 1;

/** The id of a BatchArrowRecords, if it can be read. Rejections of malformed messages carry it too. */
export function readBatchId(message: Uint8Array): BatchId {
  let batchId: BatchId = 0;
  try {
    const reader = protobuf.Reader.create(message);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === BATCH_ID << 3) batchId = reader.int64();
      else reader.skipType(tag & 7);
    }
  } catch {
    // The decoder reports what is wrong.
  }
  return batchId;
}

/** A BatchStatus. */
export function batchStatus(batchId: BatchId, { code, message }: GrpcStatus): Uint8Array {
  return protobuf.Writer.create()
    .uint32(0x08)
    .int64(batchId)
    .uint32(0x10)
    .int32(code)
    .uint32(0x1a)
    .string(message)
    .finish();
}
