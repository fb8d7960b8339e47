// HTTP/1.1 on a bare socket: a request costs a write and a search in the answer. node:http takes several times as long
// for one, on the machine that is to be measured. See bench/load.ts.

import net from 'node:net';
import tls from 'node:tls';
import type { Signal } from '../schema/column-declaration.js';
import {
  type Connection,
  type ConnectionSettings,
  errorName,
  type OutgoingRequest,
  type ServerAnswer,
  secure,
} from './connection.js';

const END_OF_HEADERS = Buffer.from('\r\n\r\n');
const END_OF_CHUNKS = Buffer.from('\r\n0\r\n\r\n');
/** An answer longer than this is not one of an OTLP server. */
const MAX_ANSWER_BYTES = 1 << 20;

const paths: Readonly<Record<Signal, string>> = { logs: '/v1/logs', traces: '/v1/traces', metrics: '/v1/metrics' };

interface ParsedAnswer {
  readonly status: number;
  readonly isLast: boolean;
}

export class HttpConnection implements Connection {
  readonly #settings: ConnectionSettings;
  #socket: net.Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #answered: ((answer: ServerAnswer) => void) | undefined;
  /** What the server has said, once it has; the body may still be on its way then. */
  #parsed: ParsedAnswer | undefined;
  #isWritten = false;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  send(request: OutgoingRequest): Promise<ServerAnswer> {
    const body = request.bytes('next');
    const socket = this.#socket ?? this.#connect();
    this.#isWritten = false;
    this.#parsed = undefined;
    return new Promise((resolve) => {
      this.#answered = resolve;
      socket.cork();
      socket.write(this.#head(request.signal, body.length), 'latin1');
      socket.write(body, () => {
        this.#isWritten = true;
        this.#settle();
      });
      socket.uncork();
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#finish({ outcome: 'unanswered', status: 'closed' });
  }

  #head(signal: Signal, length: number): string {
    const { url, token, tenant, contentType, encoding } = this.#settings;
    const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
    const owner = tenant === undefined ? '' : `x-tenant-id: ${tenant}\r\n`;
    const contentEncoding = encoding === undefined ? '' : `content-encoding: ${encoding}\r\n`;
    // An API may be below a path of its own, such as `/otlp`.
    const prefix = url.pathname.replace(/\/$/, '');
    return `POST ${prefix}${paths[signal]} HTTP/1.1\r\nhost: ${url.host}\r\n${authorization}${owner}content-type: ${contentType}\r\n${contentEncoding}content-length: ${length}\r\n\r\n`;
  }

  #connect(): net.Socket {
    const { url, timeoutMs, ca } = this.#settings;
    const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
    const socket =
      url.protocol === 'https:' ? tls.connect({ ...place, ...secure(place.host, ca) }) : net.connect(place);
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    socket.setNoDelay();
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')));
    let reason = 'closed';
    socket.on('error', (error) => {
      reason = errorName(error);
    });
    socket.on('data', (chunk) => this.#read(chunk));
    // The server says that it sends no more: what was not answered will not be.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      // Its request has ended, and there may be another socket for the next.
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (this.#parsed === undefined) this.#finish({ outcome: 'unanswered', status: reason });
      else this.#finish(answerOf(this.#parsed.status));
    });
    return socket;
  }

  #read(chunk: Buffer): void {
    if (this.#parsed !== undefined) return;
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#parsed = parseAnswer(this.#received);
    if (this.#parsed === undefined) {
      if (this.#received.length > MAX_ANSWER_BYTES) this.#socket?.destroy(new Error('answer too long'));
      return;
    }
    this.#received = Buffer.alloc(0);
    this.#settle();
  }

  /** A request is over when it was answered and its body is out of our hands. */
  #settle(): void {
    if (this.#parsed === undefined || !this.#isWritten) return;
    const { status, isLast } = this.#parsed;
    this.#finish(answerOf(status));
    if (isLast) this.close();
  }

  #finish(answer: ServerAnswer): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(answer);
  }
}

function answerOf(status: number): ServerAnswer {
  const isAccepted = status >= 200 && status < 300;
  const outcome = isAccepted ? 'accepted' : status === 503 || status === 429 ? 'overloaded' : 'refused';
  return { outcome, status: String(status) };
}

/** A whole answer in what was received; undefined while something of it is missing. */
function parseAnswer(received: Buffer): ParsedAnswer | undefined {
  const end = received.indexOf(END_OF_HEADERS);
  if (end === -1) return undefined;
  const head = received.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const bodyStart = end + END_OF_HEADERS.length;
  if (status === 100) return parseAnswer(received.subarray(bodyStart));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  const isComplete =
    length === null
      ? !/\r\ntransfer-encoding: *chunked/i.test(head) || received.indexOf(END_OF_CHUNKS, end) !== -1
      : received.length >= bodyStart + Number(length[1]);
  return isComplete ? { status, isLast: /\r\nconnection: *close/i.test(head) } : undefined;
}
