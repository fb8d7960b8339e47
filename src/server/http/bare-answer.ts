// Answers on sockets without a response object: the request is late, is not HTTP, or is meant for a proxy.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Failure } from '../../base/failure.js';
import { failureAnswer } from '../failure-answer.js';

/** Time for a client to read the answer before its connection is closed. */
const LINGER_MS = 1000;

/** Answers a request that is late or not HTTP, and so has no request object. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    answerPastHttp(socket, new Failure('timedOut', 'the request did not arrive in time'));
    return;
  }
  const kind = error.code === 'HPE_HEADER_OVERFLOW' ? 'headersTooLarge' : 'malformed';
  answerPastHttp(socket, new Failure(kind, `cannot read the request: ${error.message}`));
}

/** Answers on a socket without a response object, and ends it. */
export function answerPastHttp(socket: Duplex, failure: Failure): void {
  const { status, body: answer } = failureAnswer(failure);
  const body = JSON.stringify(answer);
  const allow = status === 405 ? 'Allow: GET, HEAD, POST\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n${allow}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  endSoon(socket);
}

/** Closes a connection after its client had time to read an answer. The client might keep its end open, or send, forever. */
export function endSoon(socket: Duplex): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
