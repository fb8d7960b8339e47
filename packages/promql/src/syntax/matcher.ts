import { quoted } from './go-text.js';
import { labelNameText } from './label-name.js';
import { compilePattern, type LabelPattern } from './label-pattern.js';
import type { MatchOperator } from './token.js';

/** One condition of a selector. A label that a series lacks has the empty value. */
export class Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
  readonly #pattern: LabelPattern | undefined;

  /** Throws an error with Go's text when `value` should be a regular expression and is none. */
  constructor(name: string, operator: MatchOperator, value: string) {
    this.name = name;
    this.operator = operator;
    this.value = value;
    this.#pattern = operator === '=~' || operator === '!~' ? compilePattern(value) : undefined;
  }

  matches(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.value;
      case '!=':
        return value !== this.value;
      case '=~':
        return this.#pattern!.matches(value);
      case '!~':
        return !this.#pattern!.matches(value);
    }
  }

  /** The only values that a regular expression matches, if it is a list of words, so that a store can look them up. */
  get values(): readonly string[] | undefined {
    return this.operator === '=' ? [this.value] : this.operator === '=~' ? this.#pattern!.words : undefined;
  }

  toString(): string {
    return `${labelNameText(this.name)}${this.operator}${quoted(this.value)}`;
  }
}
