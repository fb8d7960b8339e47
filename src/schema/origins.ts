// The origins of pages that may send, as an option names them.

import { SqlError } from '../base/sql-error.js';

/** A scheme, a host and perhaps a port. What browsers send never has a path, a user or a slash at its end. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/i;

/** Every origin, or those listed, spelled as browsers spell them. Throws what the option `name` has to be. */
export function allowedOrigins(name: string, text: string): '*' | ReadonlySet<string> {
  if (text.trim() === '*') return '*';
  return new Set(text.split(',').map((item) => origin(name, item.trim())));
}

function origin(name: string, text: string): string {
  if (!ORIGIN.test(text) || text.includes('*') || (/^https?:/i.test(text) && !URL.canParse(text))) {
    throw new SqlError(
      'OTLP_ARGUMENT_INVALID',
      `${name} must be '*' or origins such as 'https://shop.example', with commas between, got '${text}'`,
    );
  }
  // Browsers leave out a default port. Of schemes that are not the web's, such as an app's own, they change nothing.
  return /^https?:/i.test(text) ? new URL(text).origin : text;
}
