// Built parser (dist/) and own tables (test/stages, test/evaluation) → the table of every construct of the language with a
// query that shows it. A construct that no table shows is an error.

import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const {
  arithmeticOperators,
  comparisonOperators,
  lineOperators,
  rangeOperators,
  setOperators,
  unwrapConversions,
  vectorOperators,
} = await built('syntax/operators.js');
const { matchOperators } = await built('syntax/parse-selector.js');
const { parseExpression } = await built('syntax/parser.js');
const { templateFunctionNames } = await built('template/functions.js');

const groups = {
  Selectors: matchOperators.map((operator) => `{label${operator}"…"}`),
  'Line filters': [
    ...lineOperators,
    ...lineOperators.slice(0, 2).map((operator) => `${operator} ip(…)`),
    'or between line filters',
  ],
  Parsers: [
    'json',
    'json with expressions',
    'logfmt',
    'logfmt with expressions',
    '--strict',
    '--keep-empty',
    'regexp',
    'pattern',
    'unpack',
  ],
  Formats: ['line-format', 'label-format template', 'label-format rename', 'decolorize'],
  'Labels kept and dropped': ['drop', 'drop where', 'keep', 'keep where'],
  'Label filters': [
    ...matchOperators.map((operator) => `text ${operator}`),
    ...['number', 'duration', 'bytes'].map((kind) => `compare ${kind}`),
    ...comparisonOperators.map((operator) => `compare ${operator}`),
    ...['= ip(…)', '!= ip(…)', 'and', 'or', 'comma', 'side by side'],
  ],
  'Ranges of time': ['range', 'offset', 'negative offset'],
  Unwrap: ['unwrap', ...unwrapConversions.map((conversion) => `unwrap ${conversion}()`), 'filter behind unwrap'],
  'Range aggregations': [...rangeOperators, 'by behind a range aggregation', 'without behind a range aggregation'],
  'Vector aggregations': [...vectorOperators, 'by', 'without'],
  Operators: [
    ...[...arithmeticOperators, ...comparisonOperators, ...setOperators].map((operator) => `binary ${operator}`),
    ...['bool', 'on', 'ignoring', 'group_left', 'group_right'],
  ],
  Others: ['number', 'vector()', 'label_replace()'],
  'Functions of templates': [...templateFunctionNames]
    // No value is a function, so that it always fails.
    .filter((name) => name !== 'call')
    .sort()
    .map((name) => `{{ ${name} }}`),
  Templates: [
    'if',
    'else',
    'with',
    'range',
    'break',
    'continue',
    'define',
    'template',
    'block',
    'variable',
    'pipe',
    'trim',
    'comment',
  ].map((name) => `template: ${name}`),
};

/** Markdown for the page of constructs. */
export function constructReference() {
  const examples = findExamples();
  const sections = Object.entries(groups).map(([group, constructs]) => {
    const rows = constructs.map((name) => {
      const example = examples.get(name);
      if (example === undefined) throw new Error(`no query in packages/logql/test shows ${name}`);
      const { file, line, query } = example;
      return `| ${code(name)} | ${code(query)} | [${file}:${line}](../test/${file}#L${line}) |`;
    });
    return [`### ${group}`, '', '| construct | example | test |', '| --- | --- | --- |', ...rows].join('\n');
  });
  return sections.join('\n\n');
}

/** The shortest query for each construct reads best. */
function findExamples() {
  const found = new Map();
  for (const folder of ['stages', 'evaluation']) {
    for (const name of readdirSync(new URL(`test/${folder}/`, root)).sort()) {
      const file = `${folder}/${name}`;
      const lines = readFileSync(new URL(`test/${file}`, root), 'utf8').split('\n');
      for (const [index, text] of lines.entries()) {
        const query = /^query (.+)$/.exec(text)?.[1];
        if (query === undefined || lines[index + 1]?.startsWith('fails')) continue;
        for (const construct of constructsOf(parseExpression(query), query)) {
          if ((found.get(construct)?.query.length ?? Infinity) > query.length)
            found.set(construct, { file, line: index + 1, query });
        }
      }
    }
  }
  return found;
}

function* constructsOf(expression, query) {
  switch (expression.kind) {
    case 'logs':
      for (const { operator } of expression.matchers) yield `{label${operator}"…"}`;
      for (const stage of expression.stages) yield* stageConstructs(stage, query);
      break;
    case 'range-aggregation':
      yield expression.operator;
      if (expression.grouping) yield `${expression.grouping.without ? 'without' : 'by'} behind a range aggregation`;
      yield* rangeConstructs(expression.range, query);
      break;
    case 'vector-aggregation':
      yield expression.operator;
      if (expression.grouping) yield expression.grouping.without ? 'without' : 'by';
      yield* constructsOf(expression.expression, query);
      break;
    case 'binary':
      yield `binary ${expression.operator}`;
      yield* matchingConstructs(expression);
      yield* constructsOf(expression.left, query);
      yield* constructsOf(expression.right, query);
      break;
    case 'label-replace':
      yield 'label_replace()';
      yield* constructsOf(expression.expression, query);
      break;
    case 'vector':
      yield 'vector()';
      break;
    case 'number':
      yield 'number';
      break;
  }
}

function* rangeConstructs({ query: logs, unwrap, offsetNs }, query) {
  yield 'range';
  if (offsetNs > 0n) yield 'offset';
  if (offsetNs < 0n) yield 'negative offset';
  if (unwrap !== undefined) {
    yield unwrap.conversion === undefined ? 'unwrap' : `unwrap ${unwrap.conversion}()`;
    if (unwrap.filters.length > 0) yield 'filter behind unwrap';
  }
  yield* constructsOf(logs, query);
}

function* matchingConstructs({ returnsBool, matching }) {
  if (returnsBool) yield 'bool';
  if (matching.on) yield 'on';
  else if (matching.labels !== undefined) yield 'ignoring';
  if (matching.cardinality === 'many-to-one') yield 'group_left';
  if (matching.cardinality === 'one-to-many') yield 'group_right';
}

function* stageConstructs(stage, query) {
  switch (stage.kind) {
    case 'line-filters':
      for (const { operator, alternatives } of stage.filters) {
        if (alternatives.length > 1) yield 'or between line filters';
        for (const { isAddress } of alternatives) yield isAddress ? `${operator} ip(…)` : operator;
      }
      break;
    case 'json':
      yield stage.expressions.length === 0 ? 'json' : 'json with expressions';
      break;
    case 'logfmt':
      yield stage.expressions.length === 0 ? 'logfmt' : 'logfmt with expressions';
      if (stage.isStrict) yield '--strict';
      if (stage.keepsEmpty) yield '--keep-empty';
      break;
    case 'label-filter':
      yield* filterConstructs(stage.filter, query);
      break;
    case 'label-format':
      for (const format of stage.formats) {
        yield `label-format ${format.kind}`;
        if (format.kind === 'template') yield* templateConstructs(format.template);
      }
      break;
    case 'line-format':
      yield 'line-format';
      yield* templateConstructs(stage.template);
      break;
    case 'drop':
    case 'keep':
      for (const label of stage.labels) yield typeof label === 'string' ? stage.kind : `${stage.kind} where`;
      break;
    default:
      yield stage.kind;
  }
}

function* filterConstructs(filter, query) {
  switch (filter.kind) {
    case 'and':
    case 'or':
      yield filter.kind === 'or' || / and /.test(query) ? filter.kind : /,/.test(query) ? 'comma' : 'side by side';
      yield* filterConstructs(filter.left, query);
      yield* filterConstructs(filter.right, query);
      break;
    case 'matcher':
      yield `text ${filter.matcher.operator}`;
      break;
    case 'address':
      yield `${filter.operator} ip(…)`;
      break;
    default:
      yield `compare ${filter.kind}`;
      yield `compare ${filter.operator}`;
  }
}

/** By what stands in the text: which words a template has says enough of what it does. */
function* templateConstructs(template) {
  for (const [action] of template.matchAll(/\{\{.*?\}\}/gs)) {
    for (const [word] of action.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '').matchAll(/(?<![.$\w])[A-Za-z_]\w*/g)) {
      yield templateFunctionNames.has(word) ? `{{ ${word} }}` : `template: ${word}`;
    }
    if (action.includes('$')) yield 'template: variable';
    if (action.includes(' | ')) yield 'template: pipe';
    if (action.startsWith('{{-')) yield 'template: trim';
    if (action.includes('/*')) yield 'template: comment';
  }
}

function code(text) {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

async function built(path) {
  try {
    return await import(new URL(`dist/${path}`, root));
  } catch (error) {
    throw new Error(`cannot load packages/logql/dist/${path}, run npm run build first: ${error.message}`, {
      cause: error,
    });
  }
}
