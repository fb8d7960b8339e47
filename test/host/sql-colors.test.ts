import { expect, test } from 'vitest';
import { sqlPieces } from '../../src/host/shell/sql-colors.js';

const keywords = new Set(['select', 'from', 'where']);
const marks = { keyword: 'K', literal: 'L', comment: 'C', plain: '' };

for (const [sql, expected] of [
  ["SELECT a1, 'it''s' FROM t", "K(SELECT) a1, L('it''s') K(FROM) t"],
  ['select 1.5e3, t.1, x2', 'K(select) L(1.5e3), t.1, x2'],
  ['"from" where', '"from" K(where)'],
  ['a -- from\nfrom /* where', 'a C(-- from)\nK(from) C(/* where)'],
  ["'not closed from", "L('not closed from)"],
  ['$x$ from $y$ $x$ $1', 'L($x$ from $y$ $x$) $1'],
  ["e'\\n' été fromage", "L(e'\\n') été fromage"],
  ['.read select', '.read select'],
] as const) {
  test(sql, () => {
    const pieces = sqlPieces(sql, keywords);
    expect(pieces.map(({ kind, text }) => (kind === 'plain' ? text : `${marks[kind]}(${text})`)).join('')).toBe(
      expected,
    );
    expect(pieces.map(({ text }) => text).join('')).toBe(sql);
  });
}
