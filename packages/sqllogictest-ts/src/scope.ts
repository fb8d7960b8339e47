// The names that a record's text may use: loop variables, `let` and environment variables, and the directories of the
// run. A concurrent round works on its own scope, so a `let` in it is seen by that round alone.

/** Where the text goes: SQL and paths take values as they are, regular expressions take them literally. */
export type SubstitutionTarget = 'text' | 'regex';

export class Scope {
  readonly #loopVariables = new Map<string, string>();
  readonly #variables = new Map<string, string>();
  readonly #environment = new Map<string, string>();
  readonly #keywords: ReadonlyMap<string, string>;
  readonly #givenNames: ReadonlyMap<string, string>;

  /** `keywords` are replaced as they stand (`__TEST_DIR__`), `givenNames` as `{NAME}` and `${NAME}`. */
  constructor(keywords: ReadonlyMap<string, string>, givenNames: ReadonlyMap<string, string>) {
    this.#keywords = keywords;
    this.#givenNames = givenNames;
  }

  /** A scope that starts with the same names and shares none of the later changes. */
  fork(): Scope {
    const scope = new Scope(this.#keywords, this.#givenNames);
    for (const [name, value] of this.#loopVariables) scope.#loopVariables.set(name, value);
    for (const [name, value] of this.#variables) scope.#variables.set(name, value);
    for (const [name, value] of this.#environment) scope.#environment.set(name, value);
    return scope;
  }

  setLoopVariable(name: string, value: string): void {
    this.#loopVariables.set(name, value);
  }

  deleteLoopVariable(name: string): void {
    this.#loopVariables.delete(name);
  }

  loopVariable(name: string): string | undefined {
    // DuckDB lowers a condition before it looks it up, so its files write conditions in any case.
    const wanted = name.toLowerCase();
    for (const [variable, value] of this.#loopVariables) if (variable.toLowerCase() === wanted) return value;
    return undefined;
  }

  setVariable(name: string, value: string): void {
    this.#variables.set(name, value);
  }

  setEnvironmentVariable(name: string, value: string): void {
    this.#environment.set(name, value);
  }

  hasEnvironmentVariable(name: string): boolean {
    return this.#environment.has(name);
  }

  /** The text with loop variables in place, and nothing else. */
  substituteLoops(text: string): string {
    let result = text;
    for (const [name, value] of this.#loopVariables) result = replaceName(result, name, value);
    return result;
  }

  substitute(text: string, target: SubstitutionTarget = 'text'): string {
    const quoted = target === 'regex' ? quoteForRegex : (value: string) => value;
    let result = this.substituteLoops(text);
    for (const [name, value] of this.#variables) result = result.replaceAll(`\${${name}}`, () => quoted(value));
    for (const [name, value] of [...this.#environment, ...this.#givenNames]) {
      result = replaceName(result, name, quoted(value));
    }
    for (const [keyword, value] of this.#keywords) result = result.replaceAll(keyword, () => quoted(value));
    return result;
  }
}

/** DuckDB's older files write `${name}`, its newer ones `{name}`. */
function replaceName(text: string, name: string, value: string): string {
  return text.replaceAll(`\${${name}}`, () => value).replaceAll(`{${name}}`, () => value);
}

function quoteForRegex(value: string): string {
  return value.replaceAll(/[\\^$.|?*+()[\]{}]/g, (character) => `\\${character}`);
}
