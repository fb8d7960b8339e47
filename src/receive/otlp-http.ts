// OTLP/HTTP: a POST for each signal. https://opentelemetry.io/docs/specs/otlp/#otlphttp

import { Failure } from '../base/failure.js';
import type { Ingest, Receipt } from '../ingest/ingest.js';
import type { Signal } from '../schema/column-declaration.js';
import type { HttpExchange, HttpRoutes } from '../server/http/routes.js';
import type { Authorization } from '../server/identity/authorization.js';
import { credentialsOf } from '../server/identity/credentials.js';
import { contentEncoding, signalByPath, wireFormat } from './codec.js';
import { readBody } from './read-body.js';

export function otlpHttpRoutes(ingest: Ingest, authorization: Authorization, maxBodyBytes: number): HttpRoutes {
  return new Map(
    [...signalByPath].map(([path, signal]) => [
      path,
      {
        POST: async (exchange) => {
          const receipt = await ingest.counted(signal, () =>
            exportOnce(signal, exchange, ingest, authorization, maxBodyBytes),
          );
          return { status: 202, body: { status: 'buffered', rows: receipt.rows, batches: receipt.batches } };
        },
      },
    ]),
  );
}

async function exportOnce(
  signal: Signal,
  { request, response, isStopping }: HttpExchange,
  ingest: Ingest,
  authorization: Authorization,
  maxBodyBytes: number,
): Promise<Receipt> {
  const { headers } = request;
  if (isStopping) throw new Failure('stopping', 'the server is stopping');
  const principal = authorization.check(credentialsOf(headers));
  const format = wireFormat(headers['content-type']);
  const encoding = contentEncoding(headers['content-encoding']);
  const reservation = ingest.admission.admit({ principal, address: request.socket.remoteAddress });
  try {
    const body = await readBody(request, response, maxBodyBytes, ingest, reservation);
    return await ingest.accept({ signal, format, encoding, body }, reservation, request.socket);
  } finally {
    reservation.release();
  }
}
