// The listeners of one server. They start together or not at all, and count as down as soon as one of them is down.

import type { ConnectionLimit } from '../server/connection-limit.js';
import { canonicalUri, type ListenUri, type Scheme } from '../server/listen-uri.js';
import type { Listener } from '../server/listener.js';
import type { ListenerRequest, Transport } from './serve-request.js';

/** Address of one listener. */
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
  /** Shared by all listeners. */
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

  /** Answers requests in flight on all listeners. Safe to call twice. */
  async stop(): Promise<void> {
    await Promise.all(this.#parts.map(({ listener }) => listener.stop()));
  }

  /** Addresses, starting with the server's own URI. */
  get all(): readonly ListeningAt[] {
    return this.#listeningAt;
  }

  get isListening(): boolean {
    return this.#parts.every(({ listener }) => listener.isListening);
  }

  /** The error that stopped a listener. */
  get lastError(): string | undefined {
    return this.#parts.map(({ listener }) => listener.lastError).find((error) => error !== undefined);
  }
}

/** All URIs of a listener: one per protocol that it accepts. */
export function urisOf({ uri, protocols }: Pick<ListeningAt, 'uri' | 'protocols'>): string[] {
  return protocols.map((scheme) => canonicalUri({ ...uri, scheme }));
}
