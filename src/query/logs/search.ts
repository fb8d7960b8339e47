// A search query → SQL: which lines match, and how well (BM25).
//
// An index would have to follow every INSERT, which DuckDB's full-text extension does not, and DuckLake has none. So the
// window is scanned; that finds rows before their commit, too.

import { SqlError } from '../../base/sql-error.js';
import { constantSql } from '../scan/constant-sql.js';

/** Words and phrases of one query: each is searched for in every line. */
const MAX_TERMS = 32;

/** A word, which may go on behind its end, or several in a row. */
interface Term {
  /** As the text of lines is compared: in lower case, without accents. */
  readonly text: string;
  /** RE2 over that text. */
  readonly pattern: string;
}

/** Lines that have all terms and none of the excluded ones. */
interface Conjunction {
  readonly terms: readonly Term[];
  readonly excluded: readonly Term[];
}

/** Any of them. */
export type SearchQuery = readonly Conjunction[];

/** Letters and digits, in any script: RE2 calls only ASCII ones words. */
const WORD = String.raw`\pL\pM\pN_`;

/** `panic -test`, `"out of memory" OR oom`: words are joined by AND, which binds tighter than OR. Throws where none is searched for. */
export function parseSearch(query: string, caller: string): SearchQuery {
  const conjunctions: { terms: Term[]; excluded: Term[] }[] = [{ terms: [], excluded: [] }];
  for (const [token, , sign, phrase, word] of query.matchAll(/(\s*)(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    if (token.trim() === 'OR') {
      conjunctions.push({ terms: [], excluded: [] });
      continue;
    }
    const term = phrase === undefined ? wordTerm(word!) : phraseTerm(phrase);
    if (term === undefined || token.trim() === 'AND') continue;
    const { terms, excluded } = conjunctions.at(-1)!;
    (sign === '-' ? excluded : terms).push(term);
  }
  if (conjunctions.some(({ terms }) => terms.length === 0)) {
    throw invalid(`query of ${caller}() must have a word to search for on each side of OR, got ${query}`);
  }
  const count = conjunctions.reduce((sum, { terms, excluded }) => sum + terms.length + excluded.length, 0);
  if (count > MAX_TERMS) throw invalid(`query of ${caller}() may have ${MAX_TERMS} words and phrases, got ${count}`);
  return conjunctions;
}

function wordTerm(word: string): Term | undefined {
  const text = normalized(word.replace(/\*+$/, ''));
  return hasWord(text) ? { text, pattern: `(?:^|[^${WORD}])${escaped(text)}` } : undefined;
}

function phraseTerm(phrase: string): Term | undefined {
  const words = normalized(phrase).match(/[\p{L}\p{M}\p{N}_]+/gu);
  if (words === null) return undefined;
  // What stands between words does not count. The longest word is what is looked for first.
  const text = words.reduce((longest, word) => (word.length > longest.length ? word : longest));
  return { text, pattern: `(?:^|[^${WORD}])${words.map(escaped).join(`[^${WORD}]+`)}(?:$|[^${WORD}])` };
}

function hasWord(text: string): boolean {
  return /[\p{L}\p{N}_]/u.test(text);
}

/** As DuckDB's `lower(strip_accents(…))` writes it. */
function normalized(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .normalize('NFC')
    .toLowerCase();
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

export interface SearchSql {
  /** The relation that is searched, with a column `body`. It is read twice. */
  readonly rows: string;
  readonly maxRows: number;
  /** What stands before the score where scores are equal. */
  readonly orderBy: string;
}

/** How much a word's further occurrences count, and how much the length of a line does: what search engines take. */
const SATURATION = 1.2;
const LENGTH_WEIGHT = 0.75;

/** Rows with their score, the best first. */
export function searchSql(query: SearchQuery, { rows, maxRows, orderBy }: SearchSql): string {
  const terms = [...new Map(query.flatMap((each) => each.terms).map((term) => [term.pattern, term])).values()];
  const found = (term: Term) => `contains(__text, ${constantSql(term.text)})`;
  const matches = (term: Term) => `(${found(term)} AND regexp_matches(__text, ${constantSql(term.pattern)}))`;
  const condition = query
    .map(({ terms, excluded }) =>
      [...terms.map(matches), ...excluded.map((term) => `NOT ${matches(term)}`)].join(' AND '),
    )
    .map((conjunction) => `(${conjunction})`)
    .join(' OR ');
  const frequencies = terms.map((term, i) => `count(*) FILTER (WHERE ${found(term)}) AS __df${i}`);
  const score = terms.map((term, i) => {
    const times = `len(regexp_extract_all(__text, ${constantSql(term.pattern)}))`;
    const rarity = `ln(1 + (__lines - __df${i} + 0.5) / (__df${i} + 0.5))`;
    const length = `${1 - LENGTH_WEIGHT} + ${LENGTH_WEIGHT} * strlen(__text) / __length`;
    return `${rarity} * ${times} * ${SATURATION + 1} / (${times} + ${SATURATION} * (${length}))`;
  });
  const normalizedRows = `SELECT *, lower(strip_accents(body)) AS __text FROM (${rows}) WHERE body IS NOT NULL`;
  return `
    WITH collection AS (
      SELECT count(*) AS __lines, greatest(avg(strlen(__text)), 1) AS __length, ${frequencies.join(', ')} FROM (${normalizedRows})
    ),
    matching AS (SELECT * FROM (${normalizedRows}) WHERE ${condition})
    SELECT CAST(${score.join(' + ')} AS DOUBLE) AS score, matching.* EXCLUDE (__text)
    FROM matching, collection
    ORDER BY score DESC, ${orderBy} LIMIT ${maxRows}`;
}

function invalid(text: string): SqlError {
  return new SqlError('OTLP_ARGUMENT_INVALID', text);
}
