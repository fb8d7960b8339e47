import { Char, isSpace } from './char.js';

/**
 * The path of the value at or around `target`, such as `resourceLogs[0].resource`, in a document that is well-formed
 * up to there. For errors: they are rare, so no path is kept while values are read.
 */
export function pathAt(bytes: Uint8Array, start: number, target: number): string {
  /** Of each object and array that is open: the name of the member, or the index of the element, being read. */
  const steps: (string | number)[] = [];
  for (let at = start; at < target; at++) {
    const byte = bytes[at]!;
    if (byte === Char.Quote) {
      const nameStart = at + 1;
      at = stringEnd(bytes, at, target);
      const isName = typeof steps.at(-1) === 'string' && bytes[spaceEnd(bytes, at + 1)] === Char.Colon;
      if (isName) steps[steps.length - 1] = Buffer.from(bytes.subarray(nameStart, at)).toString();
    } else if (byte === Char.OpenBrace) {
      steps.push('');
    } else if (byte === Char.OpenBracket) {
      steps.push(0);
    } else if (byte === Char.CloseBrace || byte === Char.CloseBracket) {
      steps.pop();
    } else if (byte === Char.Comma) {
      const index = steps.at(-1);
      if (typeof index === 'number') steps[steps.length - 1] = index + 1;
    }
  }
  // Inside a name there is no member yet.
  const path = steps
    .filter((step) => step !== '')
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('');
  return path === '' ? 'the document' : path.replace(/^\./, '');
}

function stringEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start + 1;
  while (at < limit && bytes[at] !== Char.Quote) at += bytes[at] === Char.Backslash ? 2 : 1;
  return at;
}

function spaceEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(bytes[at]!)) at++;
  return at;
}
