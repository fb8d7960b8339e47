// A websocket → a reader of a tail. What a client does not take in time is dropped, and it is told.

import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../../base/clock.js';
import { CATEGORIZE_LABELS } from './encoding-flags.js';
import type { TailReader } from './tail-hub.js';
import { type DroppedEntry, MAX_TOLD_DROPPED, type TailBatch, type TailQuery } from './tail-question.js';

/** Clients send nothing but control frames. */
const MAX_PAYLOAD_BYTES = 4096;
/** Bytes that wait for a client, before entries are dropped. */
const MAX_WAITING_BYTES = 1 << 20;
const PING_MS = 1000;
/** Pings without an answer, before the client counts as gone. */
const MAX_UNANSWERED_PINGS = 30;
/** The token of a tail is checked when it begins. Clients begin another one, with a token that still holds. Loki's end after an hour, too. */
const MAX_TAIL_MS = 60 * 60 * 1000;
/** Close codes: the server goes away; it failed. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
/** A close frame has room for no more. */
const MAX_REASON_BYTES = 123;

export const tailSockets = new WebSocketServer({
  noServer: true,
  maxPayload: MAX_PAYLOAD_BYTES,
  perMessageDeflate: false,
  clientTracking: false,
});

export interface TailSocketOptions {
  readonly query: TailQuery;
  /** How long entries are held back, for others that come late. */
  readonly delayMs: number;
  /** Aborted when the listener stops. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

export class TailSocket implements TailReader {
  readonly query: TailQuery;
  readonly #socket: WebSocket;
  readonly #delayMs: number;
  #unanswered = 0;
  #dropped: DroppedEntry[] = [];

  constructor(socket: WebSocket, { query, delayMs, signal, clock }: TailSocketOptions) {
    this.query = query;
    this.#socket = socket;
    this.#delayMs = delayMs;
    const pings = setInterval(() => this.#ping(), PING_MS);
    const stop = () => socket.close(GOING_AWAY, 'the server is stopping');
    const callOffEnd = clock.after(MAX_TAIL_MS, () =>
      socket.close(GOING_AWAY, 'a tail lasts an hour at most: begin another'),
    );
    signal.addEventListener('abort', stop, { once: true });
    socket.on('pong', () => {
      this.#unanswered = 0;
    });
    socket.on('message', (_data: RawData) => undefined);
    // What goes wrong with a socket closes it.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(pings);
      callOffEnd();
      signal.removeEventListener('abort', stop);
    });
  }

  take(batch: TailBatch): void {
    if (this.#delayMs === 0) this.#send(batch);
    else setTimeout(() => this.#send(batch), this.#delayMs);
  }

  fail(message: string): void {
    const reason = Buffer.from(message)
      .subarray(0, MAX_REASON_BYTES)
      .toString()
      .replace(/\uFFFD+$/, '');
    this.#socket.close(INTERNAL_ERROR, reason);
  }

  #send({ streams, entryCount, heads, dropped }: TailBatch): void {
    const { readyState, OPEN, bufferedAmount } = this.#socket;
    if (readyState !== OPEN) return;
    const isSlow = bufferedAmount > MAX_WAITING_BYTES;
    this.#dropped = [...this.#dropped, ...(isSlow ? heads : []), ...dropped].slice(-MAX_TOLD_DROPPED);
    if (isSlow || (entryCount === 0 && this.#dropped.length === 0)) return;
    const members = [
      `"streams":${streams}`,
      ...(this.#dropped.length > 0 ? [`"dropped_entries":${JSON.stringify(this.#dropped)}`] : []),
      ...(this.query.encoding === 'categorized' ? [`"encodingFlags":["${CATEGORIZE_LABELS}"]`] : []),
    ];
    this.#dropped = [];
    this.#socket.send(`{${members.join(',')}}`);
  }

  #ping(): void {
    if (this.#unanswered++ >= MAX_UNANSWERED_PINGS) this.#socket.terminate();
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }
}
