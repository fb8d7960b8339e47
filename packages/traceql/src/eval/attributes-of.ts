import type { Attribute } from '../data/attribute.js';
import type { FieldExpression } from '../syntax/ast.js';

/** Every attribute that an expression reads, as often as it reads it. */
export function attributesOf(expression: FieldExpression): Attribute[] {
  const found: Attribute[] = [];
  collect(expression, found);
  return found;
}

function collect(expression: FieldExpression, found: Attribute[]): void {
  switch (expression.kind) {
    case 'literal':
      return;
    case 'reference':
      found.push(expression.attribute);
      return;
    case 'nil-test':
    case 'unary':
      collect(expression.expression, found);
      return;
    case 'binary':
      collect(expression.left, found);
      collect(expression.right, found);
  }
}

/** Whether an expression reads any attribute. Chains of operators lean to the left, so that their right sides tell sooner. */
export function readsSpan(expression: FieldExpression): boolean {
  switch (expression.kind) {
    case 'literal':
      return false;
    case 'reference':
      return true;
    case 'nil-test':
    case 'unary':
      return readsSpan(expression.expression);
    case 'binary':
      return readsSpan(expression.right) || readsSpan(expression.left);
  }
}
