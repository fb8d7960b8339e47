// Who tails → what is asked for them at once: each query once, however many ask it, and few histories.

import type { TailQuery } from './tail-question.js';

/** Histories of one question. Each takes some statements, while all others wait for what has come. */
export const MAX_HISTORIES = 16;

interface Tailing {
  /** With the history that is wanted at first. */
  readonly query: TailQuery;
}

/** Those who get their history with the next question, the longest-waiting first. The others wait for one after it. */
export function nextNewcomers<Reader extends Tailing>(waiting: Iterable<Reader>): Set<Reader> {
  const histories = new Set<string>();
  const next = new Set<Reader>();
  for (const reader of waiting) {
    const key = keyOf(reader.query);
    if (!histories.has(key) && histories.size >= MAX_HISTORIES) continue;
    histories.add(key);
    next.add(reader);
  }
  return next;
}

/** Queries, each with all who ask the same: newcomers ask for history, and get no new rows. */
export function tailsOf<Reader extends Tailing>(
  following: Iterable<Reader>,
  newcomers: Iterable<Reader>,
): readonly { readonly query: TailQuery; readonly readers: readonly Reader[] }[] {
  const tails = new Map<string, { query: TailQuery; readers: Reader[] }>();
  const add = (reader: Reader, query: TailQuery) => {
    const key = keyOf(query);
    const tail = tails.get(key) ?? { query, readers: [] };
    tail.readers.push(reader);
    tails.set(key, tail);
  };
  for (const reader of following) {
    const { query, encoding } = reader.query;
    add(reader, { query, encoding });
  }
  for (const reader of newcomers) add(reader, reader.query);
  return [...tails.values()];
}

function keyOf({ query, encoding, history }: TailQuery): string {
  return JSON.stringify([query, encoding, history && [String(history.startNs), history.limit]]);
}
