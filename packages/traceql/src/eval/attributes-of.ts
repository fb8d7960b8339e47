import type { Attribute } from '../data/attribute.js';
import type { FieldExpression } from '../syntax/ast.js';

/** Every attribute that an expression reads, as often as it reads it. */
export function attributesOf(expression: FieldExpression): Attribute[] {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'reference':
      return [expression.attribute];
    case 'nil-test':
    case 'unary':
      return attributesOf(expression.expression);
    case 'binary':
      return [...attributesOf(expression.left), ...attributesOf(expression.right)];
  }
}
