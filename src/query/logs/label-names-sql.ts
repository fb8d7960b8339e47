// Whether the attributes of a row may give a label of a name, as SQL over their JSON text.

import { constantSql } from '../scan/constant-sql.js';

const ATTRIBUTE_COLUMNS = ['log_attributes', 'scope_attributes'];

/** SQL that is true of every row whose attributes give one of the labels, and of some others: those that hold its words. */
export function mayHaveLabelSql(names: readonly string[]): string {
  return mayHoldSql(names.map(wordsOf));
}

/** SQL that is true of every row whose attributes give the label one of the values, as JSON writes them, and of some others. */
export function mayHoldLabelSql(name: string, values: readonly string[]): string {
  // Names are in every row of a service, and values in few.
  return mayHoldSql(values.map((value) => [value, ...wordsOf(name)]));
}

function wordsOf(name: string): readonly string[] {
  return name.replace(/^key_(?=\d)/, '').match(/[A-Za-z0-9]+/g) ?? [];
}

/** SQL that is true of rows whose attributes hold all words of one of the lists. Looking for words is four times as fast as RE2. */
export function mayHoldSql(alternatives: readonly (readonly string[])[]): string {
  // A label without letters and digits in its name comes of no attribute.
  const possible = alternatives.filter((words) => words.length > 0);
  if (possible.length === 0) return 'false';
  const conditions = ATTRIBUTE_COLUMNS.flatMap((column) =>
    possible.map((words) => `(${words.map((word) => `contains(${column}, ${constantSql(word)})`).join(' AND ')})`),
  );
  return `(${conditions.map((condition) => `coalesce(${condition}, false)`).join(' OR ')})`;
}
