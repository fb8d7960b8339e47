export interface HistoryMatch {
  readonly index: number;
  /** Where in the entry the text stands. */
  readonly offset: number;
}

/** The next entry that has the text, from `from` on, upwards or downwards. Letters match in both cases, as SQL's do. */
export function searchHistory(
  entries: readonly string[],
  text: string,
  from: number,
  step: 1 | -1,
): HistoryMatch | undefined {
  if (text === '') return undefined;
  const wanted = text.toLowerCase();
  const shown = entries[from - step];
  for (let index = from; index >= 0 && index < entries.length; index += step) {
    const offset = entries[index]!.toLowerCase().indexOf(wanted);
    // The same text once more is no other match.
    if (offset >= 0 && entries[index] !== shown) return { index, offset };
  }
  return undefined;
}
