import { parseDuration } from '../../src/syntax/duration.js';
import { parseNumber } from '../../src/syntax/number.js';
import { unquote } from '../../src/syntax/string-literal.js';
import { parseSeries, parseStartOffsets, splitMetric, type WrittenSeries } from './series-description.js';

// A script in the format of Prometheus's promqltest: `load` puts samples in, `eval` asks and says what is expected.

export interface LoadCommand {
  readonly kind: 'load';
  readonly stepMs: number;
  /** Classic histograms are loaded as native ones too. */
  readonly withCustomHistograms: boolean;
  readonly series: readonly (WrittenSeries & { readonly startOffsets: readonly (number | undefined)[] })[];
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly query: string;
  readonly isRange: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly expectations: readonly Expectation[];
  readonly expected: Expected;
  /** The grid of the expected values, where it is not the query's. */
  readonly expectedRange: { readonly startMs: number; readonly endMs: number; readonly stepMs: number } | undefined;
}

export type Expectation = {
  readonly about: 'fail' | 'warn' | 'no_warn' | 'info' | 'no_info' | 'ordered';
  readonly matches: (text: string) => boolean;
  readonly text: string;
};

export type Expected =
  | { readonly kind: 'series'; readonly series: readonly WrittenSeries[] }
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string };

export type Command = LoadCommand | EvalCommand | { readonly kind: 'clear' };

/** Text of a script → commands. Throws for what is no script. */
export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()));
  const commands: Command[] = [];
  let at = 0;
  while (at < lines.length) {
    const first = lines[at]!;
    const line = at + 1;
    at++;
    if (first === '') continue;
    const block: string[] = [];
    const isClear = first === 'clear';
    while (!isClear && at < lines.length && lines[at] !== '') block.push(lines[at++]!);
    try {
      if (isClear) commands.push({ kind: 'clear' });
      else if (first.startsWith('load')) commands.push(parseLoad(first, block));
      else {
        const [command, used] = parseEval(first, block, line);
        commands.push(command);
        // A number or a message ends the command, whatever follows.
        at -= block.length - used;
      }
    } catch (error) {
      throw new Error(`line ${line}: ${(error as Error).message}`, { cause: error });
    }
  }
  return commands;
}

function parseLoad(first: string, block: readonly string[]): LoadCommand {
  const [, withCustom, step = ''] = /^load(_with_nhcb)?\s+(\S+)$/.exec(first) ?? [];
  const series: (WrittenSeries & { startOffsets: readonly (number | undefined)[] })[] = [];
  let startOffsets: readonly (number | undefined)[] = [];
  for (const line of block) {
    const [metric, rest] = splitMetric(line);
    if (metric.endsWith('@st')) startOffsets = parseStartOffsets(rest);
    else {
      series.push({ ...parseSeries(line), startOffsets });
      startOffsets = [];
    }
  }
  return { kind: 'load', stepMs: parseDuration(step), withCustomHistograms: withCustom !== undefined, series };
}

const instantForm = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/;
const rangeForm = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;
const expectedRangeForm = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/;

function parseEval(first: string, block: readonly string[], line: number): [EvalCommand, number] {
  const range = rangeForm.exec(first);
  const instant = range === null ? instantForm.exec(first) : null;
  if (range === null && instant === null) throw new Error(`a command must be load, clear or eval, got ${first}`);
  const [, mode, ...parts] = (range ?? instant)!;
  const [startMs, endMs, stepMs] =
    range === null
      ? [parseDuration(parts[0] ?? '0s'), parseDuration(parts[0] ?? '0s'), 0]
      : [parseDuration(parts[0]!), parseDuration(parts[1]!), parseDuration(parts[2]!)];
  const body = parseExpectations(block);
  const expectations = mode === undefined ? body.expectations : [...body.expectations, anything(mode as 'fail')];
  return [
    {
      kind: 'eval',
      line,
      query: parts.at(-1)!,
      isRange: range !== null,
      startMs,
      endMs,
      stepMs,
      expectations,
      expected: body.expected,
      expectedRange: body.expectedRange,
    },
    body.used,
  ];
}

interface Body {
  readonly expectations: Expectation[];
  readonly expected: Expected;
  readonly expectedRange: EvalCommand['expectedRange'];
  readonly used: number;
}

function parseExpectations(block: readonly string[]): Body {
  const expectations: Expectation[] = [];
  const series: WrittenSeries[] = [];
  let expectedRange: EvalCommand['expectedRange'];
  const body = (expected: Expected, used: number): Body => ({ expectations, expected, expectedRange, used });
  for (const [index, line] of block.entries()) {
    const [, from, to, step] = expectedRangeForm.exec(line) ?? [];
    const old = /^expected_fail_(message|regexp)\s+(.*)$/.exec(line);
    if (from !== undefined) {
      expectedRange = { startMs: parseDuration(from), endMs: parseDuration(to!), stepMs: parseDuration(step!) };
    } else if (line.startsWith('expect string')) {
      const text = unquote(line.slice('expect string'.length).trim());
      return body({ kind: 'string', value: text }, index + 1);
    } else if (old !== null) {
      expectations.push(old[1] === 'message' ? equalTo('fail', old[2]!) : matching('fail', old[2]!));
      return body({ kind: 'series', series }, index + 1);
    } else if (line.startsWith('expect ')) {
      expectations.push(parseExpectation(line));
    } else {
      const value = wholeNumber(line);
      if (value !== undefined) return body({ kind: 'scalar', value }, index + 1);
      series.push(parseSeries(line));
    }
  }
  return body({ kind: 'series', series }, block.length);
}

function parseExpectation(line: string): Expectation {
  const parts = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(line);
  if (parts === null) throw new Error(`an expectation must be one of fail, warn, info, …, got ${line}`);
  const [, about, form, text = ''] = parts;
  if (form === undefined) return anything(about as Expectation['about']);
  return form === 'msg'
    ? equalTo(about as Expectation['about'], text.trim())
    : matching(about as Expectation['about'], text.trim());
}

function anything(about: Expectation['about']): Expectation {
  return { about, matches: () => true, text: 'anything' };
}

function equalTo(about: Expectation['about'], text: string): Expectation {
  return { about, matches: (other) => other === text, text };
}

function matching(about: Expectation['about'], source: string): Expectation {
  const pattern = new RegExp(source, 's');
  return { about, matches: (text) => pattern.test(text), text: source };
}

function wholeNumber(line: string): number | undefined {
  if (!/^[+-]?[\w.]+$/.test(line)) return undefined;
  try {
    return (line.startsWith('-') ? -1 : 1) * parseNumber(line.replace(/^[+-]/, ''));
  } catch {
    return undefined;
  }
}
