import { DUPLICATE_SUFFIX, ERROR_LABEL } from './label-names.js';
import type { LabelsBuilder } from './labels-builder.js';

/** A filter on one label, by which a line is dropped as soon as the label is known. */
export interface EarlyFilter {
  readonly label: string;
  passes(labels: LabelsBuilder): boolean;
}

/** What parsers may leave out. The labels that a metric query groups by, filters and unwraps are all that it needs. */
export interface HintOptions {
  /** Labels that are looked at; empty for all. */
  readonly required: readonly string[];
  /** No label is looked at. */
  readonly needsNone: boolean;
  readonly filters: readonly EarlyFilter[];
}

export class ParserHints {
  static readonly none = (): ParserHints => new ParserHints({ required: [], needsNone: false, filters: [] });

  /** The query looks at errors, so that they do not make it fail. */
  readonly keepsErrors: boolean;
  readonly #required: readonly string[];
  readonly #needsNone: boolean;
  readonly #filters: readonly EarlyFilter[];
  readonly #extracted = new Set<string>();

  constructor({ required, needsNone, filters }: HintOptions) {
    // A field that is found to need the suffix was looked for without it.
    const names = required.flatMap((name) =>
      name.endsWith(DUPLICATE_SUFFIX) ? [name, name.slice(0, -DUPLICATE_SUFFIX.length)] : [name],
    );
    this.#required = [...new Set(names)].filter((name) => name !== '');
    this.#needsNone = needsNone;
    this.#filters = filters;
    this.keepsErrors = this.#required.includes(ERROR_LABEL);
  }

  reset(): void {
    if (this.#extracted.size > 0) this.#extracted.clear();
  }

  recordExtracted(name: string): void {
    this.#extracted.add(name);
  }

  /** The first parser to find a field keeps it. */
  isWanted(name: string): boolean {
    return (this.#required.length === 0 || this.#required.includes(name)) && !this.#extracted.has(name);
  }

  isPrefixWanted(prefix: string): boolean {
    return this.#required.length === 0 || this.#required.some((name) => name.startsWith(prefix));
  }

  /** Nothing is left to look for. */
  get isComplete(): boolean {
    return this.#required.length > 0 && this.#required.every((name) => this.#extracted.has(name));
  }

  get needsNothing(): boolean {
    return this.#needsNone || this.isComplete;
  }

  /** Whether a line can still pass, now that a label is known. */
  canPass(name: string, labels: LabelsBuilder): boolean {
    for (const filter of this.#filters) if (filter.label === name) return filter.passes(labels);
    return true;
  }
}
