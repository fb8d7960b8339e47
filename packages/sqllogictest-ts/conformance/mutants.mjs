// Looks for false passes: spoils one expected value in each of N test files that DuckDB's runner passes, and tells which
// of these files pass all the same, or fail at another record.
//
//   node conformance/mutants.mjs FOLDER [--count N] [--seed N] [--workers N]

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseTestFile } from '../dist/sqllogictest.js';
import { givenPath, readTable, referenceOf } from './reference.mjs';
import { runFiles } from './run-files.mjs';

/** Longer files take minutes, and say nothing that shorter ones do not. */
const MAX_FILE_CHARACTERS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
  },
});
if (positionals.length !== 1) throw new Error('usage: mutants.mjs FOLDER [--count N] [--seed N] [--workers N]');

const folder = givenPath(positionals[0]);
const random = randomFrom(Number(values.seed));
const mutants = mkdtempSync(join(tmpdir(), 'sqllogictest-mutants-'));
try {
  const originals = new Map(writeMutants().map((mutant) => [mutant.path, mutant]));
  const waiting = [...originals.keys()].values();
  const counts = { caught: 0, missed: 0, failedElsewhere: 0 };
  const runWaiting = async () => {
    for await (const { file, verdict, reason } of runFiles(waiting, folder)) {
      const { original, record, line, before, after } = originals.get(file);
      const isCaught = verdict === 'failed' && reason.startsWith(`line ${record}: `);
      const outcome = isCaught ? 'caught' : verdict === 'failed' ? 'failedElsewhere' : 'missed';
      counts[outcome]++;
      if (!isCaught) console.log(`${outcome} ${original}:${line}: "${before}" → "${after}" ${reason}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, runWaiting));
  const { caught, missed, failedElsewhere } = counts;
  console.log(`${originals.size} mutants: ${caught} caught, ${missed} missed, ${failedElsewhere} failed elsewhere`);
  if (caught < originals.size) process.exitCode = 1;
} finally {
  rmSync(mutants, { recursive: true, force: true });
}

function writeMutants() {
  const differing = readTable('differences.tsv');
  const files = referenceOf(folder).passed.filter((file) => !differing.has(file));
  const written = [];
  while (written.length < Number(values.count) && files.length > 0) {
    const [original] = files.splice(Math.floor(random() * files.length), 1);
    const mutant = mutantOf(original);
    if (mutant === undefined) continue;
    const path = join(mutants, `${written.length}-${basename(original)}`);
    writeFileSync(path, mutant.text);
    written.push({ ...mutant, original, path });
  }
  return written;
}

/** The file with the first character of one expected value changed; undefined if it has no value to spoil. */
function mutantOf(file) {
  const text = readFileSync(join(folder, file), 'utf8');
  if (text.length > MAX_FILE_CHARACTERS) return undefined;
  // A condition on a loop may leave out the record.
  const queries = parseTestFile(text, file).records.filter(
    ({ kind, conditions, expected, label }) =>
      kind === 'query' && conditions.length === 0 && label === '' && expected.some(isPlain),
  );
  const query = queries[Math.floor(random() * queries.length)];
  if (query === undefined) return undefined;
  const plain = [...query.expected.keys()].filter((index) => isPlain(query.expected[index]));
  const index = plain[Math.floor(random() * plain.length)];
  const lines = text.split('\n');
  // The first of the expectation's lines is its `----`.
  const line = query.expectedAt.line + 1 + index;
  const before = lines[line - 1];
  const after =
    (/^\d/.test(before) ? String((Number(before[0]) + 5) % 10) : before[0] === 'x' ? 'y' : 'x') + before.slice(1);
  lines[line - 1] = after;
  return { text: lines.join('\n'), record: query.line, line, before, after };
}

/** Patterns, hashes and files stand for values in ways that a changed character need not break. */
function isPlain(line) {
  return !/REGEX>:|hashing to|^<FILE>:|[{}]|__/.test(line);
}

/** Numbers from 0 to 1 that a seed repeats (Mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
