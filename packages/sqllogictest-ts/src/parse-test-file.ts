// Text of a test file → its records. Everything that can be wrong without running it is refused here, with its line.

import { expandForeachWords } from './foreach-words.js';
import { LineReader } from './line-reader.js';
import type { LoopCondition, LoopRecord, OutputMode, QueryRecord, SortMode, TestRecord } from './test-record.js';

/** A parsed test file: the records in the order in which they run. */
export interface TestFile {
  readonly path: string;
  readonly records: readonly TestRecord[];
}

export interface ParseOptions {
  /** Names for which `skipif`/`onlyif` mean us. */
  readonly engines?: readonly string[];
  /** Whether `statement error` must say which error; SQLite's original tests do not. */
  readonly expectedErrors?: 'required' | 'optional';
}

/** Parses DuckDB's sqllogictest dialect. `path` is only named in failures. Throws a TestFailure at the first error. */
export function parseTestFile(text: string, path: string, options: ParseOptions = {}): TestFile {
  const { engines = ['duckdb'], expectedErrors = 'required' } = options;
  const parser = new TestFileParser(new LineReader(text, path), { engines, expectedErrors });
  return { path, records: parser.parse() };
}

/** What a directive's parser gets: the words after the directive, and what both kinds of record share. */
interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly line: number;
  readonly conditions: readonly LoopCondition[];
}

interface OpenLoop {
  readonly record: Omit<LoopRecord, 'body'>;
  readonly body: TestRecord[];
}

type DirectiveParser = (directive: Directive, reader: LineReader) => TestRecord | undefined;

const loopDirectives = new Set(['loop', 'foreach', 'concurrentloop', 'concurrentforeach']);
/** What a concurrent loop cannot hold: it would pull the database, or shared settings, from under the other rounds. */
const sequentialKinds = new Set<TestRecord['kind']>([
  'require',
  'environment',
  'load',
  'restart',
  'reconnect',
  'mode',
  'hash-threshold',
  'messages',
  'seed',
  'reset-label',
  'continue',
]);

class TestFileParser {
  readonly #reader: LineReader;
  readonly #engines: ReadonlySet<string>;
  readonly #expectedErrors: 'required' | 'optional';
  readonly #records: TestRecord[] = [];
  readonly #openLoops: OpenLoop[] = [];
  #skipLevel = 0;

  constructor(reader: LineReader, { engines, expectedErrors }: Required<ParseOptions>) {
    this.#reader = reader;
    this.#engines = new Set(engines);
    this.#expectedErrors = expectedErrors;
  }

  parse(): TestRecord[] {
    for (let words = this.#reader.nextDirective(); words !== undefined; words = this.#reader.nextDirective()) {
      const directive = this.#pastConditions(words);
      if (directive === undefined) continue;
      if (directive.name === 'halt' && this.#skipLevel === 0) break;
      this.#take(directive);
    }
    const open = this.#openLoops.at(-1);
    if (open !== undefined) throw this.#reader.failure('this loop has no endloop', open.record.line);
    return this.#records;
  }

  /** Reads `skipif` and `onlyif` lines up to the directive that they guard; undefined if another engine's is meant. */
  #pastConditions(first: readonly string[]): Directive | undefined {
    const reader = this.#reader;
    const conditions: LoopCondition[] = [];
    let words = first;
    while (words[0] === 'skipif' || words[0] === 'onlyif') {
      const action = words[0];
      const subject = words.slice(1).join(' ');
      if (subject === '') throw reader.failure(`${action} must name an engine or a loop condition such as i=3`);
      const following = reader.nextDirective();
      if (following === undefined) throw reader.failure(`${action} must stand before a record`);
      if (/[=<>]/.test(subject)) {
        conditions.push(...subject.split('&&').map((text) => this.#condition(action, text)));
      } else if (this.#engines.has(subject.toLowerCase()) === (action === 'skipif')) {
        if (loopDirectives.has(following[0]!) || following[0] === 'endloop') {
          throw reader.failure(`${action} ${subject} cannot guard ${following[0]}; guard the records inside`);
        }
        reader.skipParagraph();
        return undefined;
      }
      words = following;
    }
    return { name: words[0]!, words: words.slice(1), line: reader.line, conditions };
  }

  #condition(action: LoopCondition['action'], text: string): LoopCondition {
    const match = /^\s*([^\s<>=]+)\s*(<>|>=|<=|>|<|==?)\s*([^\s<>=]+)\s*$/.exec(text);
    if (match === null) throw this.#reader.failure(`${action} must compare as in i=3 or i>3, got "${text.trim()}"`);
    const [, variable, operator, value] = match;
    const comparison = (operator === '==' ? '=' : operator) as LoopCondition['comparison'];
    return { action, variable: variable!, comparison, value: value! };
  }

  #take(directive: Directive): void {
    const { name, words } = directive;
    const reader = this.#reader;
    if (name === 'mode' && (words[0] === 'skip' || words[0] === 'unskip')) {
      reader.requireParagraphEnd(name);
      // DuckDB's runner leaves out all that follows an unskip without a skip; here it is run.
      this.#skipLevel = Math.max(0, this.#skipLevel + (words[0] === 'skip' ? 1 : -1));
      return;
    }
    const parse = directiveParsers.get(name);
    const isLoop = loopDirectives.has(name);
    if (parse === undefined && !isLoop && name !== 'endloop' && name !== 'halt') {
      throw reader.failure(`unknown directive "${name}"`);
    }
    if (this.#skipLevel > 0) reader.skipParagraph();
    else if (isLoop) this.#openLoop(directive);
    else if (name === 'endloop') this.#closeLoop();
    else this.#addParsed(parse!(directive, reader));
  }

  #addParsed(record: TestRecord | undefined): void {
    if (record !== undefined) this.#add(record);
  }

  #add(record: TestRecord): void {
    if (record.kind === 'continue' && this.#openLoops.length === 0) {
      throw this.#reader.failure('continue must stand in a loop');
    }
    if (record.kind === 'statement' && record.expectedError === undefined && this.#expectedErrors === 'required') {
      throw this.#reader.failure(
        `statement ${record.outcome} must have ---- and text of the error below its SQL; empty text accepts every error`,
        record.line,
      );
    }
    if (this.#isInConcurrentLoop()) {
      if (sequentialKinds.has(record.kind)) {
        throw this.#reader.failure(`${record.kind} cannot stand in a concurrent loop`);
      }
      if ('connection' in record && record.connection !== '') {
        throw this.#reader.failure(`connection ${record.connection} cannot be named in a concurrent loop`);
      }
    }
    if (record.conditions.length > 0 && this.#openLoops.length === 0 && record.kind !== 'loop') {
      throw this.#reader.failure('skipif and onlyif on a loop variable must stand in a loop');
    }
    (this.#openLoops.at(-1)?.body ?? this.#records).push(record);
  }

  #isInConcurrentLoop(): boolean {
    return this.#openLoops.some(({ record }) => record.concurrent);
  }

  #openLoop({ name, words, line, conditions }: Directive): void {
    const reader = this.#reader;
    const concurrent = name.startsWith('concurrent');
    if (concurrent && this.#isInConcurrentLoop()) throw reader.failure('a concurrent loop cannot stand in another');
    const variables = words[0]?.split(',') ?? [];
    const rounds = name.endsWith('foreach') ? foreachRounds(words, reader) : loopRounds(words, reader);
    reader.requireParagraphEnd(name);
    const record = { kind: 'loop', line, conditions, concurrent, variables, rounds } as const;
    this.#openLoops.push({ record, body: [] });
  }

  #closeLoop(): void {
    this.#reader.requireParagraphEnd('endloop');
    const loop = this.#openLoops.pop();
    if (loop === undefined) throw this.#reader.failure('endloop must follow a loop');
    this.#add({ ...loop.record, body: loop.body });
  }
}

function loopRounds(words: readonly string[], reader: LineReader): string[][] {
  const [first, end] = [Number(words[1]), Number(words[2])];
  if (words.length !== 3 || !Number.isSafeInteger(first) || !Number.isSafeInteger(end)) {
    throw reader.failure('loop must be "loop <variable> <start> <end>", as in: loop i 0 10');
  }
  // A loop without rounds would check nothing and pass.
  if (end <= first) throw reader.failure(`the end of a loop must be greater than its start, got ${first} ${end}`);
  return Array.from({ length: end - first }, (_, round) => [String(first + round)]);
}

function foreachRounds(words: readonly string[], reader: LineReader): string[][] {
  const [variables, ...values] = words;
  if (variables === undefined || values.length === 0) {
    throw reader.failure('foreach must be "foreach <variable> <value>…", as in: foreach type integer varchar');
  }
  const width = variables.split(',').length;
  if (width === 1) return expandForeachWords(values).map((value) => [value]);
  return values.map((value) => {
    const split = value.split(',');
    if (split.length !== width) throw reader.failure(`foreach ${variables} needs ${width} values, got "${value}"`);
    return split;
  });
}

const directiveParsers = new Map<string, DirectiveParser>([
  ['statement', parseStatement],
  ['query', parseQuery],
  ['let', parseLet],
  ['post', parsePost],
  ['require', oneLine(parseRequire)],
  ['require-env', oneLine(parseRequireEnv)],
  ['test-env', oneLine(parseTestEnv)],
  ['load', oneLine(parseLoad)],
  ['restart', oneLine(parseRestart)],
  ['continue', oneLine(({ line, conditions }) => ({ kind: 'continue', line, conditions }))],
  ['reconnect', oneLine(({ line, conditions }) => ({ kind: 'reconnect', line, conditions }))],
  ['sleep', oneLine(parseSleep)],
  ['unzip', oneLine(parseUnzip)],
  ['mode', oneLine(parseMode)],
  ['set', oneLine(parseSet)],
  ['reset', oneLine(parseReset)],
  ['hash-threshold', oneLine(parseHashThreshold)],
  // Tags choose files in DuckDB's own runner and change nothing in a run.
  ['tags', oneLine(() => undefined)],
]);

function oneLine(parse: DirectiveParser): DirectiveParser {
  return (directive, reader) => {
    const record = parse(directive, reader);
    reader.requireParagraphEnd(directive.name);
    return record;
  };
}

function parseStatement({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  // As in DuckDB's runner, the second word names a connection, whatever it looks like, and further ones say nothing.
  const [outcome, connection = ''] = words;
  if (outcome !== 'ok' && outcome !== 'error' && outcome !== 'maybe') {
    throw reader.failure('statement must be "statement ok|error|maybe [connection]"');
  }
  const sql = sqlText('statement', reader);
  const { lines: expected, at: expectedAt } = reader.expectation();
  if (expected !== undefined && outcome === 'ok') {
    throw reader.failure('statement ok cannot expect an error; use statement error, or query for a result', line);
  }
  const expectedError = outcome === 'ok' ? '' : expected?.join('\n');
  return { kind: 'statement', line, conditions, outcome, sql, connection, expectedError, expectedAt };
}

const sortModes = new Map<string, SortMode>([
  ['nosort', 'nosort'],
  ['rowsort', 'rowsort'],
  ['sort', 'rowsort'],
  ['valuesort', 'valuesort'],
]);

function parseQuery({ words, line, conditions }: Directive, reader: LineReader): QueryRecord {
  const [columns = '', sortOrConnection = 'nosort', label = ''] = words;
  // DuckDB gives the letters no meaning beyond their count; other runners of the format check them.
  if (!/^[A-Z?]+$/.test(columns) || words.length > 3) {
    throw reader.failure('query must be "query <one of I, T, R, D per column> [sort mode or connection] [label]"');
  }
  const sort = sortModes.get(sortOrConnection);
  const sql = sqlText('query', reader);
  const { lines: expected = [], at: expectedAt } = reader.expectation();
  return {
    kind: 'query',
    line,
    conditions,
    columnCount: columns.length,
    sort: sort ?? 'nosort',
    connection: sort === undefined ? sortOrConnection : '',
    label,
    sql,
    expected,
    expectedAt,
  };
}

function parseLet({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [name = '', connection = ''] = words;
  if (!/^[A-Za-z_]\w*$/.test(name) || words.length > 2) {
    throw reader.failure('let must be "let <name> [connection]", with the query on the lines below');
  }
  const sql = sqlText('let', reader);
  if (reader.expectedLines() !== undefined) throw reader.failure('let cannot expect a result; use query', line);
  return { kind: 'let', line, conditions, name, connection, sql };
}

function sqlText(directive: string, reader: LineReader): string {
  const sql = reader.textLines().join('\n');
  if (sql === '') throw reader.failure(`${directive} must have SQL on the lines below it`);
  return sql;
}

function parsePost({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [url, file, status = ''] = words;
  if (url === undefined || file === undefined || words.length !== 3 || !/^[1-5]\d\d$/.test(status)) {
    throw reader.failure('post must be "post <url> <file> <status>", with headers on the lines below');
  }
  const headers = reader.textLines().map((text) => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text);
    if (match === null) throw reader.failure(`a header of post must be "name: value", got "${text}"`);
    return [match[1]!, match[2]!] as const;
  });
  const expectedBody = (reader.expectedLines() ?? []).join('\n');
  return { kind: 'post', line, conditions, url, file, status: Number(status), headers, expectedBody };
}

function parseRequire({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [name, ...parameters] = words;
  if (name === undefined) throw reader.failure('require must name what is required, as in: require json');
  return { kind: 'require', line, conditions, name: name.toLowerCase(), parameters };
}

function parseRequireEnv({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [name, wanted] = words;
  if (name === undefined || words.length > 2) throw reader.failure('require-env must be "require-env <name> [value]"');
  return { kind: 'environment', line, conditions, name, otherwise: { action: 'skip', wanted } };
}

function parseTestEnv({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [name, value] = words;
  if (name === undefined || value === undefined || words.length > 2) {
    throw reader.failure('test-env must be "test-env <name> <default>"');
  }
  return { kind: 'environment', line, conditions, name, otherwise: { action: 'default', value } };
}

function parseLoad({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [database = '', access = 'readwrite', storageVersion = ''] = words;
  const isReadonly = access.toLowerCase() === 'readonly';
  if ((!isReadonly && access.toLowerCase() !== 'readwrite') || words.length > 3) {
    throw reader.failure('load must be "load [database] [readonly|readwrite] [storage version]"');
  }
  return { kind: 'load', line, conditions, database, readonly: isReadonly, storageVersion };
}

function parseRestart({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  if (words.length > 1 || (words.length === 1 && words[0] !== 'no_extension_load')) {
    throw reader.failure('restart must be "restart [no_extension_load]"');
  }
  return { kind: 'restart', line, conditions, reloadExtensions: words.length === 0 };
}

const millisecondsPerUnit = new Map([
  ['second', 1_000],
  ['seconds', 1_000],
  ['sec', 1_000],
  ['millisecond', 1],
  ['milliseconds', 1],
  ['milli', 1],
  ['microsecond', 1e-3],
  ['microseconds', 1e-3],
  ['micro', 1e-3],
  ['nanosecond', 1e-6],
  ['nanoseconds', 1e-6],
  ['nano', 1e-6],
]);
/** Longer sleeps are taken for a slip of the unit: a runner that sleeps for hours looks like one that hangs. */
const MAX_SLEEP_MS = 600_000;

function parseSleep({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const unit = millisecondsPerUnit.get(words[1] ?? '');
  const durationMs = Math.ceil(Number(words[0]) * (unit ?? Number.NaN));
  if (words.length !== 2 || !(durationMs >= 0)) {
    throw reader.failure('sleep must be "sleep <number> <second|millisecond|microsecond|nanosecond>"');
  }
  if (durationMs > MAX_SLEEP_MS) throw reader.failure(`sleep must not exceed 10 minutes, got ${words.join(' ')}`);
  return { kind: 'sleep', line, conditions, durationMs };
}

function parseUnzip({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [source, target] = words;
  if (source === undefined || !source.endsWith('.gz') || words.length > 2) {
    throw reader.failure('unzip must be "unzip <file>.gz [target]"');
  }
  const fileName = source.slice(source.lastIndexOf('/') + 1, -'.gz'.length);
  const isDefault = target === undefined || target === 'NULL';
  return { kind: 'unzip', line, conditions, source, target: isDefault ? `__TEST_DIR__/${fileName}` : target };
}

const outputModes: ReadonlySet<string> = new Set<OutputMode>(['output_hash', 'output_result', 'no_output', 'debug']);

function parseMode({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const mode = words[0] ?? '';
  if (!outputModes.has(mode) || words.length !== 1) {
    throw reader.failure(`mode must be one of ${[...outputModes].join(', ')}, skip, unskip, got "${words.join(' ')}"`);
  }
  return { kind: 'mode', line, conditions, mode: mode as OutputMode };
}

function parseSet({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [setting, ...values] = words;
  if (setting === 'ignore_error_messages' || setting === 'always_fail_error_messages') {
    const messages = values.join(' ').split(',');
    const listed = messages.map((message) => message.trim()).filter((message) => message !== '');
    return { kind: 'messages', line, conditions, list: setting, messages: listed };
  }
  if (setting === 'seed' && values.length === 1 && Number.isFinite(Number(values[0]))) {
    return { kind: 'seed', line, conditions, seed: values[0]! };
  }
  throw reader.failure('set must be "set ignore_error_messages|always_fail_error_messages <a, b>" or "set seed <x>"');
}

function parseReset({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  const [what = '', label] = words;
  if (what.toLowerCase() !== 'label' || label === undefined || words.length !== 2) {
    throw reader.failure('reset must be "reset label <label>"');
  }
  return { kind: 'reset-label', line, conditions, label };
}

function parseHashThreshold({ words, line, conditions }: Directive, reader: LineReader): TestRecord {
  if (words.length !== 1 || !/^\d+$/.test(words[0]!)) {
    throw reader.failure('hash-threshold must be "hash-threshold <number of values>"');
  }
  return { kind: 'hash-threshold', line, conditions, values: Number(words[0]) };
}
