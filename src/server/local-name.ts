import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '../base/failure.js';
import { isLocalHost } from './listen-uri.js';

/**
 * Throws unless a request was sent to a name of this machine. A web site can let its own name point to 127.0.0.1, and the browser then takes
 * answers of a listener there for the site's (DNS rebinding). Where no token is asked for, only the name that was asked tells.
 */
export function checkLocalName({ host = '' }: IncomingHttpHeaders): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isLocalHost(name)) return;
  throw new Failure(
    'forbidden',
    `without a token, requests must be sent to localhost, 127.0.0.1 or [::1], got Host: ${host === '' ? 'none' : host}`,
  );
}
