// A condition more in a LogQL query.

export interface LogFilter {
  readonly name: string;
  readonly value: string;
  /** Labels choose streams; fields are looked at line by line. */
  readonly of: 'label' | 'field';
  readonly operator: '=' | '!=';
}

/** The query with the condition, or as it was where that is in it already. */
export function withFilter(query: string, { name, value, of, operator }: LogFilter): string {
  const condition = `${name}${operator}${JSON.stringify(value)}`;
  if (query.includes(condition)) return query;
  if (of === 'field') return `${query.trimEnd()} | ${condition}`;
  const close = endOfSelector(query);
  if (close === -1) return query;
  const inside = query.slice(query.indexOf('{') + 1, close).trim();
  // What only says "whatever it is" says nothing beside a condition on the same label.
  const others = inside === `${name}=~".+"` ? '' : inside;
  const selector = others === '' ? condition : `${others}, ${condition}`;
  return `${query.slice(0, query.indexOf('{'))}{${selector}${query.slice(close)}`;
}

/** The bracket that closes the first selector, not one inside a text. */
function endOfSelector(query: string): number {
  let quote: string | undefined;
  for (let at = query.indexOf('{'); at !== -1 && at < query.length; at++) {
    const char = query[at]!;
    if (quote === undefined) {
      if (char === '}') return at;
      if (char === '"' || char === '`') quote = char;
    } else if (char === '\\' && quote === '"') at++;
    else if (char === quote) quote = undefined;
  }
  return -1;
}

/** Whether a query is for lines, so that they can be counted. */
export function isLineQuery(query: string): boolean {
  return query.trimStart().startsWith('{');
}
