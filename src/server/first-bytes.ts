// One port for two protocols. The first bytes of a connection tell whether its client speaks HTTP/2 with prior knowledge, as
// gRPC clients do, or HTTP/1. Each connection is inspected once, so later bytes cost nothing.

import type { Socket } from 'node:net';

/** Start of the HTTP/2 preface (RFC 9113, 3.4). No HTTP/1 method starts like this. */
const HTTP2_BEGINS = Buffer.from('PRI ');

export type Protocol = 'http1' | 'http2';

/**
 * Calls `take` once the protocol is known, with nothing of the connection consumed. A client that says too little within
 * `timeoutMs` is cut off.
 */
export function whenProtocolKnown(socket: Socket, timeoutMs: number, take: (protocol: Protocol) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const forget = () => {
    clearTimeout(late);
    socket.off('data', look);
    socket.off('error', gone);
    socket.off('close', forget);
  };
  const gone = () => socket.destroy();
  const look = (chunk: Buffer) => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const known = Math.min(head.length, HTTP2_BEGINS.length);
    const isPreface = head.subarray(0, known).equals(HTTP2_BEGINS.subarray(0, known));
    if (isPreface && known < HTTP2_BEGINS.length) return;
    forget();
    socket.pause();
    socket.unshift(head);
    take(isPreface ? 'http2' : 'http1');
    // A session of HTTP/2 takes what is there by itself.
    if (!isPreface) socket.resume();
  };
  const late = setTimeout(gone, timeoutMs).unref();
  socket.on('data', look);
  socket.on('error', gone);
  socket.once('close', forget);
}
