// Counts how many of the test files that DuckDB's own runner passes are passed here, and writes docs/conformance.md.
//
//   node conformance/conformance.mjs FOLDER [--workers N] [--verdicts FILE]
//
// FOLDER is a checkout of DuckDB at the version of reference.mjs. --verdicts keeps verdicts as they come, so that a run
// that was cut goes on where it was. Ends with 1 if fewer than 99.5 % pass, or one of the others has no explanation.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DUCKDB_VERSION, givenPath, readTable, referenceOf, TEST_FOLDER } from './reference.mjs';
import { runFiles } from './run-files.mjs';

const WANTED_PERCENT = 99.5;
const page = join(import.meta.dirname, '../docs/conformance.md');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { workers: { type: 'string', default: '1' }, verdicts: { type: 'string' } },
});
if (positionals.length !== 1) throw new Error('usage: conformance.mjs FOLDER [--workers N] [--verdicts FILE]');

const folder = givenPath(positionals[0]);
const verdictsPath = values.verdicts === undefined ? undefined : givenPath(values.verdicts);
const reference = referenceOf(folder);
const verdicts = readVerdicts();
const waiting = reference.passed.filter((file) => !verdicts.has(file)).values();
await Promise.all(Array.from({ length: Number(values.workers) }, runWaiting));

const passed = reference.passed.filter((file) => verdicts.get(file).verdict === 'passed');
const others = reference.passed.filter((file) => verdicts.get(file).verdict !== 'passed');
const explanations = readTable('differences.tsv');
const unexplained = others.filter((file) => !explanations.has(file));
const percent = (100 * passed.length) / reference.passed.length;

writeFileSync(page, pageText());
console.log(`${passed.length} of ${reference.passed.length} files pass, ${percent.toFixed(2)} %`);
for (const file of unexplained) console.log(`no explanation: ${file}: ${verdicts.get(file).reason}`);
if (percent < WANTED_PERCENT || unexplained.length > 0) process.exitCode = 1;

async function runWaiting() {
  for await (const { file, verdict, reason } of runFiles(waiting, folder)) {
    const line = reason.split('\n')[0];
    verdicts.set(file, { verdict, reason: line });
    if (verdictsPath !== undefined) appendFileSync(verdictsPath, `${file}\t${verdict}\t${line}\n`);
    if (verdict !== 'passed') console.log(`${verdict} ${file}: ${line}`);
  }
}

function readVerdicts() {
  const text =
    verdictsPath !== undefined && existsSync(verdictsPath) ? readFileSync(verdictsPath, 'utf8').trimEnd() : '';
  const rows = text === '' ? [] : text.split('\n').map((line) => line.split('\t'));
  return new Map(rows.map(([file, verdict, reason]) => [file, { verdict, reason }]));
}

function pageText() {
  const rows = others.map((file) => {
    const { verdict, reason } = verdicts.get(file);
    const cells = [`\`${file.slice(TEST_FOLDER.length + 1)}\``, `${verdict}, ${reason}`, explanations.get(file) ?? ''];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `<!-- Written by conformance/conformance.mjs. -->
# DuckDB's own tests

Of the ${reference.files.length.toLocaleString('en')} files \`${TEST_FOLDER}/**/*.test\` of DuckDB ${DUCKDB_VERSION}, DuckDB's own runner passes
${reference.passed.length.toLocaleString('en')}. sqllogictest-ts passes **${passed.length.toLocaleString('en')}** of these, **${percent.toFixed(2)} %**.

${readFileSync(join(import.meta.dirname, 'method.md'), 'utf8').trim()}

## The others

| File | Here | Why |
|---|---|---|
${rows.join('\n')}
`;
}
