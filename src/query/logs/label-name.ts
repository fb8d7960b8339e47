// Names of attributes → names of labels, by Loki's rules for what comes as OTLP.

/** Names that are kept. Senders have some hundred; one that makes names up costs time from here on, not memory. */
const MAX_KNOWN_NAMES = 10_000;

/** Empty for an attribute that gives none. */
const known = new Map<string, string>();

/** The label of an attribute; undefined where no letter or digit is left of its name. */
export function labelName(attribute: string): string | undefined {
  let name = known.get(attribute);
  if (name === undefined) {
    if (known.size >= MAX_KNOWN_NAMES) known.clear();
    name = normalized(attribute);
    known.set(attribute, name);
  }
  return name === '' ? undefined : name;
}

/** What is no ASCII letter or digit becomes `_`, a run of them one; `__name__` keeps its outer underscores. */
function normalized(attribute: string): string {
  const reserved = /^__(.*)__$/s.exec(attribute)?.[1];
  const inner = (reserved ?? attribute).replaceAll(/[^A-Za-z0-9]+/g, '_');
  if (!/[A-Za-z0-9]/.test(inner)) return '';
  if (reserved !== undefined) return `__${inner}__`;
  return /^\d/.test(inner) ? `key_${inner}` : inner;
}
