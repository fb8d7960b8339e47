/** Parameters of a request, as texts: those of a form come before those of the URL. */
export class RequestValues {
  readonly #values: readonly URLSearchParams[];

  constructor(values: readonly URLSearchParams[]) {
    this.#values = values;
  }

  /** The first value, or an empty text. */
  text(name: string): string {
    for (const values of this.#values) {
      const value = values.get(name);
      if (value !== null) return value;
    }
    return '';
  }

  all(name: string): readonly string[] {
    return this.#values.flatMap((values) => values.getAll(name));
  }
}
