/** Characters of a value that a panel shows: more of them nobody reads, and a browser takes seconds to break a megabyte into lines. */
export const MAX_VALUE = 5000;

export function limited(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
