// A proxy on loopback that lets traffic through until it is told to do harm.

import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a request. */
export type Fate =
  | 'passes'
  /** Answered with 503, as an object store does that wants less. */
  | 'unavailable'
  /** Answered with 403. */
  | 'forbidden'
  /** The connection is reset, as if nobody were there. */
  | 'reset'
  /** It reaches the server, whose answer is lost. */
  | 'answer lost';

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
}

export class HttpProxy {
  /** Decides about each request, which waits for the decision. */
  fate: (request: ProxiedRequest) => Fate | Promise<Fate> = () => 'passes';
  /** Requests whose fate was another than to pass. */
  harmed = 0;
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  static async start(targetPort: number): Promise<HttpProxy> {
    const server = http.createServer();
    const proxy = new HttpProxy(server);
    server.on('request', (request, response) => proxy.#forward(request, response, targetPort));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
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

  async #forward(request: http.IncomingMessage, response: http.ServerResponse, port: number): Promise<void> {
    const fate = await this.fate({ method: request.method!, path: request.url! });
    if (fate !== 'passes') this.harmed++;
    if (fate === 'reset') return void request.socket.resetAndDestroy();
    if (fate === 'unavailable' || fate === 'forbidden') {
      const [status, code] = fate === 'forbidden' ? [403, 'AccessDenied'] : [503, 'SlowDown'];
      request.resume();
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${fate}</Message></Error>`);
      return;
    }
    // Headers as they came, Host among them, which is part of what S3 signatures sign.
    const onward = http.request({
      host: '127.0.0.1',
      port,
      method: request.method,
      path: request.url,
      headers: request.headers,
      agent: false,
    });
    onward.on('error', () => request.socket.resetAndDestroy());
    onward.on('response', (answer) => {
      if (fate === 'answer lost') {
        answer.resume().on('end', () => request.socket.resetAndDestroy());
        return;
      }
      response.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(onward);
  }
}

/** What becomes of bytes that a client has sent. */
export type SentFate =
  | 'passes'
  /** They reach the server, and the client's connection is reset once the server has answered. */
  | 'answer lost'
  /** The connection is reset, and the server never gets them. */
  | 'reset'
  /** The client's connection is reset at once, and the server gets them when `deliverLate` is called. */
  | 'late';

/** A proxy of connections that speak another protocol than HTTP. */
export class TcpProxy {
  /** Decides about bytes that a client has sent, which wait for the decision. */
  fate: (sent: string) => SentFate | Promise<SentFate> = () => 'passes';
  /** Called when an answer is lost. */
  onAnswerLost: () => void = () => undefined;
  /** Fates other than to pass. */
  harmed = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #late: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect(targetPort, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends on what was kept back, and then ends those connections. */
  deliverLate(): void {
    for (const deliver of this.#late.splice(0)) deliver();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    let isLate = false;
    let isAnswerLost = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!isLate) other.destroy();
      });
    }
    client.on('data', async (bytes) => {
      client.pause();
      const fate = await this.fate(bytes.toString('latin1'));
      if (fate !== 'passes') this.harmed++;
      if (fate === 'reset') return void client.resetAndDestroy();
      if (fate === 'late') {
        isLate = true;
        this.#late.push(() => server.end(bytes));
        return void client.resetAndDestroy();
      }
      isAnswerLost = fate === 'answer lost';
      server.write(bytes);
      client.resume();
    });
    server.on('data', (bytes) => {
      // The server has answered, so it has done what it was asked to.
      if (isAnswerLost) {
        client.resetAndDestroy();
        this.onAnswerLost();
        this.onAnswerLost = () => undefined;
      } else if (!isLate) client.write(bytes);
    });
  }
}
