import { Labels } from '../../data/labels.js';
import { NOTHING, StepSeries } from '../../data/step-series.js';
import type { Expression } from '../../syntax/ast.js';
import { METRIC_NAME } from '../../syntax/label-name.js';

/** A series of ones where none of `series` has a value, with the labels that the expression demands. */
export function absentSeries(
  series: readonly StepSeries[],
  expression: Expression,
  steps: number,
  dropsName: boolean,
): StepSeries[] {
  const absent = new StepSeries(demandedLabels(expression), steps, dropsName);
  for (let step = 0; step < steps; step++) {
    if (series.every(({ kinds }) => kinds[step] === NOTHING)) absent.setFloat(step, 1);
  }
  return absent.isEmpty ? [] : [absent];
}

/** Labels that equal one value. A label that has more than one condition is left out. */
function demandedLabels(expression: Expression): Labels {
  const selector = expression.kind === 'matrix-selector' ? expression.selector : expression;
  if (selector.kind !== 'vector-selector') return Labels.none;
  const demanded = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, operator, value } of selector.matchers) {
    if (name === METRIC_NAME) continue;
    if (operator === '=' && !seen.has(name)) {
      demanded.set(name, value);
      seen.add(name);
    } else {
      demanded.delete(name);
    }
  }
  return Labels.of(demanded);
}
