// Socket → whole body, bounded. Bytes are reserved as they arrive.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '../base/failure.js';
import type { Reservation } from '../ingest/admission.js';
import type { Ingest } from '../ingest/ingest.js';

/**
 * Reads a body of at most `maxBytes`. The reservation grows with each chunk, so a client that declares a length and sends
 * nothing occupies no room. A declared length that does not fit is rejected before any byte is read. Rejects with `tooLarge`,
 * `overloaded` or, if the connection ends early, `timedOut`.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  ingest: Ingest,
  reservation: Reservation,
): Promise<Uint8Array> {
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > maxBytes) throw tooLarge(declaredBytes, maxBytes);
  ingest.checkRoom();
  reservation.check(declaredBytes);
  if (request.headers.expect !== undefined) response.writeContinue();
  const chunks = await collect(request, (length) => {
    if (length > maxBytes) throw tooLarge(length, maxBytes);
    reservation.growTo(length);
  });
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Collects the chunks of a request. `grown` receives the length so far and may throw to stop reading. */
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
