import { canonicalUri, httpUrl, type ListenUri } from '../server/listen-uri.js';

/** A server's address: the requested URI, and its actual port once the sockets are bound. */
export class ServerAddress {
  #uri: ListenUri;

  constructor(asked: ListenUri) {
    this.#uri = asked;
  }

  bound(uri: ListenUri): void {
    this.#uri = uri;
  }

  get uri(): ListenUri {
    return this.#uri;
  }

  get listenUri(): string {
    return canonicalUri(this.#uri);
  }

  get listenUrl(): string {
    return httpUrl(this.#uri);
  }
}
