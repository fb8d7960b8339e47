// A socket on which a test writes exactly the bytes that it means to, when it means to.

import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type AtEnd, TOKEN } from './otel-database.js';

const ANSWER_TIMEOUT_MS = 20_000;

export class RawConnection {
  readonly #socket: Socket;
  #received = '';
  #hasEnded = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      this.#received += String(text);
      this.#wake();
    });
    const ended = () => {
      this.#hasEnded = true;
      this.#wake();
    };
    socket.on('end', ended).on('close', ended).on('error', ended);
  }

  /** Connects to this machine. The socket is destroyed when the test ends, and does not end because the server does. */
  static open(port: number, atEnd: AtEnd = onTestFinished): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      atEnd(() => {
        socket.destroy();
      });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  /** Resolves once the kernel has the bytes. */
  write(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.write(text, () => resolve()));
  }

  /** Closes the connection as a client that has died. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  get received(): string {
    return this.#received;
  }

  /** Resolves once what has come matches, with all that has come. */
  async until(pattern: RegExp): Promise<string> {
    await this.#when(() => pattern.test(this.#received), `an answer like ${pattern}`);
    return this.#received;
  }

  /** Resolves when the server has ended the connection, with all that has come. */
  async ended(): Promise<string> {
    await this.#when(() => this.#hasEnded, 'the end of the connection');
    return this.#received;
  }

  #when(isMet: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new Error(`waited in vain for ${what}, got: ${this.#received || 'nothing'}`)),
        ANSWER_TIMEOUT_MS,
      );
      this.#wake = () => {
        if (isMet()) {
          clearTimeout(timeout);
          resolve();
        } else if (this.#hasEnded) {
          clearTimeout(timeout);
          reject(new Error(`the connection ended before ${what}, got: ${this.#received || 'nothing'}`));
        }
      };
      this.#wake();
    });
  }
}

/** Request line and headers of a post of protobuf with the token; the blank line is the caller's. */
export function postHead(headers: Record<string, string>): string {
  const all = {
    host: '127.0.0.1',
    'content-type': 'application/x-protobuf',
    authorization: `Bearer ${TOKEN}`,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/logs HTTP/1.1\r\n${lines.join('')}`;
}
