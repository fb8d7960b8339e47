// Who is asked for together. A thousand tails that were opened at once asked for a thousand histories in one question, and nobody got
// what came until all of them had been read.

import { expect, test } from 'vitest';
import { MAX_HISTORIES, nextNewcomers, tailsOf } from '../../../src/query/api/loki/tail-groups.js';
import type { TailQuery } from '../../../src/query/api/loki/tail-question.js';

const asking = (query: string, startNs?: bigint): { readonly query: TailQuery } => ({
  query: { query, encoding: 'merged', ...(startNs !== undefined && { history: { startNs, limit: 10 } }) },
});

test('few histories are read at a time, each for all who want it, and the longest-waiting come first', () => {
  const alone = Array.from({ length: MAX_HISTORIES + 4 }, (_, i) => asking('{a="b"}', BigInt(i)));
  const alike = asking('{a="b"}', 0n);
  const first = nextNewcomers([...alone, alike]);
  expect([...first]).toEqual([...alone.slice(0, MAX_HISTORIES), alike]);
  expect([...nextNewcomers(alone.slice(MAX_HISTORIES))]).toEqual(alone.slice(MAX_HISTORIES));
});

test('a query is asked once for all who follow it, and apart for those who want its history', () => {
  const [one, other, another] = [asking('{a="b"}', 1n), asking('{a="b"}', 2n), asking('{a="c"}', 1n)];
  const newcomer = asking('{a="b"}', 3n);
  expect(tailsOf([one, other, another], [newcomer])).toEqual([
    { query: { query: '{a="b"}', encoding: 'merged' }, readers: [one, other] },
    { query: { query: '{a="c"}', encoding: 'merged' }, readers: [another] },
    { query: newcomer.query, readers: [newcomer] },
  ]);
});
