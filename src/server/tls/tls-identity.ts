// What a server proves itself with to clients, kept up to date: certificates are renewed while it runs.

import type { Socket } from 'node:net';
import tls, { type SecureVersion, type TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '../../base/clock.js';
import { messageOf } from '../../base/failure.js';
import { type Certificate, type CertificateFiles, readCertificate, stateOf } from './certificate-files.js';

/** How long a client has for its part of a handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TlsOptions {
  readonly files: CertificateFiles;
  readonly minVersion: SecureVersion;
  /** How often the files are looked at. */
  readonly reloadIntervalMs: number;
}

export class TlsIdentity {
  readonly #options: TlsOptions;
  readonly #clock: Clock;
  readonly #servers = new Set<tls.Server>();
  /** Connections that are not secure yet, by the client's address and port. */
  readonly #handshakes = new Map<string, Socket>();
  #certificate: Certificate;
  #state: string;
  #lastError: string | undefined;
  #stopWatching: (() => void) | undefined;
  #isClosed = false;

  private constructor(options: TlsOptions, clock: Clock, certificate: Certificate, state: string) {
    this.#options = options;
    this.#clock = clock;
    this.#certificate = certificate;
    this.#state = state;
  }

  /** Rejects where the files are not a pair that is valid now. */
  static async open(options: TlsOptions, clock: Clock = systemClock): Promise<TlsIdentity> {
    const certificate = await readCertificate(options.files, clock.nowMs());
    const identity = new TlsIdentity(options, clock, certificate, await stateOf(options.files));
    identity.#watch();
    return identity;
  }

  get subject(): string {
    return this.#certificate.subject;
  }

  get notAfterMs(): number {
    return this.#certificate.notAfterMs;
  }

  /** Why the files that are there now are not used; undefined while they are. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /**
   * A server whose connections are handed to `take` once they are secure. A client that speaks none of the `protocols`, or no
   * TLS, is cut off.
   */
  newServer(protocols: readonly string[], take: (socket: TLSSocket) => void): tls.Server {
    const server = tls.createServer({
      ...this.#context(),
      ALPNProtocols: [...protocols],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      // As node:http has it: a client may end its side once it has asked.
      allowHalfOpen: true,
      noDelay: true,
      requestCert: this.#options.files.tls_client_ca_file !== null,
      rejectUnauthorized: this.#options.files.tls_client_ca_file !== null,
    });
    server.on('connection', (socket) => {
      const client = clientOf(socket);
      this.#handshakes.set(client, socket);
      socket.once('close', () => this.#handshakes.delete(client));
    });
    server.on('secureConnection', (socket) => {
      this.#handshakes.delete(clientOf(socket));
      // Whoever takes it deals with its errors; until then, and after, there must be somebody.
      socket.on('error', () => undefined);
      take(socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.once('close', () => this.#servers.delete(server));
    this.#servers.add(server);
    return server;
  }

  /** Cuts off clients that have not finished their handshake, for a stop that is not to wait for them. */
  cutHandshakes(): void {
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  /** Reads the files again. Connections that there are go on. Resolves with whether what the files have is used now. */
  async reload(): Promise<boolean> {
    try {
      const state = await stateOf(this.#options.files);
      const certificate = await readCertificate(this.#options.files, this.#clock.nowMs());
      this.#certificate = certificate;
      for (const server of this.#servers) server.setSecureContext(this.#context());
      this.#state = state;
      this.#lastError = undefined;
      return true;
    } catch (error) {
      // A pair that is being written is whole the next time.
      this.#lastError = messageOf(error);
      return false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching?.();
  }

  #context(): tls.SecureContextOptions {
    const { cert, key, clientCa } = this.#certificate;
    return {
      cert,
      key,
      minVersion: this.#options.minVersion,
      ...(clientCa !== undefined && { ca: clientCa }),
    };
  }

  #watch(): void {
    this.#stopWatching = this.#clock.after(this.#options.reloadIntervalMs, () => {
      void this.#reloadIfChanged().finally(() => {
        if (!this.#isClosed) this.#watch();
      });
    });
  }

  async #reloadIfChanged(): Promise<void> {
    const state = await stateOf(this.#options.files).catch((error: unknown) => messageOf(error));
    if (state !== this.#state) await this.reload();
  }
}

function clientOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
