// Built parser (dist/) and own scripts (test/scripts) → the table of every construct of the language with an eval that
// shows it. A construct that no script shows is an error.

import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const { childrenOf } = await built('syntax/ast.js');
const { functions } = await built('syntax/functions.js');
const { parseExpression } = await built('syntax/parser.js');
const { aggregationOperators, arithmeticOperators, comparisonOperators, matchOperators, setOperators } =
  await built('syntax/token.js');

const experimentalAggregations = new Set(['limitk', 'limit_ratio']);

/** Constructs by group: name and whether Prometheus has it behind a feature flag. */
const groups = {
  Literals: ['number', 'duration', 'string'].map(stable),
  Selectors: [
    ...matchOperators.map((operator) => stable(`{label${operator}"…"}`)),
    stable('quoted metric name'),
    stable('quoted label name'),
    stable('offset'),
    stable('negative offset'),
    stable('@ time'),
    stable('@ start()'),
    stable('@ end()'),
    experimental('anchored'),
    experimental('smoothed'),
  ],
  Ranges: [stable('range [5m]'), stable('subquery [5m:1m]'), stable('subquery [5m:]')],
  'Duration expressions': [
    '+',
    '-',
    '*',
    '/',
    '%',
    '^',
    'step()',
    'range()',
    'min_of()',
    'max_of()',
    '(…)',
    'sign',
  ].map((operator) => experimental(`duration ${operator}`)),
  Operators: [
    ...['-', '+'].map((sign) => stable(`unary ${sign}`)),
    ...[...arithmeticOperators, ...comparisonOperators, ...setOperators].map((operator) =>
      stable(`binary ${operator}`),
    ),
    stable('parentheses'),
  ],
  Matching: [
    ...['bool', 'on', 'ignoring', 'group_left', 'group_right'].map(stable),
    ...['fill', 'fill_left', 'fill_right'].map(experimental),
  ],
  Aggregations: [
    stable('by'),
    stable('without'),
    ...aggregationOperators.map((name) => (experimentalAggregations.has(name) ? experimental(name) : stable(name))),
  ],
  Functions: [...functions.values()].map(({ name, experimental: isExperimental }) =>
    isExperimental ? experimental(`${name}()`) : stable(`${name}()`),
  ),
};

/** Markdown for the page of constructs. */
export function constructReference() {
  const examples = findExamples();
  const sections = Object.entries(groups).map(([group, constructs]) => {
    const rows = constructs.map(({ name, isExperimental }) => {
      const example = examples.get(name);
      if (example === undefined) throw new Error(`no eval in packages/promql/test/scripts shows ${name}`);
      const { file, line, query } = example;
      const link = `[${file}:${line}](../test/scripts/${file}#L${line})`;
      return `| ${code(name)} | ${isExperimental ? 'yes' : ''} | ${code(query)} | ${link} |`;
    });
    return [
      `### ${group}`,
      '',
      '| construct | experimental | example | test |',
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return sections.join('\n\n');
}

/** The shortest query for each construct reads best. */
function findExamples() {
  const found = new Map();
  const folder = new URL('test/scripts/', root);
  for (const file of readdirSync(folder).sort()) {
    const lines = readFileSync(new URL(file, folder), 'utf8').split('\n');
    for (const [index, text] of lines.entries()) {
      const query = /^eval (?:instant at \S+|range from \S+ to \S+ step \S+) (.+)$/.exec(text)?.[1];
      if (query === undefined) continue;
      const fails = lines[index + 1]?.trim().startsWith('expect fail');
      if (fails) continue;
      for (const name of constructsOf(parseExpression(query))) {
        if ((found.get(name)?.query.length ?? Infinity) > query.length)
          found.set(name, { file, line: index + 1, query });
      }
    }
  }
  return found;
}

function* constructsOf(expression) {
  switch (expression.kind) {
    case 'number':
      yield expression.isDuration ? 'duration' : 'number';
      break;
    case 'string':
      yield 'string';
      break;
    case 'vector-selector':
      yield* selectorConstructs(expression);
      break;
    case 'matrix-selector':
      yield 'range [5m]';
      yield* durationConstructs(expression.rangeExpression);
      break;
    case 'subquery':
      yield expression.stepMs === 0 && !expression.stepExpression ? 'subquery [5m:]' : 'subquery [5m:1m]';
      yield* durationConstructs(expression.rangeExpression);
      yield* durationConstructs(expression.stepExpression);
      yield* timeConstructs(expression);
      break;
    case 'unary':
      yield `unary ${expression.operator}`;
      break;
    case 'parentheses':
      yield 'parentheses';
      break;
    case 'binary':
      yield `binary ${expression.operator}`;
      yield* matchingConstructs(expression);
      break;
    case 'aggregation':
      yield expression.operator;
      if (expression.without) yield 'without';
      else if (expression.grouping.length > 0) yield 'by';
      break;
    case 'call':
      yield `${expression.function.name}()`;
      break;
  }
  for (const child of childrenOf(expression)) yield* constructsOf(child);
}

function* selectorConstructs(selector) {
  for (const { name, operator, value } of selector.matchers) {
    if (name !== '__name__') yield `{label${operator}"…"}`;
    if (name === '__name__' && operator === '=' && !/^[\w:]+$/.test(value)) yield 'quoted metric name';
    if (!/^\w+$/.test(name)) yield 'quoted label name';
  }
  if (selector.extension !== undefined) yield selector.extension;
  yield* timeConstructs(selector);
}

function* timeConstructs({ at, offsetMs, offsetExpression }) {
  if (offsetMs > 0) yield 'offset';
  if (offsetMs < 0) yield 'negative offset';
  if (typeof at === 'number') yield '@ time';
  else if (at !== undefined) yield `@ ${at}()`;
  yield* durationConstructs(offsetExpression);
}

function* durationConstructs(duration) {
  if (duration?.kind !== 'duration') return;
  const { operator, left, right, inParentheses } = duration;
  if (inParentheses) yield 'duration (…)';
  if (right === undefined || operator === 'min_of' || operator === 'max_of') yield `duration ${operator}()`;
  else if (left === undefined) yield 'duration sign';
  else yield `duration ${operator}`;
  yield* durationConstructs(left);
  yield* durationConstructs(right);
}

function* matchingConstructs({ returnsBool, matching }) {
  if (returnsBool) yield 'bool';
  if (matching === undefined) return;
  const { cardinality, on, labels, fillLeft, fillRight } = matching;
  if (on) yield 'on';
  else if (labels.length > 0) yield 'ignoring';
  if (cardinality === 'many-to-one') yield 'group_left';
  if (cardinality === 'one-to-many') yield 'group_right';
  if (fillLeft !== undefined && fillLeft === fillRight) yield 'fill';
  else {
    if (fillLeft !== undefined) yield 'fill_left';
    if (fillRight !== undefined) yield 'fill_right';
  }
}

function stable(name) {
  return { name, isExperimental: false };
}

function experimental(name) {
  return { name, isExperimental: true };
}

function code(text) {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

async function built(path) {
  try {
    return await import(new URL(`dist/${path}`, root));
  } catch (error) {
    throw new Error(`cannot load packages/promql/dist/${path}, run npm run build first: ${error.message}`, {
      cause: error,
    });
  }
}
