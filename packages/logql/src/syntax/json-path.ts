/** Names of fields and numbers of elements, from the outside in. */
export type JsonPath = readonly (string | number)[];

/** Tokens as Loki's errors name them. A character that begins none ends the expression. */
type JsonPathToken =
  | { readonly kind: 'DOT' | 'LSB' | 'RSB' | '$end' }
  | { readonly kind: 'FIELD' | 'STRING' | 'INDEX'; readonly text: string };

const pattern = /[ \t\n]*(?:([.[\]])|"([^"\]]*)["\]]?|(\d+)(?=[ \t\n\]])|([A-Za-z_][A-Za-z0-9_]*))/y;
const signs = { '.': 'DOT', '[': 'LSB', ']': 'RSB' } as const;

/** `servers[0]["User-Agent"].name`. Throws an error with Loki's text. */
export function parseJsonPath(expression: string): JsonPath {
  const tokens = tokensOf(expression);
  const path: (string | number)[] = [];
  let at = 0;
  const take = (...expected: readonly JsonPathToken['kind'][]): JsonPathToken => {
    const token = tokens[at++]!;
    if (expected.includes(token.kind)) return token;
    const hint = expected.includes('$end') ? '' : `, expecting ${expected.join(' or ')}`;
    throw new Error(`syntax error: unexpected ${token.kind}${hint}`);
  };
  let token = take('LSB', 'FIELD');
  while (token.kind !== '$end') {
    if (token.kind === 'DOT') token = take('FIELD');
    if (token.kind === 'FIELD') path.push(token.text);
    else {
      const step = take('STRING', 'INDEX');
      if (step.kind === 'STRING') path.push(step.text);
      else if (step.kind === 'INDEX') path.push(Number(step.text));
      take('RSB');
    }
    token = take('DOT', 'LSB', '$end');
  }
  return path;
}

function tokensOf(expression: string): JsonPathToken[] {
  const tokens: JsonPathToken[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(expression); match !== null; match = pattern.exec(expression)) {
    const [, sign, text, index, field] = match;
    if (sign !== undefined) tokens.push({ kind: signs[sign as keyof typeof signs] });
    else if (text !== undefined) tokens.push({ kind: 'STRING', text });
    else if (index !== undefined) tokens.push({ kind: 'INDEX', text: index });
    else tokens.push({ kind: 'FIELD', text: field! });
  }
  tokens.push({ kind: '$end' });
  return tokens;
}
