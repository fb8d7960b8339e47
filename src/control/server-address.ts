import { canonicalUri, httpUrl, type ListenUri, type UrlScheme } from '../server/listen-uri.js';

/** A server's address: the requested URI, and its actual port once the sockets are bound. */
export class ServerAddress {
  #uri: ListenUri;
  readonly #urlScheme: UrlScheme;

  constructor(asked: ListenUri, urlScheme: UrlScheme = 'http') {
    this.#uri = asked;
    this.#urlScheme = urlScheme;
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

  /** The URL of one of the server's listeners. */
  urlOf(uri: ListenUri): string {
    return httpUrl(uri, this.#urlScheme);
  }

  get listenUrl(): string {
    return this.urlOf(this.#uri);
  }
}
