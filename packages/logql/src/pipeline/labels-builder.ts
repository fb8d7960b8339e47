import { type Label, Labels } from '#promql/data/labels';
import { DUPLICATE_SUFFIX, ERROR_DETAILS_LABEL, ERROR_LABEL, PRESERVE_ERROR_LABEL } from './label-names.js';
import type { ParserHints } from './parser-hints.js';

/** Labels of one line, by where they come from. Values may be empty. */
export interface CategorizedLabels {
  readonly stream: readonly Label[];
  readonly metadata: readonly Label[];
  readonly parsed: readonly Label[];
}

/** What is kept about the labels of a stream. */
interface StreamLabels {
  readonly labels: Labels;
  readonly values: ReadonlyMap<string, string>;
}

/** What went wrong with a line: the kind and, if there is more to say, the text. */
export type LineError =
  | 'JSONParserErr'
  | 'LogfmtParserErr'
  | 'SampleExtractionErr'
  | 'LabelFilterErr'
  | 'TemplateFormatErr';

/**
 * The labels of the line that is being processed. A parsed label hides one of the structured metadata, which hides one of
 * the stream. Used again for each line, so that unchanged labels cost nothing.
 */
export class LabelsBuilder {
  readonly hints: ParserHints;
  error = '';
  errorDetails = '';
  readonly #streams = new WeakMap<Labels, StreamLabels>();
  readonly #parsed = new Map<string, string>();
  /** Names that the stream has no more. */
  readonly #deleted = new Set<string>();
  /** Names that the structured metadata has no more. */
  readonly #hidden = new Set<string>();
  #stream: StreamLabels | undefined;
  #metadata: readonly Label[] = [];

  constructor(hints: ParserHints) {
    this.hints = hints;
  }

  /** Begins with another line. */
  reset(stream: Labels, metadata: Labels): void {
    if (this.#parsed.size > 0) this.#parsed.clear();
    if (this.#deleted.size > 0) this.#deleted.clear();
    if (this.#hidden.size > 0) this.#hidden.clear();
    this.error = '';
    this.errorDetails = '';
    this.hints.reset();
    if (this.#stream?.labels !== stream) this.#stream = this.#streamLabels(stream);
    this.#metadata = metadata === Labels.none ? metadata.entries : this.#metadataOf(metadata);
  }

  /** The labels are those that the line came with. */
  get isUnchanged(): boolean {
    return !this.hasError && this.#parsed.size === 0 && this.#deleted.size === 0 && this.#hidden.size === 0;
  }

  get hasError(): boolean {
    return this.error !== '';
  }

  /** Undefined for a label that is not there. Errors are no labels to this. */
  get(name: string): string | undefined {
    const parsed = this.#parsed.get(name);
    if (parsed !== undefined) return parsed;
    const metadata = this.#metadataValue(name);
    if (metadata !== undefined) return metadata;
    return this.#deleted.has(name) ? undefined : this.#streamValues.get(name);
  }

  /** The label's value, or that of the error of that name; empty if there is none. */
  valueOf(name: string): string {
    return name === ERROR_LABEL ? this.error : (this.get(name) ?? '');
  }

  /** The name under which a parsed field is kept: another one beside a label that the line came with. */
  nameForParsed(name: string): string {
    return this.hasOriginal(name) ? name + DUPLICATE_SUFFIX : name;
  }

  hasOriginal(name: string): boolean {
    return this.#streamValues.has(name) || this.#metadataValue(name) !== undefined;
  }

  setParsed(name: string, value: string): void {
    if (this.#metadata.length > 0) this.#hidden.add(name);
    this.#parsed.set(name, value);
    this.hints.recordExtracted(name);
  }

  delete(name: string): void {
    this.#parsed.delete(name);
    this.#hidden.add(name);
    this.#deleted.add(name);
  }

  /** The error of a parser. It is kept as it is asked for. */
  fail(error: LineError, details: string | undefined): void {
    this.error = error;
    if (details !== undefined) this.errorDetails = details;
    if (this.hints.keepsErrors) this.setParsed(PRESERVE_ERROR_LABEL, 'true');
  }

  /** The error of a filter, unless there is one that tells more. */
  failUnlessFailed(error: LineError, details: string): void {
    if (this.hasError) return;
    this.error = error;
    this.errorDetails = details;
  }

  /** All labels by name, errors included. */
  values(): Map<string, string> {
    const values = new Map(this.#streamValues);
    for (const name of this.#deleted) values.delete(name);
    for (const [name, value] of this.#metadata) if (!this.#hidden.has(name)) values.set(name, value);
    for (const [name, value] of this.#parsed) values.set(name, value);
    for (const [name, value] of this.#errors()) values.set(name, value);
    return values;
  }

  names(): Iterable<string> {
    return this.values().keys();
  }

  categorized(): CategorizedLabels {
    const metadata = this.#metadata.filter(([name]) => !this.#hidden.has(name));
    const isCovered = (name: string) =>
      this.#deleted.has(name) || this.#parsed.has(name) || metadata.some(([each]) => each === name);
    return {
      stream: this.#stream!.labels.entries.filter(([name]) => !isCovered(name)),
      metadata,
      parsed: [...this.#parsed, ...this.#errors()],
    };
  }

  #errors(): Label[] {
    const errors: Label[] = [];
    if (this.error !== '') errors.push([ERROR_LABEL, this.error]);
    // Details alone are told only beside other changes, as in Loki.
    if (this.errorDetails !== '' && this.#isChanged) errors.push([ERROR_DETAILS_LABEL, this.errorDetails]);
    return errors;
  }

  get #isChanged(): boolean {
    return this.hasError || this.#parsed.size > 0 || this.#deleted.size > 0 || this.#metadata.length > 0;
  }

  get #streamValues(): ReadonlyMap<string, string> {
    return this.#stream!.values;
  }

  #metadataValue(name: string): string | undefined {
    for (const [each, value] of this.#metadata) {
      if (each === name) return this.#hidden.has(name) ? undefined : value;
    }
    return undefined;
  }

  #streamLabels(labels: Labels): StreamLabels {
    const known = this.#streams.get(labels);
    if (known !== undefined) return known;
    const stream = { labels, values: new Map(labels.entries) };
    this.#streams.set(labels, stream);
    return stream;
  }

  #metadataOf(metadata: Labels): readonly Label[] {
    const { values } = this.#stream!;
    let entries = metadata.entries;
    // Most lines have metadata of their own, so that it is not worth keeping what was made of it.
    if (entries.some(([name]) => values.has(name))) {
      entries = entries.map(([name, value]) => [values.has(name) ? name + DUPLICATE_SUFFIX : name, value]);
    }
    if (!metadata.has(ERROR_LABEL) && !metadata.has(ERROR_DETAILS_LABEL)) return entries;
    this.error = metadata.get(ERROR_LABEL);
    this.errorDetails = metadata.get(ERROR_DETAILS_LABEL);
    return entries.filter(([name]) => name !== ERROR_LABEL && name !== ERROR_DETAILS_LABEL);
  }
}
