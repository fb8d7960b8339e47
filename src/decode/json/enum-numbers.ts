/** Numbers by name of an enum whose values, in order from 0, are named `prefix` and the word given. */
export function enumNumbers(prefix: string, words: readonly string[]): ReadonlyMap<string, number> {
  return new Map(words.map((word, number) => [`${prefix}_${word}`, number]));
}
