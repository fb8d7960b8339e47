// What a text must be so that it can be a token.

import { SqlError } from './sql-error.js';

export const MIN_TOKEN_CHARACTERS = 16;

/**
 * Throws unless clients can present the text as a token: HTTP strips spaces around a header's value and forbids
 * control characters in it. Such tokens usually come from a file that ends with a line break. The error does not quote the token.
 */
export function checkToken(name: string, token: string): void {
  if (token.length < MIN_TOKEN_CHARACTERS) {
    throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must be at least ${MIN_TOKEN_CHARACTERS} characters long`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const control = /[\u0000-\u001f\u007f]/.exec(token);
  if (control !== null) {
    const code = token.charCodeAt(control.index).toString(16).padStart(4, '0');
    throw new SqlError(
      'OTLP_ARGUMENT_INVALID',
      `${name} must not have line breaks or other control characters, got U+${code} at ${control.index + 1}`,
    );
  }
  if (token.trim() !== token) throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must not begin or end with a space`);
}
