// Random queries: the text for the engine, and a tree of its own for the oracle. Words of the language are written out, not
// imported: a word that the lexer lost would be missing here, too.

import fc from 'fast-check';

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | bigint | number | boolean; readonly text: string }
  | { readonly kind: 'attribute'; readonly scope: Scope; readonly name: string; readonly text: string }
  | { readonly kind: 'arithmetic'; readonly operator: string; readonly left: Operand; readonly right: Operand };

export type Scope = 'any' | 'span' | 'resource' | 'event' | 'link' | 'parent' | 'intrinsic';

export type Condition =
  | { readonly kind: 'compare'; readonly operator: string; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'nil'; readonly operator: '=' | '!='; readonly operand: Operand }
  | { readonly kind: 'truth'; readonly operand: Operand }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

export type Spanset =
  | { readonly kind: 'filter'; readonly condition: Condition | undefined }
  | { readonly kind: 'operation'; readonly operator: string; readonly left: Spanset; readonly right: Spanset };

export type Step =
  | { readonly kind: 'filter'; readonly condition: Condition }
  | { readonly kind: 'by'; readonly operand: Operand }
  | { readonly kind: 'coalesce' }
  | {
      readonly kind: 'aggregate';
      readonly name: string;
      readonly operand: Operand;
      readonly operator: string;
      readonly value: number;
    };

export interface Pipeline {
  readonly first: Spanset;
  readonly steps: readonly Step[];
}

export interface Metrics {
  readonly pipeline: Pipeline;
  readonly name: string;
  readonly operand: Operand | undefined;
  readonly by: readonly Operand[];
}

const literal = fc.oneof(
  fc.constantFrom('x', 'y', '').map((value): Operand => ({ kind: 'literal', value, text: JSON.stringify(value) })),
  fc.constantFrom(0n, 1n, 2n, 5n).map((value): Operand => ({ kind: 'literal', value, text: String(value) })),
  fc.constantFrom(0.5, 1, 2.5).map((value): Operand => ({ kind: 'literal', value, text: value.toFixed(1) })),
  fc.boolean().map((value): Operand => ({ kind: 'literal', value, text: String(value) })),
);

const attribute: fc.Arbitrary<Operand> = fc
  .tuple(fc.constantFrom<Scope>('any', 'span', 'resource', 'event', 'link', 'parent'), fc.constantFrom('a', 'b', 'c'))
  .map(([scope, name]) => ({
    kind: 'attribute',
    scope,
    name,
    text: scope === 'any' ? `.${name}` : `${scope}.${name}`,
  }));

/** Fields whose type a literal must have. */
const typedComparison: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('name', 'rootName', 'rootServiceName', 'event:name'),
      fc.constantFrom('=', '!=', '<', '=~'),
      fc.constantFrom('x', 'y'),
    )
    .map(([name, operator, value]) =>
      intrinsicComparison(name, operator, { kind: 'literal', value, text: `"${value}"` }),
    ),
  fc
    .tuple(
      fc.constantFrom('duration', 'traceDuration', 'span:childCount', 'nestedSetParent', 'event:timeSinceStart'),
      fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      fc.constantFrom(-1, 0, 1, 2, 40),
    )
    .map(([name, operator, value]) =>
      intrinsicComparison(name, operator, { kind: 'literal', value, text: `${value}.0` }),
    ),
);

function intrinsicComparison(name: string, operator: string, right: Operand): Condition {
  return { kind: 'compare', operator, left: { kind: 'attribute', scope: 'intrinsic', name, text: name }, right };
}

const arithmeticOperand: fc.Arbitrary<Operand> = fc
  .tuple(attribute, fc.constantFrom('+', '-', '*', '/', '%'), fc.constantFrom(0n, 1n, 2n))
  .map(([left, operator, value]) => ({
    kind: 'arithmetic',
    operator,
    left,
    right: { kind: 'literal', value, text: String(value) },
  }));

const comparison: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(attribute, literal).chain(([left, right]) => comparisonOf(left, right)) },
  { weight: 1, arbitrary: fc.tuple(literal, attribute).chain(([left, right]) => comparisonOf(left, right)) },
  { weight: 1, arbitrary: fc.tuple(attribute, attribute).chain(([left, right]) => comparisonOf(left, right)) },
  {
    weight: 1,
    arbitrary: fc.tuple(arithmeticOperand, fc.constantFrom('=', '<', '>='), fc.constantFrom(0n, 1n, 3n)).map(
      ([left, operator, value]): Condition => ({
        kind: 'compare',
        operator,
        left,
        right: { kind: 'literal', value, text: String(value) },
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(attribute, fc.constantFrom('=~', '!~'), fc.constantFrom('x|y', 'x.*', '')).map(
      ([left, operator, value]): Condition => ({
        kind: 'compare',
        operator,
        left,
        right: { kind: 'literal', value, text: JSON.stringify(value) },
      }),
    ),
  },
);

function comparisonOf(left: Operand, right: Operand): fc.Arbitrary<Condition> {
  const isBoolean = [left, right].some((each) => each.kind === 'literal' && typeof each.value === 'boolean');
  const operators = isBoolean ? ['=', '!='] : ['=', '!=', '<', '<=', '>', '>='];
  return fc.constantFrom(...operators).map((operator) => ({ kind: 'compare', operator, left, right }));
}

const condition = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: comparison },
    { weight: 2, arbitrary: typedComparison },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom<'=' | '!='>('=', '!='), attribute)
        .map(([operator, operand]): Condition => ({ kind: 'nil', operator, operand })),
    },
    { weight: 1, arbitrary: attribute.map((operand): Condition => ({ kind: 'truth', operand })) },
    { weight: 1, arbitrary: tie('condition').map((inner): Condition => ({ kind: 'not', condition: inner })) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom<'and' | 'or'>('and', 'or'), tie('condition'), tie('condition'))
        .map(([kind, left, right]): Condition => ({ kind, left, right })),
    },
  ),
})).condition;

export const structuralOperators = [
  '>',
  '<',
  '>>',
  '<<',
  '~',
  '!>',
  '!<',
  '!>>',
  '!<<',
  '!~',
  '&>',
  '&<',
  '&>>',
  '&<<',
  '&~',
];

const spanset = fc.letrec<{ spanset: Spanset }>((tie) => ({
  spanset: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    {
      weight: 2,
      arbitrary: fc
        .option(condition, { nil: undefined, freq: 4 })
        .map((each): Spanset => ({ kind: 'filter', condition: each })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('&&', '||', ...structuralOperators), tie('spanset'), tie('spanset'))
        .map(([operator, left, right]): Spanset => ({ kind: 'operation', operator, left, right })),
    },
  ),
})).spanset;

const step: fc.Arbitrary<Step> = fc.oneof(
  condition.map((each): Step => ({ kind: 'filter', condition: each })),
  attribute.map((operand): Step => ({ kind: 'by', operand })),
  fc.constant<Step>({ kind: 'coalesce' }),
  fc
    .tuple(
      fc.constantFrom('count', 'min', 'max', 'sum', 'avg'),
      attribute,
      fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      fc.constantFrom(0, 1, 2),
    )
    .map(([name, operand, operator, value]): Step => ({ kind: 'aggregate', name, operand, operator, value })),
);

export const anyPipeline: fc.Arbitrary<Pipeline> = fc
  .tuple(spanset, fc.array(step, { maxLength: 3 }))
  .map(([first, steps]) => ({ first, steps }));

export const anyMetrics: fc.Arbitrary<Metrics> = fc
  .tuple(
    fc.oneof(
      anyPipeline,
      condition.map((each): Pipeline => ({ first: { kind: 'filter', condition: each }, steps: [] })),
    ),
    fc.constantFrom(
      'rate',
      'count_over_time',
      'min_over_time',
      'max_over_time',
      'sum_over_time',
      'avg_over_time',
      'histogram_over_time',
    ),
    fc.oneof(
      attribute,
      fc.constant<Operand>({ kind: 'attribute', scope: 'intrinsic', name: 'duration', text: 'duration' }),
    ),
    fc.array(attribute, { maxLength: 2 }),
  )
  .map(([pipeline, name, operand, by]) => ({
    pipeline,
    name,
    operand: /rate|count/.test(name) ? undefined : operand,
    by,
  }));

export function pipelineText({ first, steps }: Pipeline): string {
  return [spansetText(first), ...steps.map(stepText)].join(' | ');
}

export function metricsText({ pipeline, name, operand, by }: Metrics): string {
  const grouping = by.length === 0 ? '' : ` by (${by.map(operandText).join(', ')})`;
  return `${pipelineText(pipeline)} | ${name}(${operand === undefined ? '' : operandText(operand)})${grouping}`;
}

function stepText(each: Step): string {
  switch (each.kind) {
    case 'filter':
      return `{ ${conditionText(each.condition)} }`;
    case 'by':
      return `by(${operandText(each.operand)})`;
    case 'coalesce':
      return 'coalesce()';
    case 'aggregate':
      return `${each.name}(${each.name === 'count' ? '' : operandText(each.operand)}) ${each.operator} ${each.value}`;
  }
}

function spansetText(each: Spanset): string {
  if (each.kind === 'filter') return each.condition === undefined ? '{}' : `{ ${conditionText(each.condition)} }`;
  return `(${spansetText(each.left)} ${each.operator} ${spansetText(each.right)})`;
}

function conditionText(each: Condition): string {
  switch (each.kind) {
    case 'compare':
      return `${operandText(each.left)} ${each.operator} ${operandText(each.right)}`;
    case 'nil':
      return `${operandText(each.operand)} ${each.operator} nil`;
    case 'truth':
      return operandText(each.operand);
    case 'not':
      return `!(${conditionText(each.condition)})`;
    default:
      return `(${conditionText(each.left)} ${each.kind === 'and' ? '&&' : '||'} ${conditionText(each.right)})`;
  }
}

export function operandText(each: Operand): string {
  if (each.kind !== 'arithmetic') return each.text;
  return `${operandText(each.left)} ${each.operator} ${operandText(each.right)}`;
}
