import type { Attribute, AttributeScope, IntrinsicName } from '../data/attribute.js';
import { Duration, Keyword, type Value } from '../data/value.js';
import type { AttributeReference, FieldExpression, FieldOperator, Literal } from './ast.js';
import { spanning } from './position.js';
import {
  attributeScopes,
  DURATION,
  END_ATTRIBUTE,
  FLOAT,
  IDENTIFIER,
  INTEGER,
  plainIntrinsics,
  STRING,
  scopedIntrinsics,
  type Token,
} from './token.js';
import type { TokenStream } from './token-stream.js';

/** How tightly operators bind. `&&` and `||` bind alike, and all but `^` to the left. */
const precedences: Readonly<Record<FieldOperator, number>> = {
  '&&': 1,
  '||': 1,
  '=': 2,
  '!=': 2,
  '<': 2,
  '<=': 2,
  '>': 2,
  '>=': 2,
  '=~': 2,
  '!~': 2,
  '+': 3,
  '-': 3,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
};

/** What binds as tightly as the operator itself, or tighter: a sign leaves `* / % ^` to its operand. */
const signPrecedences = { '-': 4, '!': 5 } as const;

const keywords: ReadonlyMap<string, boolean | Keyword> = new Map<string, boolean | Keyword>([
  ['true', true],
  ['false', false],
  ...[...Keyword.statuses, ...Keyword.kinds].map((keyword): [string, Keyword] => [keyword.name, keyword]),
]);

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;

export function parseFieldExpression(tokens: TokenStream, minimum = 1): FieldExpression {
  return tokens.nested(() => {
    let left = parseOperand(tokens);
    for (;;) {
      const operator = tokens.next.type as FieldOperator;
      const precedence = precedences[operator];
      if (precedence === undefined || precedence < minimum) return left;
      tokens.takeOperator();
      const isNilTest = (operator === '=' || operator === '!=') && tokens.isNext('nil');
      if (isNilTest) {
        tokens.take();
        left = { kind: 'nil-test', operator, expression: left, position: tokens.positionFrom(left.position) };
      } else {
        const right = parseFieldExpression(tokens, operator === '^' ? precedence : precedence + 1);
        left = { kind: 'binary', operator, left, right, position: spanning(left.position, right.position) };
      }
    }
  });
}

function parseOperand(tokens: TokenStream): FieldExpression {
  const first = tokens.next;
  if (first.type === '-' || first.type === '!') {
    tokens.take();
    const expression = parseFieldExpression(tokens, signPrecedences[first.type]);
    return { kind: 'unary', operator: first.type, expression, position: tokens.positionFrom(first) };
  }
  if (tokens.takeIf('(')) {
    const expression = parseFieldExpression(tokens);
    tokens.close(')');
    return expression;
  }
  if (first.type === 'nil') return parseNilFirst(tokens);
  return tryParseReference(tokens) ?? parseLiteral(tokens);
}

/** `nil = …` and `nil != …`, which two nils never meet. */
function parseNilFirst(tokens: TokenStream): FieldExpression {
  const first = tokens.expect('nil');
  const operator = tokens.takeIf('=')?.type ?? tokens.takeIf('!=')?.type;
  if (operator !== '=' && operator !== '!=') tokens.fail('=', '!=');
  if (tokens.takeIf('nil')) return { kind: 'literal', value: false, position: tokens.positionFrom(first) };
  const expression = parseFieldExpression(tokens, precedences[operator] + 1);
  return { kind: 'nil-test', operator, expression, position: tokens.positionFrom(first) };
}

/** `.name`, `span.name`, `duration`, `span:duration` and their like. */
export function parseReference(tokens: TokenStream): AttributeReference {
  return tryParseReference(tokens) ?? tokens.fail();
}

/** References with commas between, and the bracket behind them. */
export function parseReferenceList(tokens: TokenStream): AttributeReference[] {
  const references = [parseReference(tokens)];
  while (tokens.takeIf(',')) references.push(parseReference(tokens));
  tokens.expect(')', ',');
  return references;
}

function tryParseReference(tokens: TokenStream): AttributeReference | undefined {
  const first = tokens.next;
  const attribute = tryParseAttribute(tokens);
  return attribute && { kind: 'reference', attribute, position: tokens.positionFrom(first) };
}

function tryParseAttribute(tokens: TokenStream): Attribute | undefined {
  const { type } = tokens.next;
  if (plainIntrinsics.includes(type)) {
    tokens.take();
    return { kind: 'intrinsic', name: type as IntrinsicName };
  }
  if (type in scopedIntrinsics) {
    tokens.take();
    const names: Readonly<Record<string, IntrinsicName>> = scopedIntrinsics[type as keyof typeof scopedIntrinsics];
    const name = names[tokens.next.type];
    if (name === undefined) tokens.fail(...(Object.keys(names).length > 4 ? [] : Object.keys(names)));
    tokens.take();
    return { kind: 'intrinsic', name };
  }
  if ((attributeScopes as readonly string[]).includes(type)) return parseNamedAttribute(tokens);
  return undefined;
}

function parseNamedAttribute(tokens: TokenStream): Attribute {
  const { type } = tokens.take();
  const ofParent = type === 'parent.';
  const inner = ofParent ? (tokens.takeIf('resource.') ?? tokens.takeIf('span.'))?.type : undefined;
  const name = tokens.takeIf(IDENTIFIER);
  if (name === undefined) {
    if (ofParent && inner === undefined) tokens.fail(IDENTIFIER, 'resource.', 'span.');
    tokens.fail(IDENTIFIER);
  }
  tokens.expect(END_ATTRIBUTE);
  return { kind: 'attribute', scope: scopeOf(inner ?? type), name: name.text, ofParent };
}

function scopeOf(spelling: string): AttributeScope {
  return spelling === '.' || spelling === 'parent.' ? 'any' : (spelling.slice(0, -1) as AttributeScope);
}

export function parseLiteral(tokens: TokenStream): Literal {
  const token = tokens.next;
  if (!isLiteral(token)) tokens.fail();
  tokens.take();
  const value = literalValue(tokens, token);
  return { kind: 'literal', value, position: token };
}

function isLiteral({ type }: Token): boolean {
  return keywords.has(type) || [STRING, INTEGER, FLOAT, DURATION, IDENTIFIER].includes(type);
}

function literalValue(tokens: TokenStream, token: Token): Exclude<Value, undefined> {
  switch (token.type) {
    case STRING:
      return token.text;
    case INTEGER:
    case FLOAT:
      return token.value;
    case DURATION:
      return new Duration(Number(token.value));
    case IDENTIFIER:
      if (token.text === 'minInt') return MIN_INT;
      if (token.text === 'maxInt') return MAX_INT;
      return tokens.refuse(`unknown identifier: ${token.text}`);
    default:
      return keywords.get(token.type)!;
  }
}
