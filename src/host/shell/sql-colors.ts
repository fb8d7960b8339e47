// SQL as it is typed → pieces, each of one kind, for colours. Wrong at worst in a colour, never in what is run.

export type SqlPieceKind = 'keyword' | 'literal' | 'comment' | 'plain';

export interface SqlPiece {
  readonly kind: SqlPieceKind;
  readonly text: string;
}

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<literal>[eE]?'(?:[^']|'')*(?:'|$)|\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$)|(?<![\w$.])\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)`,
    '(?<quoted>"(?:[^"]|"")*(?:"|$))',
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
  ].join('|'),
  'gu',
);

/** Splits SQL, or leaves a dot command in one piece. `keywords` are in lower case. */
export function sqlPieces(text: string, keywords: ReadonlySet<string>): SqlPiece[] {
  if (/^\s*\./.test(text)) return [{ kind: 'plain', text }];
  const pieces: SqlPiece[] = [];
  let plainFrom = 0;
  for (const { 0: token, index, groups } of text.matchAll(TOKEN)) {
    const kind = kindOf(groups!, keywords);
    if (kind === 'plain') continue;
    if (index > plainFrom) pieces.push({ kind: 'plain', text: text.slice(plainFrom, index) });
    pieces.push({ kind, text: token });
    plainFrom = index + token.length;
  }
  if (plainFrom < text.length) pieces.push({ kind: 'plain', text: text.slice(plainFrom) });
  return pieces;
}

function kindOf(
  { comment, literal, word }: Readonly<Record<string, string | undefined>>,
  keywords: ReadonlySet<string>,
): SqlPieceKind {
  if (comment !== undefined) return 'comment';
  if (literal !== undefined) return 'literal';
  return word !== undefined && keywords.has(word.toLowerCase()) ? 'keyword' : 'plain';
}
