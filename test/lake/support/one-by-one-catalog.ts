// An Iceberg catalog server that says that it knows commits of one table only, before one that knows more.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it says that it can do. */
const ENDPOINTS = [
  ...['GET', 'POST'].map((method) => `${method} /v1/{prefix}/namespaces`),
  ...['GET', 'DELETE'].map((method) => `${method} /v1/{prefix}/namespaces/{namespace}`),
  ...['GET', 'POST'].map((method) => `${method} /v1/{prefix}/namespaces/{namespace}/tables`),
  ...['GET', 'POST', 'DELETE'].map((method) => `${method} /v1/{prefix}/namespaces/{namespace}/tables/{table}`),
];

export class OneByOneCatalog {
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  static async start(catalogPort: number): Promise<OneByOneCatalog> {
    const server = http.createServer((request, response) => {
      const { method, url, headers } = request;
      const options = { host: '127.0.0.1', port: catalogPort, method, path: url, headers };
      const upstream = http.request(options, async (answer) => {
        if (!url!.startsWith('/v1/config')) {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
          return;
        }
        const config = JSON.parse(Buffer.concat(await answer.toArray()).toString());
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ...config, endpoints: ENDPOINTS }));
      });
      upstream.on('error', () => response.destroy());
      request.pipe(upstream);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new OneByOneCatalog(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
