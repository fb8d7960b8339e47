// Built parser (dist/) and own scripts (test/scripts) → the table of every construct of the language with a query that
// shows it. A construct that no script shows is an error.

import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const { intrinsics } = await built('data/attribute.js');
const { parseQuery } = await built('syntax/parser.js');
const tokens = await built('syntax/token.js');

const scopes = [
  'any',
  'span',
  'resource',
  'event',
  'link',
  'instrumentation',
  'parent',
  'parent.span',
  'parent.resource',
];
const literals = ['string', 'int', 'float', 'boolean', 'duration', 'status', 'kind', 'minInt', 'maxInt'];
const fieldOperators = [...tokens.comparisonOperators, '&&', '||', ...tokens.arithmeticOperators];
const hints = ['exemplars'];

/** Constructs by group. */
const groups = {
  Scopes: [...scopes.map((scope) => `attribute of ${scope}`), 'quoted name'],
  Intrinsics: intrinsics.filter((name) => name !== 'parent').map((name) => `intrinsic ${name}`),
  Literals: literals.map((type) => `literal ${type}`),
  'Operators of fields': [
    ...fieldOperators.map((operator) => `field ${operator}`),
    'unary -',
    'unary !',
    '= nil',
    '!= nil',
  ],
  'Operators of spansets': [...tokens.logicalOperators, ...tokens.structuralOperators].map(
    (operator) => `spanset ${operator}`,
  ),
  Pipelines: ['filter', 'by', 'coalesce', 'select', 'scalar filter', 'pipeline in brackets'],
  Aggregates: [
    ...tokens.aggregateFunctions.map((name) => `${name}()`),
    ...tokens.scalarComparisons.map((operator) => `scalar ${operator}`),
    ...tokens.arithmeticOperators.map((operator) => `scalar ${operator}`),
    'pipeline as a scalar',
  ],
  Metrics: [...tokens.metricsFunctions.map((name) => `${name}()`), 'metrics by', 'compare with a time range'],
  'Second stages': [
    ...tokens.rankingFunctions.map((name) => `${name}()`),
    ...tokens.scalarComparisons.map((operator) => `series ${operator} number`),
    ...['+', '-', '*', '/'].map((operator) => `series ${operator} series`),
    ...['+', '-', '*', '/'].map((operator) => `series ${operator} constant`),
    'constant on the left',
  ],
  Hints: hints.map((name) => `with(${name})`),
};

/** Markdown for the page of constructs. */
export function traceqlConstructReference() {
  const examples = findExamples();
  const sections = Object.entries(groups).map(([group, constructs]) => {
    const rows = constructs.map((name) => {
      const example = examples.get(name);
      if (example === undefined) throw new Error(`no query in packages/traceql/test/scripts shows ${name}`);
      const { file, line, query } = example;
      return `| ${code(name)} | ${code(query)} | [${file}:${line}](../test/scripts/${file}#L${line}) |`;
    });
    return [`### ${group}`, '', '| construct | example | test |', '| --- | --- | --- |', ...rows].join('\n');
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
      const command =
        /^(?:search(?: with \d+ spans?)?|attributes|(?:range|exemplars)(?: \d+){3}|instant(?: \d+){2}) (?<query>.+)$/;
      const query = command.exec(text)?.groups.query.trim();
      if (query === undefined) continue;
      for (const name of constructsOf(query)) {
        if ((found.get(name)?.query.length ?? Infinity) > query.length)
          found.set(name, { file, line: index + 1, query });
      }
    }
  }
  return found;
}

/** What nodes of the tree show. Names that only the text has are looked for there. */
function* constructsOf(query) {
  const parsed = parseQuery(query);
  if (/\bminInt\b/.test(query)) yield 'literal minInt';
  if (/\bmaxInt\b/.test(query)) yield 'literal maxInt';
  if (/\w*\."/.test(query)) yield 'quoted name';
  for (const { name } of parsed.hints) yield `with(${name})`;
  yield* nodeConstructs(parsed.kind === 'search' ? parsed.pipeline : parsed.expression);
}

function* nodeConstructs(node) {
  yield* ownConstructs(node);
  for (const child of childrenOf(node)) yield* nodeConstructs(child);
}

function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => value !== null && typeof value === 'object' && 'kind' in value && 'position' in value);
}

function* ownConstructs(node) {
  switch (node.kind) {
    case 'reference':
      yield attributeConstruct(node.attribute);
      break;
    case 'literal':
      yield `literal ${literalType(node.value)}`;
      break;
    case 'binary':
      yield `field ${node.operator}`;
      break;
    case 'unary':
      yield `unary ${node.operator}`;
      break;
    case 'nil-test':
      yield `${node.operator} nil`;
      break;
    case 'spanset-filter':
      yield 'filter';
      break;
    case 'spanset-operation':
      yield `spanset ${node.operator}`;
      if (node.left.kind === 'pipeline' || node.right.kind === 'pipeline') yield 'pipeline in brackets';
      break;
    case 'scalar-filter':
      yield 'scalar filter';
      yield `scalar ${node.operator}`;
      break;
    case 'scalar-operation':
      yield `scalar ${node.operator}`;
      break;
    case 'scalar-pipeline':
      yield 'pipeline as a scalar';
      break;
    case 'aggregate':
      yield `${node.function}()`;
      break;
    case 'by':
    case 'coalesce':
    case 'select':
      yield node.kind;
      break;
    case 'metrics-aggregate':
      yield `${node.function}()`;
      if (node.by.length > 0) yield 'metrics by';
      break;
    case 'compare':
      yield 'compare()';
      if (node.endUnixNs > 0n) yield 'compare with a time range';
      break;
    case 'ranking':
      yield `${node.function}()`;
      break;
    case 'metrics-filter':
      yield `series ${node.operator} number`;
      break;
    case 'metrics-operation':
      yield `series ${node.operator} series`;
      break;
    case 'scalar-metrics-operation':
      yield `series ${node.operator} constant`;
      if (node.scalarSide === 'left') yield 'constant on the left';
      break;
  }
}

function attributeConstruct(attribute) {
  if (attribute.kind === 'intrinsic') return `intrinsic ${attribute.name}`;
  const { scope, ofParent } = attribute;
  if (!ofParent) return `attribute of ${scope}`;
  return `attribute of parent${scope === 'any' ? '' : `.${scope}`}`;
}

function literalType(value) {
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value !== 'object') return typeof value;
  return 'ns' in value ? 'duration' : value.type;
}

function code(text) {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

async function built(path) {
  try {
    return await import(new URL(`dist/${path}`, root));
  } catch (error) {
    throw new Error(`cannot load packages/traceql/dist/${path}, run npm run build first: ${error.message}`, {
      cause: error,
    });
  }
}
