import { constantSql } from '../scan/constant-sql.js';

/** A member as an SQL literal that json_extract() takes: a JSON pointer (RFC 6901), in which "/" and "~" are escaped. */
export function pointerTo(name: string): string {
  return constantSql(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}
