import type { Annotations } from '../data/annotations.js';
import type { Label, Labels } from '../data/labels.js';
import { executionError } from '../data/query-error.js';
import { FLOAT, NOTHING, StepSeries } from '../data/step-series.js';
import type { Position } from '../syntax/position.js';
import { claim, SeriesCollector } from './collect.js';
import {
  arithmetic,
  changesMeaning,
  combineHistograms,
  comparison,
  type ElementOperator,
  type ElementProblem,
  incompatibleFloats,
} from './element.js';
import { bySignature, type MatchLabels, matchedLabels, matchSignature, presence } from './matching.js';

/** How many series of each side may match one of the other. */
export interface Matching extends MatchLabels {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many';
  /** Labels that the many side takes from the one side. */
  readonly include: readonly string[];
  readonly fillLeft: number | undefined;
  readonly fillRight: number | undefined;
}

export interface VectorOperationContext {
  readonly steps: number;
  readonly annotations: Annotations;
  /** Called again and again while the work lasts: what it throws ends it. */
  readonly throwIfEnded?: () => void;
  readonly position: Position;
  readonly returnsBool: boolean;
  /** Names are dropped at the end of the query instead of here. */
  readonly delaysNameRemoval: boolean;
}

/** An arithmetic operation or comparison on the matching series of two vectors. Throws when matches are ambiguous. */
export function combineVectors(
  operator: ElementOperator,
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  matching: Matching,
  context: VectorOperationContext,
): StepSeries[] {
  return new VectorOperation(operator, left, right, matching, context).results();
}

/** Two series that match, and what came of it so far. */
interface Pair {
  readonly labels: Labels;
  /** Steps at which a series with the same signature was matched, and one with these labels too. */
  readonly matched: Uint8Array;
  readonly matchedLabels: Uint8Array | undefined;
  result: StepSeries | undefined;
}

/** Whatever is matched counts, also what a comparison then drops. */
function noteMatch(step: number, { matched, matchedLabels }: Pair): void {
  if (matchedLabels === undefined && matched[step] === 1) {
    throw executionError('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)');
  }
  if (matchedLabels?.[step] === 1) {
    throw executionError('multiple matches for labels: grouping labels must ensure unique matches');
  }
  matched[step] = 1;
  if (matchedLabels !== undefined) matchedLabels[step] = 1;
}

class VectorOperation {
  readonly #operator: ElementOperator;
  readonly #compute: ((left: number, right: number) => number) | undefined;
  readonly #compare: ((left: number, right: number) => boolean) | undefined;
  readonly #matching: Matching;
  readonly #context: VectorOperationContext;
  readonly #many: readonly StepSeries[];
  readonly #one: readonly StepSeries[];
  readonly #oneBySignature: ReadonlyMap<string, readonly StepSeries[]>;
  /** Steps at which nothing can match. */
  readonly #idle: Uint8Array;
  readonly #collector: SeriesCollector;
  /** Steps at which a signature, or labels of a result with it, was matched. */
  readonly #matched = new Map<string, Uint8Array>();
  /** Only the last problem of a step is told. */
  readonly #problems: (ElementProblem | undefined)[] = [];

  constructor(
    operator: ElementOperator,
    left: readonly StepSeries[],
    right: readonly StepSeries[],
    matching: Matching,
    context: VectorOperationContext,
  ) {
    this.#operator = operator;
    this.#compute = arithmetic[operator];
    this.#compare = comparison[operator];
    this.#matching = matching;
    this.#context = context;
    [this.#many, this.#one] = matching.cardinality === 'one-to-many' ? [right, left] : [left, right];
    this.#oneBySignature = bySignature(this.#one, matching, context.throwIfEnded);
    this.#idle = this.#idleSteps(left, right);
    this.#collector = new SeriesCollector(context.steps);
  }

  results(): StepSeries[] {
    this.#refuseDuplicates();
    for (const series of this.#many) this.#matchMany(series);
    if (this.#matching.fillLeft !== undefined) this.#fillUnmatched(this.#matching.fillLeft);
    for (const problem of this.#problems) if (problem !== undefined) this.#report(problem);
    return this.#collector.series;
  }

  #idleSteps(left: readonly StepSeries[], right: readonly StepSeries[]): Uint8Array {
    const { fillLeft, fillRight } = this.#matching;
    const hasFill = fillLeft !== undefined || fillRight !== undefined;
    const leftPresent = presence(left, this.#context.steps);
    const rightPresent = presence(right, this.#context.steps);
    return leftPresent.map((present, step) => {
      const sides = present + rightPresent[step]!;
      return sides === 0 || (sides === 1 && !hasFill) ? 1 : 0;
    });
  }

  /** The one side must have one series for a signature at each step. */
  #refuseDuplicates(): void {
    for (const same of this.#oneBySignature.values()) {
      if (same.length < 2) continue;
      for (let step = 0; step < this.#context.steps; step++) {
        if (this.#idle[step] === 1) continue;
        const present = same.filter(({ kinds }) => kinds[step] !== NOTHING);
        if (present.length > 1) throw this.#duplicateError(present[0]!.labels, present[1]!.labels);
      }
    }
  }

  #duplicateError(first: Labels, second: Labels): Error {
    const side = this.#matching.cardinality === 'one-to-many' ? 'left' : 'right';
    const group = matchedLabels(first, this.#matching);
    const series = [String(first), String(second)].sort().join(', ');
    return executionError(
      `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${series}]` +
        ';many-to-many matching not allowed: matching labels must be unique on one side',
    );
  }

  #matchMany(series: StepSeries): void {
    this.#context.throwIfEnded?.();
    const signature = matchSignature(series.labels, this.#matching);
    const partners = this.#oneBySignature.get(signature) ?? [];
    const { fillRight } = this.#matching;
    const filler = fillRight === undefined ? undefined : this.#filler(series, fillRight);
    for (const partner of partners) {
      this.#combine(series, partner, signature, (step) => partner.kinds[step] !== NOTHING);
    }
    if (filler === undefined) return;
    this.#combine(series, filler, signature, (step) => partners.every(({ kinds }) => kinds[step] === NOTHING));
  }

  /** What the one side has and the many side lacks. */
  #fillUnmatched(value: number): void {
    for (const series of this.#one) {
      const signature = matchSignature(series.labels, this.#matching);
      const matched = this.#matchedSteps(signature).slice();
      const isFree = (step: number) => series.kinds[step] !== NOTHING && matched[step] === 0;
      this.#combine(this.#filler(series, value), series, signature, isFree);
    }
  }

  #filler(partner: StepSeries, value: number): StepSeries {
    const filler = new StepSeries(matchedLabels(partner.labels, this.#matching), this.#context.steps);
    filler.kinds.fill(FLOAT);
    filler.values.fill(value);
    return filler;
  }

  /** Combines two series at all steps at which they match. What is looked up by labels is looked up once. */
  #combine(many: StepSeries, one: StepSeries, signature: string, isMatch: (step: number) => boolean): void {
    const labels = this.#resultLabels(many.labels, one.labels);
    const isOneToOne = this.#matching.cardinality === 'one-to-one';
    const pair: Pair = {
      labels,
      matched: this.#matchedSteps(signature),
      matchedLabels: isOneToOne ? undefined : this.#matchedSteps(`${signature}\n${labels.key}`),
      result: undefined,
    };
    const [left, right] = this.#matching.cardinality === 'one-to-many' ? [one, many] : [many, one];
    for (let step = 0; step < this.#context.steps; step++) {
      if (this.#idle[step] === 1 || many.kinds[step] === NOTHING || !isMatch(step)) continue;
      if (left.kinds[step] === FLOAT && right.kinds[step] === FLOAT) {
        this.#combineFloats(left.values[step]!, right.values[step]!, step, pair);
      } else {
        this.#combineOthers(left, right, step, pair);
      }
    }
  }

  #combineFloats(left: number, right: number, step: number, pair: Pair): void {
    if (this.#compute !== undefined) {
      noteMatch(step, pair);
      this.#claimed(step, pair).setFloat(step, this.#compute(left, right));
      return;
    }
    if (this.#compare === undefined) {
      this.#problems[step] = incompatibleFloats(this.#operator).problem;
      return;
    }
    const isKept = this.#compare(left, right);
    noteMatch(step, pair);
    if (this.#context.returnsBool) this.#claimed(step, pair).setFloat(step, isKept ? 1 : 0);
    else if (isKept) this.#claimed(step, pair).setFloat(step, left);
  }

  #combineOthers(left: StepSeries, right: StepSeries, step: number, pair: Pair): void {
    const elementOf = (series: StepSeries) => series.histogramAt(step) ?? series.values[step]!;
    const result = combineHistograms(this.#operator, elementOf(left), elementOf(right));
    if (result.problem !== undefined) {
      this.#problems[step] = result.problem;
      return;
    }
    if (result.note !== undefined) this.#problems[step] = result.note;
    noteMatch(step, pair);
    if (this.#context.returnsBool) this.#claimed(step, pair).setFloat(step, result.isKept ? 1 : 0);
    else if (result.isKept) this.#claimed(step, pair).setHistogram(step, result.histogram!);
  }

  /** The result of the pair, which must have no value at the step yet. */
  #claimed(step: number, pair: Pair): StepSeries {
    pair.result ??= this.#collector.seriesFor(pair.labels, this.#context.returnsBool);
    claim(pair.result, step);
    return pair.result;
  }

  #matchedSteps(key: string): Uint8Array {
    let steps = this.#matched.get(key);
    if (steps === undefined) {
      steps = new Uint8Array(this.#context.steps);
      this.#matched.set(key, steps);
    }
    return steps;
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { cardinality, labels: names, on, include } = this.#matching;
    const dropsName = changesMeaning(this.#operator) || (this.#context.returnsBool && !this.#context.delaysNameRemoval);
    let labels = dropsName ? many.dropMetadata() : many;
    if (cardinality === 'one-to-one') labels = on ? labels.keep(names) : labels.drop(names);
    return include.length === 0 ? labels : labels.with(include.map((name): Label => [name, one.get(name)]));
  }

  #report({ severity, text }: ElementProblem): void {
    const { annotations, position } = this.#context;
    if (severity === 'warning') annotations.warn(text, position);
    else annotations.info(text, position);
  }
}
