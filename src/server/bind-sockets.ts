// Listen URI → bound sockets. "localhost" has two addresses, and a client may try either.

import type { Server } from 'node:net';
import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import { canonicalUri, type ListenUri } from './listen-uri.js';

const LOOPBACK_ADDRESSES = ['127.0.0.1', '::1'];
/** The machine lacks this address or this kind of address. */
const ADDRESS_MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);
/** A port that is free on one address may be taken on the other, so another port is tried. */
const FREE_PORT_TRIES = 8;

/**
 * Binds a server to each address of a URI's host, all on one port. Rejects with `cannot listen on <uri>: <why>` and leaves
 * nothing bound.
 */
export async function bindSockets<S extends Server>(
  uri: ListenUri,
  newServer: () => S,
): Promise<{ servers: S[]; port: number }> {
  const addresses = uri.host === 'localhost' ? LOOPBACK_ADDRESSES : [uri.host];
  for (let attempt = 1; ; attempt++) {
    try {
      return await bindAll(addresses, uri.port, newServer);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (isTaken && uri.port === 0 && attempt < FREE_PORT_TRIES) continue;
      const reason = isTaken ? 'address already in use' : messageOf(error);
      throw new SqlError('OTLP_LISTEN_FAILED', `cannot listen on ${canonicalUri(uri)}: ${reason}`, { cause: error });
    }
  }
}

async function bindAll<S extends Server>(
  addresses: readonly string[],
  requestedPort: number,
  newServer: () => S,
): Promise<{ servers: S[]; port: number }> {
  const servers: S[] = [];
  let port = requestedPort;
  let missing: unknown;
  try {
    for (const address of addresses) {
      const server = newServer();
      try {
        port = await bind(server, address, port);
        servers.push(server);
      } catch (error) {
        if (!ADDRESS_MISSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        missing = error;
      }
    }
    if (servers.length === 0) throw missing;
    return { servers, port };
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

function bind(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: address === '::1' }, () => {
      server.off('error', reject);
      resolve((server.address() as { port: number }).port);
    });
  });
}
