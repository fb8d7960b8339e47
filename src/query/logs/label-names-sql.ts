// Whether the attributes of a row may give a label of a name, as SQL over their JSON text.

import { constantSql } from '../scan/constant-sql.js';

const ATTRIBUTE_COLUMNS = ['log_attributes', 'scope_attributes'];

/** SQL that is true of every row whose attributes give one of the labels, and of some others. */
export function mayHaveLabelSql(names: readonly string[]): string {
  return mayMatchSql(names.map(namePattern).join('|'));
}

/** SQL that is true of rows whose attributes match an expression. */
export function mayMatchSql(pattern: string): string {
  return `(${ATTRIBUTE_COLUMNS.map((column) => `regexp_matches(coalesce(${column}, ''), ${constantSql(pattern)})`).join(' OR ')})`;
}

/** The words of a name in their order: what joins them was any other character, or a map with other members before. */
function namePattern(name: string): string {
  const words = name.replace(/^key_(?=\d)/, '').match(/[A-Za-z0-9]+/g) ?? [];
  return `(?s:${words.join('.*')})`;
}
