import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Label, Labels } from '#promql/data/labels';
import { compilePipeline } from '../src/pipeline/pipeline.js';
import { ParseError } from '../src/syntax/parse-error.js';
import { parseLogQuery } from '../src/syntax/parser.js';

// A file has rows, each a line with the labels of its stream and structured metadata, and queries. Below a query stand the
// rows that it drops, and those that it changes: by their numbers, with what is other than it was.

const folder = new URL('stages/', import.meta.url);

/** 2023-11-14 22:13:20.123456789 UTC */
const TIME_NS = 1_700_000_000_123_456_789n;

interface Row {
  readonly line: string;
  readonly stream: Labels;
  readonly metadata: Labels;
}

for (const file of readdirSync(folder)) {
  test(`${file} holds`, () => {
    const [head = '', ...blocks] = readFileSync(new URL(file, folder), 'utf8').split('\nquery ');
    const rows = head.split('\n').flatMap((line) => (line.startsWith('row ') ? [rowOf(line.slice(4))] : []));
    expect(rows.length).toBeGreaterThan(0);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      const [query = '', ...expected] = block.trimEnd().split('\n');
      expect([query, outcome(query, rows)]).toEqual([query, expected.join('\n')]);
    }
  });
}

function rowOf(text: string): Row {
  const [line, stream, metadata] = JSON.parse(text);
  return { line, stream: Labels.of(stream), metadata: metadata === undefined ? Labels.none : Labels.of(metadata) };
}

/** What the file says of a query. */
function outcome(query: string, rows: readonly Row[]): string {
  let pipeline: ReturnType<typeof compilePipeline>;
  try {
    pipeline = compilePipeline(parseLogQuery(query).stages);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return `fails ${error.message}`;
  }
  const dropped: number[] = [];
  const changed: string[] = [];
  for (const [index, { line, stream, metadata }] of rows.entries()) {
    const result = pipeline.process(line, stream, metadata, TIME_NS);
    if (result === undefined) {
      dropped.push(index);
      continue;
    }
    const labels = pipeline.labels.categorized();
    const parts = [
      result === line ? '' : JSON.stringify(result),
      change('stream', labels.stream, stream.entries),
      change('metadata', labels.metadata, metadata.entries),
      change('parsed', labels.parsed, []),
    ].filter((part) => part !== '');
    if (parts.length > 0) changed.push([index, ...parts].join(' '));
  }
  const all = dropped.length === rows.length ? ['dropped all'] : [`dropped ${dropped.join(' ')}`];
  return [...(dropped.length > 0 ? all : []), ...changed].join('\n');
}

function change(category: string, labels: readonly Label[], before: readonly Label[]): string {
  const [text, textBefore] = [labels, before].map((each) => JSON.stringify(Object.fromEntries(sorted(each))));
  return text === textBefore ? '' : `${category} ${text}`;
}

function sorted(labels: readonly Label[]): Label[] {
  return [...labels].sort(([left], [right]) => (left < right ? -1 : 1));
}
