import { compilePattern } from '../text/regular-expression.js';
import type { LabelReplace } from './ast.js';
import { type Draft, draft, failed } from './draft.js';
import { ParseError } from './parse-error.js';

export function labelReplace(expression: LabelReplace, input: Draft): Draft {
  try {
    compilePattern(`^(?:${expression.pattern})$`);
  } catch (error) {
    return failed(new ParseError(`invalid regex in label_replace: ${(error as Error).message}`));
  }
  return draft(expression, [input]);
}
