import { added, type Combined, IncompatibleHistograms, subtracted } from '../histogram/combine.js';
import {
  compacted,
  divided,
  equalHistograms,
  multiplied,
  type NativeHistogram,
  withHint,
} from '../histogram/native-histogram.js';
import { trimmedHistogram } from '../histogram/trim.js';
import type { ArithmeticOperator, ComparisonOperator } from '../syntax/token.js';
import { conflictingResets, type HistogramOperation, reconciled } from './aggregate-histograms.js';

export type ElementOperator = ArithmeticOperator | ComparisonOperator;

/** What an operation on two values has to say. A warning on two vectors costs the result, a note only where it has none. */
export interface ElementProblem {
  readonly severity: 'warning' | 'info';
  readonly text: string;
}

/** Result of an operation with a histogram: the value if there is one, and whether a comparison keeps it. */
export interface HistogramResult {
  readonly histogram: NativeHistogram | undefined;
  readonly isKept: boolean;
  readonly problem: ElementProblem | undefined;
  readonly note: ElementProblem | undefined;
}

export const arithmetic: Readonly<Partial<Record<ElementOperator, (left: number, right: number) => number>>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
};

export const comparison: Readonly<Partial<Record<ElementOperator, (left: number, right: number) => boolean>>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** C's power, which knows that 1 and -1 stay what they are. JavaScript answers NaN. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  return base ** exponent;
}

/** Operations that change what is measured, so that the name of the metric no longer fits. */
export function changesMeaning(operator: ElementOperator): boolean {
  return arithmetic[operator] !== undefined;
}

/** An operation of which at least one side is a histogram. */
export function combineHistograms(
  operator: ElementOperator,
  left: NativeHistogram | number,
  right: NativeHistogram | number,
): HistogramResult {
  if (typeof left === 'number') {
    if (operator === '*' && typeof right !== 'number') return value(compacted(multiplied(right, left)));
    return incompatible('float', operator, typeof right === 'number' ? 'float' : 'histogram');
  }
  if (typeof right === 'number') {
    switch (operator) {
      case '*':
        return value(compacted(multiplied(left, right)));
      case '/':
        return value(compacted(divided(left, right)));
      case '</':
        return value(trimmedHistogram(left, right, 'below'));
      case '>/':
        return value(trimmedHistogram(left, right, 'above'));
      default:
        return incompatible('histogram', operator, 'float');
    }
  }
  switch (operator) {
    case '+':
      return summed(() => added(left, right), 'addition', operator);
    case '-':
      return summed(() => asGauge(subtracted(left, right)), 'subtraction', operator);
    case '==':
      return { ...value(left), isKept: equalHistograms(left, right) };
    case '!=':
      return { ...value(left), isKept: !equalHistograms(left, right) };
    default:
      return incompatible('histogram', operator, 'histogram');
  }
}

/** An operation between floats that only histograms know. */
export function incompatibleFloats(operator: ElementOperator): HistogramResult {
  return incompatible('float', operator, 'float');
}

function value(histogram: NativeHistogram): HistogramResult {
  return { histogram, isKept: true, problem: undefined, note: undefined };
}

function asGauge(combined: Combined): Combined {
  return { ...combined, histogram: withHint(combined.histogram, 'gauge') };
}

function summed(combine: () => Combined, operation: HistogramOperation, operator: ElementOperator): HistogramResult {
  try {
    const { histogram, resetsCollide, boundsReconciled } = combine();
    return {
      ...value(compacted(histogram)),
      problem: resetsCollide ? { severity: 'warning', text: conflictingResets(operation) } : undefined,
      note: boundsReconciled ? { severity: 'info', text: reconciled(operation) } : undefined,
    };
  } catch (error) {
    if (!(error instanceof IncompatibleHistograms)) throw error;
    return none({
      severity: 'warning',
      text: `incompatible bucket layout encountered for binary operator ${operator}`,
    });
  }
}

function incompatible(left: string, operator: ElementOperator, right: string): HistogramResult {
  const types = `${left} ${operator} ${right}`;
  return none({
    severity: 'info',
    text: `incompatible sample types encountered for binary operator "${operator}": ${types}`,
  });
}

function none(problem: ElementProblem): HistogramResult {
  return { histogram: undefined, isKept: false, problem, note: undefined };
}
