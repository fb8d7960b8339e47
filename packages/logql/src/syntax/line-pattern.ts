/** A text, or a capture: named, or `_` for what is skipped. */
export type PatternPart = { readonly text: string } | { readonly capture: string };

/** What a pattern is for: `| pattern` names what it captures, the line filters `|>` and `!>` must not. */
export type PatternUse = 'parser' | 'filter';

const part = /<([A-Za-z_][A-Za-z0-9_]*)>|([^<]+|<)/g;

/** `<ip> - <_> "<method>"` → its parts. Throws an error with Loki's text. */
export function parseLinePattern(pattern: string, use: PatternUse): PatternPart[] {
  if (pattern === '' && use === 'filter') return [];
  const parts: PatternPart[] = [];
  for (const [, capture, text = ''] of pattern.matchAll(part)) {
    const last = parts.at(-1);
    if (capture !== undefined) parts.push({ capture });
    else if (last !== undefined && 'text' in last) parts[parts.length - 1] = { text: last.text + text };
    else parts.push({ text });
  }
  if (use === 'parser') checkNames(parts);
  else checkFilter(parts);
  return parts;
}

function checkNames(parts: readonly PatternPart[]): void {
  if (parts.length === 0) {
    throw new Error('parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL');
  }
  const names = parts.flatMap((each) => ('capture' in each && each.capture !== '_' ? [each.capture] : []));
  if (names.length === 0) throw new Error('at least one capture is required');
  refuseNeighbours(parts);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) throw new Error(`duplicate capture name (${name}): invalid expression`);
  }
}

function checkFilter(parts: readonly PatternPart[]): void {
  refuseNeighbours(parts);
  for (const each of parts) {
    if ('capture' in each && each.capture !== '_') {
      throw new Error(`named captures are not allowed: found '<${each.capture}>'`);
    }
  }
}

/** Nothing says where the first of two captures would end. */
function refuseNeighbours(parts: readonly PatternPart[]): void {
  for (const [index, each] of parts.entries()) {
    const next = parts[index + 1];
    if (next !== undefined && 'capture' in each && 'capture' in next) {
      throw new Error(`found consecutive capture '<${each.capture}><${next.capture}>': invalid expression`);
    }
  }
}
