// The listeners of one server, as one: they come up together or not at all, and are down as soon as one of them is.

import type { ConnectionLimit } from '../server/connection-limit.js';
import { canonicalUri, type ListenUri, type Scheme } from '../server/listen-uri.js';
import type { Listener } from '../server/listener.js';
import type { ListenerRequest, Transport } from './serve-request.js';

/** Where one of them listens. */
export interface ListeningAt {
  readonly uri: ListenUri;
  readonly transport: Transport;
  readonly protocols: readonly Scheme[];
}

interface Part {
  readonly request: ListenerRequest;
  readonly listener: Listener;
}

export class Listeners {
  /** Of all listeners together. */
  readonly connections: ConnectionLimit;
  readonly #parts: readonly Part[];
  #listeningAt: readonly ListeningAt[] = [];

  constructor(parts: readonly Part[], connections: ConnectionLimit) {
    this.connections = connections;
    this.#parts = parts;
  }

  /** Binds all sockets. Rejects with none of them bound. */
  async listen(): Promise<readonly ListeningAt[]> {
    const bound: ListeningAt[] = [];
    try {
      for (const { request, listener } of this.#parts) {
        bound.push({ ...request, uri: { ...request.uri, port: await listener.listen() } });
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#listeningAt = bound;
    return bound;
  }

  /** Answers the requests in flight on all of them. Safe to call twice. */
  async stop(): Promise<void> {
    await Promise.all(this.#parts.map(({ listener }) => listener.stop()));
  }

  /** Where they listen, that of the server's own URI first. */
  get all(): readonly ListeningAt[] {
    return this.#listeningAt;
  }

  get isListening(): boolean {
    return this.#parts.every(({ listener }) => listener.isListening);
  }

  /** The error that stopped one of them. */
  get lastError(): string | undefined {
    return this.#parts.map(({ listener }) => listener.lastError).find((error) => error !== undefined);
  }
}

/** Every URI that means a listener: one for each protocol that it takes. */
export function urisOf({ uri, protocols }: Pick<ListeningAt, 'uri' | 'protocols'>): string[] {
  return protocols.map((scheme) => canonicalUri({ ...uri, scheme }));
}
