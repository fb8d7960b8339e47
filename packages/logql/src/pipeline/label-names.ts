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

/** Names that are kept, so that a field which is in every line is not made a name of each time. */
const MAX_NAMES = 10_000;

/** `labelNameOf` for the fields of many lines. */
export class LabelNames {
  readonly #names = new Map<string, string>();

  of(field: string): string {
    let name = this.#names.get(field);
    if (name === undefined) {
      name = labelNameOf(field);
      if (this.#names.size < MAX_NAMES) this.#names.set(field, name);
    }
    return name;
  }
}
