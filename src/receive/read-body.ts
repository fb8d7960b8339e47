// Socket → whole body, bounded, its bytes reserved from the first one on.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '../base/failure.js';
import type { Ingest } from '../ingest/ingest.js';

export interface AdmittedBody {
  readonly body: Uint8Array;
  /** What is reserved with admission for this body. The receiver of this object owns the reservation. */
  readonly reservedBytes: number;
}

/**
 * Reads a body of at most `maxBytes`. A length that the client declares is checked and reserved before a byte is
 * read, otherwise each chunk as it comes. Rejects with `tooLarge`, `overloaded`, or, when the connection ends first,
 * `timedOut`; nothing is reserved then.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  ingest: Ingest,
): Promise<AdmittedBody> {
  const declared = request.headers['content-length'];
  const declaredBytes = declared === undefined ? 0 : Number(declared);
  if (declaredBytes > maxBytes) throw tooLarge(declaredBytes, maxBytes);
  ingest.checkRoom();
  ingest.admission.reserve(declaredBytes);
  let reservedBytes = declaredBytes;
  try {
    if (request.headers.expect !== undefined) response.writeContinue();
    const chunks = await collect(request, (length) => {
      if (length > maxBytes) throw tooLarge(length, maxBytes);
      if (length <= reservedBytes) return;
      ingest.admission.reserve(length - reservedBytes);
      reservedBytes = length;
    });
    return { body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), reservedBytes };
  } catch (error) {
    ingest.admission.release(reservedBytes);
    throw error;
  }
}

/** Gathers a request's chunks, telling `grown` the length so far, which may throw to end it. */
function collect(request: IncomingMessage, grown: (length: number) => void): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (act: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError);
      act();
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      try {
        grown(length);
      } catch (error) {
        settle(() => reject(error));
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(chunks));
    const onClose = () =>
      settle(() => reject(new Failure('timedOut', `the connection ended after ${length} bytes of the body`)));
    const onError = () => onClose();
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onError);
  });
}

function tooLarge(bytes: number, maxBytes: number): Failure {
  return new Failure('tooLarge', `body of ${bytes} bytes is larger than max_body_bytes ${maxBytes}`);
}
