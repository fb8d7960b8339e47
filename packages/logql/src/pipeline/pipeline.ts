import type { Labels } from '#promql/data/labels';
import type { LabelFilter, LineFilter, Stage } from '../syntax/ast.js';
import { ParseError } from '../syntax/parse-error.js';
import { lineFilterText, stageText } from '../syntax/print.js';
import { compileDecolorize } from './decolorize.js';
import { compileLabelFormat, compileLineFormat, formattedLabels } from './format-stages.js';
import { compileJson } from './json-stage.js';
import { compileLabelFilter, earlyFilter, filteredLabels } from './label-filter.js';
import { compileLabelSelection } from './label-selection.js';
import { LabelsBuilder } from './labels-builder.js';
import { compileLineFilter } from './line-filter.js';
import { compileLogfmt } from './logfmt-stage.js';
import { type EarlyFilter, ParserHints } from './parser-hints.js';
import { compilePatternStage, compileRegexp, compileUnpack } from './parser-stages.js';
import type { StageFunction } from './stage.js';

/** What lines go through, compiled once for a query. */
export class Pipeline {
  readonly labels: LabelsBuilder;
  readonly #stages: readonly StageFunction[];

  constructor(stages: readonly StageFunction[], hints: ParserHints) {
    this.#stages = stages;
    this.labels = new LabelsBuilder(hints);
  }

  /** The line that comes out, or undefined if it is dropped. `labels` are then those of this line, until the next one. */
  process(line: string, stream: Labels, metadata: Labels, timeNs: bigint): string | undefined {
    const { labels } = this;
    labels.reset(stream, metadata);
    let current = line;
    for (const stage of this.#stages) {
      const next = stage(current, labels, timeNs);
      if (next === undefined) return undefined;
      current = next;
    }
    return current;
  }
}

/** Throws `ParseError` with Loki's text for a stage that cannot be. */
export function compilePipeline(stages: readonly Stage[], hints?: ParserHints): Pipeline {
  const ordered = reordered(stages);
  const compiled = ordered.map(compileStage);
  const parserHints = hints ?? new ParserHints({ required: [], needsNone: false, filters: earlyFilters(ordered) });
  return new Pipeline(compiled, parserHints);
}

/**
 * Line filters before what is slower, as Loki has them: up to the stage that changes the line, or drops it, they come first. A
 * filter behind `decolorize` therefore sees the colours.
 */
export function reordered(stages: readonly Stage[]): Stage[] {
  const result: Stage[] = [];
  let filters: LineFilter[] = [];
  let others: Stage[] = [];
  const flush = () => {
    if (filters.length > 0) result.push({ kind: 'line-filters', filters });
    result.push(...others);
    filters = [];
    others = [];
  };
  for (const stage of stages) {
    if (stage.kind === 'line-filters') filters.push(...stage.filters);
    else if (stage.kind === 'label-filter') {
      flush();
      result.push(stage);
    } else {
      others.push(stage);
      if (stage.kind === 'line-format' || stage.kind === 'unpack') flush();
    }
  }
  flush();
  return result;
}

function compileStage(stage: Stage): StageFunction {
  try {
    return compileAny(stage);
  } catch (error) {
    const text = stage.kind === 'line-filters' ? stage.filters.map(lineFilterText).join(' ') : stageText(stage);
    throw new ParseError(`stage '${text}' : ${(error as Error).message}`);
  }
}

function compileAny(stage: Stage): StageFunction {
  switch (stage.kind) {
    case 'line-filters': {
      const predicates = stage.filters.map(compileLineFilter);
      const [only] = predicates;
      if (predicates.length === 1) return (line) => (only!(line) ? line : undefined);
      return (line) => (predicates.every((passes) => passes(line)) ? line : undefined);
    }
    case 'label-filter': {
      const passes = compileLabelFilter(stage.filter);
      return (line, labels) => (passes(labels) ? line : undefined);
    }
    case 'json':
      return compileJson(stage);
    case 'logfmt':
      return compileLogfmt(stage);
    case 'regexp':
      return compileRegexp(stage);
    case 'pattern':
      return compilePatternStage(stage);
    case 'unpack':
      return compileUnpack();
    case 'line-format':
      return compileLineFormat(stage);
    case 'label-format':
      return compileLabelFormat(stage);
    case 'decolorize':
      return compileDecolorize();
    case 'drop':
    case 'keep':
      return compileLabelSelection(stage);
  }
}

/** Filters that parsers may ask as soon as they know a label. */
export function earlyFilters(stages: readonly Stage[]): EarlyFilter[] {
  return stages.flatMap((stage) => (stage.kind === 'label-filter' ? (earlyFilter(stage.filter) ?? []) : []));
}

/** Labels that stages look at. */
export function requiredLabels(stages: readonly Stage[], filters: readonly LabelFilter[] = []): string[] {
  const labels = stages.flatMap((stage) => {
    if (stage.kind === 'label-filter') return filteredLabels(stage.filter);
    return stage.kind === 'line-format' || stage.kind === 'label-format' ? formattedLabels(stage) : [];
  });
  return [...labels, ...filters.flatMap(filteredLabels)];
}
