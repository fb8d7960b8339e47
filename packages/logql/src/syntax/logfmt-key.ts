/** The key that an expression of `| logfmt` names: a word, or a text in quotes. Throws an error with Loki's text. */
export function parseLogfmtKey(expression: string): string {
  const text = expression.trim();
  const word = /^[A-Za-z_][A-Za-z0-9_]*$/.exec(text)?.[0];
  const quoted = /^"([^"\]]*)(?:["\]]|$)$/.exec(text)?.[1];
  const key = word ?? quoted;
  if (key !== undefined) return key;
  const [character] = /[^A-Za-z0-9_"\s]/u.exec(text) ?? [];
  if (character !== undefined) throw new Error(`unexpected char ${character}`);
  throw new Error(
    text === '' ? 'syntax error: unexpected $end, expecting STRING or KEY' : 'syntax error: unexpected KEY',
  );
}
