export interface HistoryMatch {
  readonly index: number;
  /** Position of the text in the entry. */
  readonly offset: number;
}

/** Next entry that contains the text, searching from `from` in either direction. Case-insensitive, like SQL. */
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
    // A repeated text is not another match.
    if (offset >= 0 && entries[index] !== shown) return { index, offset };
  }
  return undefined;
}
