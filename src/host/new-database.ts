// The word after `otelduck` → may a database file of this name be made? A mistyped command (`otelduck server`) must not
// silently become a file.

import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { nearestName } from '../base/nearest-name.js';

/** Words that nobody writes for a command: `telemetry.duckdb`, `./server`, `:memory:`, `md:shop`. */
const PATH_LIKE = /[./\\:]/;

/** What is unclear about a word that is the name of no command and of no file; undefined when it is clear. */
export function unclearWord(word: string, commands: readonly string[]): string | undefined {
  if (PATH_LIKE.test(word) || existsSync(word)) return undefined;
  const nearest = nearestName(word, commands);
  const hint = nearest === undefined ? '' : ` (did you mean otelduck ${nearest}?)`;
  return `${word} is no command and no file${hint}`;
}

export function refusal(word: string, unclear: string): string {
  return `${unclear}; a new database of this name is made by: otelduck ./${word}`;
}

/** Asks a person. What is not yes, is no. */
export async function agrees(question: string, input: Readable, output: Writable): Promise<boolean> {
  const asking = createInterface({ input, output, terminal: false });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
