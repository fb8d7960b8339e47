import type { Matcher } from '#promql/syntax/matcher';
import type { Expression } from './ast.js';
import type { Draft } from './draft.js';
import { ParseError } from './parse-error.js';

/** Throws the first problem of an expression, as Loki meets them: an expression before its parts. */
export function check({ expression, problem, parts }: Draft): void {
  if (problem !== undefined) throw problem;
  checkAlone(expression);
  for (const part of parts) check(part);
}

function checkAlone(expression: Expression): void {
  if (expression.kind === 'logs') checkMatchers(expression.matchers);
  if (expression.kind === 'range-aggregation') checkMatchers(expression.range.query.matchers);
  if (expression.kind !== 'vector-aggregation') return;
  const { operator, grouping } = expression;
  if ((operator === 'sort' || operator === 'sort_desc') && grouping !== undefined && grouping.labels.length > 0) {
    throw new ParseError("sort and sort_desc doesn't allow grouping by ");
  }
}

/** A query must not read all streams by mistake. */
function checkMatchers(matchers: readonly Matcher[]): void {
  if (matchers.some((matcher) => !matcher.matches(''))) return;
  throw new ParseError(
    'queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
      'For instance, app=~".*" does not meet this requirement, but app=~".+" will',
  );
}
