// The word that names a database → may a file of this name be made? A mistyped command (`otelduck server`) or path
// (`otelduck serve shop`) must not silently become a new file.

import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { nearestName } from '../base/nearest-name.js';

/** Characters of paths that no command has: `telemetry.duckdb`, `./server`, `:memory:`, `md:shop`. */
const PATH_LIKE = /[./\\:]/;

export interface NamedDatabase {
  readonly word: string;
  /** Command with this argument. */
  readonly command: 'otelduck' | 'otelduck serve' | 'otelduck dev';
  /** Commands that could have been meant. */
  readonly commands?: readonly string[];
}

/** Streams to ask a person. */
export interface Person {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * Whether the database may be opened, and created if the file does not exist. Asks about an unclear word. Rejects if there is nobody
 * to ask.
 */
export async function mayBeOpened(named: NamedDatabase, person: Person | undefined): Promise<boolean> {
  const { word, command } = named;
  const unclear = unclearWord(named);
  if (unclear === undefined) return true;
  if (person !== undefined) return agrees(`${unclear}. Make a database of this name?`, person);
  throw new Error(`${unclear}; a new database of this name is made by: ${command} ./${word}`);
}

/** Why a word is unclear that names neither a command nor a file; undefined if it is clear. */
export function unclearWord({ word, commands }: Pick<NamedDatabase, 'word' | 'commands'>): string | undefined {
  if (PATH_LIKE.test(word) || existsSync(word)) return undefined;
  if (commands === undefined) return `there is no file ${word}`;
  const nearest = nearestName(word, commands);
  const hint = nearest === undefined ? '' : ` (did you mean otelduck ${nearest}?)`;
  return `${word} is no command and no file${hint}`;
}

/** Asks a person. Everything except yes means no. */
export async function agrees(question: string, { input, output }: Person): Promise<boolean> {
  const asking = createInterface({ input, output, terminal: false });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
