// JSON of attributes → keys and values as texts. JSON.parse would lose the last digits of large integers. Ours is canonical; what
// others have written may have spaces.

/**
 * Keys and values in the order of the text, which is the order of keys where it is canonical. A string is its content; an object, an array or a number
 * is its JSON. An attribute with no value is empty.
 */
export function attributeTexts(json: string | undefined): [key: string, value: string][] {
  const found: [string, string][] = [];
  if (json === undefined || json === '') return found;
  let at = behindSpaces(json, behindSpaces(json, 0) + 1);
  while (at < json.length && json[at] !== '}') {
    const keyEnd = endOfString(json, at);
    const key = JSON.parse(json.slice(at, keyEnd)) as string;
    const valueStart = behindSpaces(json, behindSpaces(json, keyEnd) + 1);
    at = endOfValue(json, valueStart);
    found.push([key, valueText(json.slice(valueStart, at).trimEnd())]);
    if (json[at] === ',') at = behindSpaces(json, at + 1);
  }
  return found;
}

/** The elements of an array, each as its JSON. */
export function elementTexts(json: string): string[] {
  const found: string[] = [];
  let at = behindSpaces(json, behindSpaces(json, 0) + 1);
  while (at < json.length && json[at] !== ']') {
    const start = at;
    at = endOfValue(json, start);
    found.push(json.slice(start, at).trimEnd());
    if (json[at] === ',') at = behindSpaces(json, at + 1);
  }
  return found;
}

/** From a place on, the first that is no white space of JSON. */
function behindSpaces(json: string, start: number): number {
  let at = start;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\t' || json[at] === '\r') at++;
  return at;
}

function valueText(json: string): string {
  if (json.startsWith('"')) return JSON.parse(json) as string;
  if (json === 'null') return '';
  // As Go prints it, and with it Prometheus.
  return json === '-0.0' ? '-0' : json;
}

/** Behind the closing quote of a string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** At the comma, brace or bracket behind a value. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const character = json[at]!;
    if (character === '"') {
      at = endOfString(json, at);
      continue;
    }
    if (depth === 0 && (character === ',' || character === '}' || character === ']')) return at;
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
    at++;
  }
  return at;
}
