// An error of a serve function → the same, with what the command's user can do about it.

import { messageOf } from '../base/failure.js';
import { redacted } from '../base/redaction.js';

/** `statement` is what was run: DuckDB quotes it in its errors from anywhere on, from the middle of a token too. */
export function startError(error: unknown, statement: string): Error {
  const message = redacted(messageOf(error), statement);
  const hint = '; --uri and --grpc name other addresses, and --grpc none opens no second listener';
  return new Error(message.replace(/cannot listen on .*: address already in use/, `$&${hint}`), { cause: error });
}
