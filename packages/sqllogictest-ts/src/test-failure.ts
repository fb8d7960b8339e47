// Why a test file failed, and how that is shown: the place, the SQL, and expected beside got.

/** What was expected and what came instead, one line of text per row. */
export interface Comparison {
  readonly expected: readonly string[];
  readonly got: readonly string[];
}

export interface FailureDetail {
  /** The SQL that ran, after substitution. */
  readonly sql?: string;
  readonly comparison?: Comparison;
}

/** A test file that cannot be parsed, or a record of it whose expectation does not hold. */
export class TestFailure extends Error {
  override readonly name = 'TestFailure';
  readonly path: string;
  /** The line of the record's directive, counted from 1. */
  readonly line: number;
  /** The failure alone, without the place that `message` starts with. */
  readonly summary: string;
  readonly detail: FailureDetail;

  constructor(path: string, line: number, summary: string, detail: FailureDetail = {}) {
    super(`${path}:${line}: ${summary}`);
    this.path = path;
    this.line = line;
    this.summary = summary;
    this.detail = detail;
  }
}

/** Wider cells go on in the next line, so that expected and got stay beside each other on a terminal. */
const CELL_CHARACTERS = 60;
/** Ten lines of a cell tell what is wrong with it; the whole of a long document would hide the other rows. */
const MAX_CELL_CHARACTERS = 10 * CELL_CHARACTERS;
/** Rows shown of a long result; the first row that differs is always among them. */
const MAX_SHOWN_ROWS = 40;
const ROWS_BEFORE_DIFFERENCE = 5;

/** The failure as text for a terminal: place, reason, SQL, and expected and got side by side. */
export function formatFailure(failure: TestFailure): string {
  const { sql, comparison } = failure.detail;
  const parts = [failure.message];
  if (sql !== undefined) parts.push(indented(sql.split('\n')));
  if (comparison !== undefined) parts.push(indented(sideBySide(comparison)));
  return parts.join('\n\n');
}

function sideBySide({ expected, got }: Comparison): string[] {
  const count = Math.max(expected.length, got.length);
  let difference = 0;
  while (difference < count && expected[difference] === got[difference]) difference++;
  const first = count > MAX_SHOWN_ROWS ? Math.max(0, Math.min(difference, count) - ROWS_BEFORE_DIFFERENCE) : 0;
  const last = Math.min(count, first + MAX_SHOWN_ROWS);

  const rows = [['expected', 'got', ' ']];
  for (let row = first; row < last; row++) {
    const [left, right] = [cellLines(expected[row]), cellLines(got[row])];
    const mark = expected[row] === got[row] ? ' ' : '!';
    for (let line = 0; line < Math.max(left.length, right.length); line++) {
      rows.push([left[line] ?? '', right[line] ?? '', line === 0 ? mark : ' ']);
    }
  }
  const width = Math.max(...rows.map(([left]) => left!.length));
  const gotWidth = Math.max(...rows.map(([, right]) => right!.length));
  const lines = rows.map(([left, right, mark]) => `${mark} ${left!.padEnd(width)} | ${right}`.trimEnd());
  lines.splice(1, 0, `  ${'-'.repeat(width)}-+-${'-'.repeat(gotWidth)}`);
  if (first > 0) lines.splice(2, 0, `  … ${first} equal rows before`);
  if (last < count) lines.push(`  … ${count - last} rows more`);
  return lines;
}

function cellLines(text: string | undefined): string[] {
  if (text === undefined) return ['(no row)'];
  const line = text.replaceAll('\n', '\\n').replaceAll('\t', '  ');
  const shown = line.length > MAX_CELL_CHARACTERS ? `${line.slice(0, MAX_CELL_CHARACTERS)}…` : line;
  const lines: string[] = [];
  for (let start = 0; start < Math.max(shown.length, 1); start += CELL_CHARACTERS) {
    lines.push(shown.slice(start, start + CELL_CHARACTERS));
  }
  return lines;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`.trimEnd()).join('\n');
}
