/** Labels that say what went wrong with a line. */
export const ERROR_LABEL = '__error__';
export const ERROR_DETAILS_LABEL = '__error_details__';

/** Set beside an error that the query asks for, so that a metric query does not fail for it. */
export const PRESERVE_ERROR_LABEL = '__preserve_error__';

/** What the name of a parsed field ends with when the stream or its structured metadata has a label of that name. */
export const DUPLICATE_SUFFIX = '_extracted';

const stray = /[^a-zA-Z0-9_]/gu;

/** A field's name as the name of a label: other characters become underscores. Empty for a blank name. */
export function labelNameOf(field: string): string {
  const name = field.trim();
  if (name === '') return '';
  return `${/^[0-9]/.test(name) ? '_' : ''}${name.replaceAll(stray, '_')}`;
}
