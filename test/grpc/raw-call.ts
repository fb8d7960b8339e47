// Calls on a bare HTTP/2 connection: every header and byte as a test means it, also what no gRPC library sends.

import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { withToken } from './grpc-client.js';

const ANSWER_TIMEOUT_MS = 20_000;

export interface RawAnswer {
  readonly headers: http2.IncomingHttpHeaders;
  /** Trailing headers; those of an answer without a body are its headers. */
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
}

export class RawGrpcConnection {
  readonly session: http2.ClientHttp2Session;
  readonly #socket: Socket;

  private constructor(session: http2.ClientHttp2Session, socket: Socket) {
    this.session = session;
    this.#socket = socket;
  }

  static open(port: number, finished = onTestFinished): Promise<RawGrpcConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      const session = http2.connect(`http://127.0.0.1:${port}`, { createConnection: () => socket });
      // Not session.destroy(): with calls open that have more to send, Node 20 loops in it for ever.
      finished(() => {
        socket.destroy();
      });
      session.once('error', reject);
      // Not before the server's settings are known.
      session.once('remoteSettings', () => {
        session.off('error', reject).on('error', () => undefined);
        resolve(new RawGrpcConnection(session, socket));
      });
    });
  }

  /** Ends the connection as a client that has died. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  call(path: string, headers: http2.OutgoingHttpHeaders = {}): RawCall {
    return new RawCall(
      this.session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...withToken,
        ...headers,
      }),
    );
  }

  /** A call with these bytes, message prefixes and all. */
  async unary(path: string, bytes: Uint8Array, headers: http2.OutgoingHttpHeaders = {}): Promise<RawAnswer> {
    const call = this.call(path, headers);
    call.write(bytes);
    call.end();
    return call.answer;
  }
}

export class RawCall {
  readonly #stream: http2.ClientHttp2Stream;
  readonly answer: Promise<RawAnswer>;
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(stream: http2.ClientHttp2Stream) {
    this.#stream = stream;
    stream.setTimeout(ANSWER_TIMEOUT_MS, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    let headers: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders | undefined;
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    stream.on('error', () => undefined);
    this.answer = new Promise((resolve) => {
      stream.once('close', () => {
        this.#wake();
        resolve({ headers, trailers: trailers ?? headers, body: this.#received });
      });
    });
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  end(): void {
    this.#stream.end();
  }

  reset(): void {
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  /** The next message of the answer, without its prefix; undefined when the call has ended before. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const length = this.#received.length < 5 ? undefined : 5 + this.#received.readUInt32BE(1);
      if (length !== undefined && this.#received.length >= length) {
        const message = this.#received.subarray(5, length);
        this.#received = this.#received.subarray(length);
        return message;
      }
      if (this.#stream.closed || this.#stream.destroyed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A message with its prefix. */
export function prefixed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}
