import { quoted } from '../syntax/go-text.js';
import { labelNameText, METRIC_NAME } from '../syntax/label-name.js';
import { hasStrayBytes } from '../syntax/string-literal.js';

export type Label = readonly [name: string, value: string];

/** Labels that say what a metric is instead of which series it is. Whatever changes the values drops them. */
const METADATA_LABELS = new Set([METRIC_NAME, '__type__', '__unit__']);

/** The labels of a series: sorted by name, without empty values, never changed. */
export class Labels {
  static readonly none = new Labels([]);

  readonly entries: readonly Label[];
  #key: string | undefined;

  private constructor(entries: readonly Label[]) {
    this.entries = entries;
  }

  /** Labels in any order. A later value for a name wins, and an empty value stands for no label. */
  static of(labels: Iterable<Label> | Readonly<Record<string, string>>): Labels {
    return Labels.#sorted(Symbol.iterator in labels ? [...labels] : Object.entries(labels));
  }

  /** Takes the array over. Millions of lines have labels of their own, so nothing else is made for them. */
  static #sorted(entries: Label[]): Labels {
    // Stable, so that of equal names the last one stays the last.
    entries.sort(([left], [right]) => (left < right ? -1 : left === right ? 0 : 1));
    let kept = 0;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      if (entry[1] === '' || entry[0] === entries[index + 1]?.[0]) continue;
      entries[kept++] = entry;
    }
    entries.length = kept;
    return new Labels(entries);
  }

  /** Text that only equal labels share. */
  get key(): string {
    this.#key ??= keyOf(this.entries);
    return this.#key;
  }

  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  /** Empty for a label that is not there. */
  get(name: string): string {
    for (const [each, value] of this.entries) if (each === name) return value;
    return '';
  }

  has(name: string): boolean {
    return this.entries.some(([each]) => each === name);
  }

  /** Only labels with one of the names. */
  keep(names: readonly string[]): Labels {
    return new Labels(this.entries.filter(([name]) => names.includes(name)));
  }

  drop(names: readonly string[]): Labels {
    if (!this.entries.some(([name]) => names.includes(name))) return this;
    return new Labels(this.entries.filter(([name]) => !names.includes(name)));
  }

  dropMetadata(): Labels {
    if (!this.entries.some(([name]) => METADATA_LABELS.has(name))) return this;
    return new Labels(this.entries.filter(([name]) => !METADATA_LABELS.has(name)));
  }

  /** With the values given; an empty one removes the label. */
  with(changes: Iterable<Label>): Labels {
    return Labels.#sorted([...this.entries, ...changes]);
  }

  /** `{__name__="up", job="a"}`, as errors name a series. */
  toString(): string {
    return `{${this.entries.map(([name, value]) => `${labelNameText(name)}=${quoted(value)}`).join(', ')}}`;
  }
}

export function isLabelName(name: string): boolean {
  return name !== '' && !hasStrayBytes(name);
}

/** The labels that two series must share to belong together, as text. `on` names them, otherwise it leaves them out. */
export function signatureOf(labels: Labels, names: readonly string[], on: boolean): string {
  return keyOf(labels.entries.filter(([name]) => names.includes(name) === on));
}

/** Order of label sets: name by name and value by value; a prefix comes first. */
export function compareLabels(left: Labels, right: Labels): number {
  const length = Math.min(left.entries.length, right.entries.length);
  for (let index = 0; index < length; index++) {
    const [leftName, leftValue] = left.entries[index]!;
    const [rightName, rightValue] = right.entries[index]!;
    if (leftName !== rightName) return leftName < rightName ? -1 : 1;
    if (leftValue !== rightValue) return leftValue < rightValue ? -1 : 1;
  }
  return left.entries.length - right.entries.length;
}

/** No name or value can hold the separators by accident: their lengths stand in front of them. */
function keyOf(entries: readonly Label[]): string {
  let key = '';
  for (const [name, value] of entries) key += `${name.length}:${name}${value.length}:${value}`;
  return key;
}
