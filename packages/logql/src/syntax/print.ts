import { durationText } from '#promql/syntax/duration';
import { decimal, general, quoted } from '#promql/syntax/go-text';
import type { Matcher } from '#promql/syntax/matcher';
import { byteSizeText } from '../text/byte-size.js';
import { goDurationText } from '../text/go-duration.js';
import type {
  BinaryOperation,
  Expression,
  Extraction,
  Grouping,
  LabelFilter,
  LineFilter,
  LineMatch,
  LogRange,
  RangeAggregation,
  Stage,
  Unwrap,
  VectorAggregation,
} from './ast.js';

/** The query in one line, in Loki's form. Parsing it gives the same tree. */
export function print(expression: Expression): string {
  switch (expression.kind) {
    case 'logs':
      return [matchersText(expression.matchers), ...expression.stages.map(stageText)].join(' ');
    case 'range-aggregation':
      return rangeAggregationText(expression);
    case 'vector-aggregation':
      return vectorAggregationText(expression);
    case 'binary':
      return `(${print(expression.left)} ${operatorText(expression)} ${print(expression.right)})`;
    case 'number':
      return general(expression.value);
    case 'vector':
      return `vector(${expression.value.toFixed(6)})`;
    case 'label-replace': {
      const texts = [expression.to, expression.replacement, expression.from, expression.pattern].map(quoted);
      return `label_replace(${[print(expression.expression), ...texts].join(',')})`;
    }
  }
}

export function matchersText(matchers: readonly Matcher[]): string {
  return `{${matchers.map(String).join(', ')}}`;
}

export function stageText(stage: Stage): string {
  switch (stage.kind) {
    case 'line-filters':
      return stage.filters.map(lineFilterText).join(' ');
    case 'json':
      return words('| json', extractionsText(stage.expressions));
    case 'logfmt': {
      const flags = [stage.isStrict ? '--strict' : '', stage.keepsEmpty ? '--keep-empty' : ''];
      return words('| logfmt', ...flags, extractionsText(stage.expressions));
    }
    case 'regexp':
    case 'pattern':
      return `| ${stage.kind} ${quoted(stage.pattern)}`;
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`;
    case 'label-filter':
      return `| ${labelFilterText(stage.filter)}`;
    case 'line-format':
      return `| line_format ${quoted(stage.template)}`;
    case 'label-format': {
      const formats = stage.formats.map(
        (format) => `${format.label}=${format.kind === 'rename' ? format.from : quoted(format.template)}`,
      );
      return `| label_format ${formats.join(',')}`;
    }
    case 'drop':
    case 'keep':
      return `| ${stage.kind} ${stage.labels.map(String).join(',')}`;
  }
}

function words(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ');
}

export function lineFilterText({ operator, alternatives }: LineFilter): string {
  return `${operator} ${alternatives.map(lineMatchText).join(' or ')}`;
}

function lineMatchText({ text, isAddress }: LineMatch): string {
  return isAddress ? `ip(${quoted(text)})` : quoted(text);
}

function extractionsText(expressions: readonly Extraction[]): string {
  return expressions.map(({ label, expression }) => `${label}=${quoted(expression)}`).join(',');
}

export function labelFilterText(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'and':
      return `( ${labelFilterText(filter.left)} , ${labelFilterText(filter.right)} )`;
    case 'or':
      return `( ${labelFilterText(filter.left)} or ${labelFilterText(filter.right)} )`;
    case 'matcher':
      return matcherText(filter.matcher);
    case 'address':
      return `${filter.label}${filter.operator}ip(${quoted(filter.pattern)})`;
    case 'number':
      return `${filter.label}${filter.operator}${decimal(Number(filter.value))}`;
    case 'duration':
      return `${filter.label}${filter.operator}${goDurationText(BigInt(filter.value))}`;
    case 'bytes':
      return `${filter.label}${filter.operator}${byteSizeText(BigInt(filter.value))}`;
  }
}

function matcherText(matcher: Matcher): string {
  return String(matcher);
}

export function unwrapText({ label, conversion, filters }: Unwrap): string {
  const source = conversion === undefined ? label : `${conversion}(${label})`;
  return [`| unwrap ${source}`, ...filters.map((filter) => `| ${labelFilterText(filter)}`)].join(' ');
}

function rangeText({ query, unwrap, rangeNs, offsetNs }: LogRange): string {
  const unwrapped = unwrap === undefined ? '' : ` ${unwrapText(unwrap)}`;
  const offset = offsetNs === 0n ? '' : ` offset ${goDurationText(offsetNs)}`;
  return `${print(query)}${unwrapped}[${durationText(Number(rangeNs / 1_000_000n))}]${offset}`;
}

function rangeAggregationText({ operator, range, parameter, grouping }: RangeAggregation): string {
  const first = parameter === undefined ? '' : `${decimal(parameter)},`;
  return `${operator}(${first}${rangeText(range)})${grouping === undefined ? '' : groupingText(grouping)}`;
}

function vectorAggregationText({ operator, expression, parameter, grouping }: VectorAggregation): string {
  const isSingle = grouping === undefined || (!grouping.without && grouping.labels.length === 0);
  const first = parameter === undefined ? '' : `${parameter},`;
  return `${operator}${isSingle ? '' : groupingText(grouping)}(${first}${print(expression)})`;
}

function groupingText({ labels, without }: Grouping): string {
  return ` ${without ? 'without' : 'by'} (${labels.join(',')})`;
}

export function operatorText({ operator, returnsBool, matching }: BinaryOperation): string {
  const { cardinality, on, labels, include } = matching;
  const text = returnsBool ? `${operator} bool` : operator;
  if (!on && labels === undefined) return text;
  const names = `${on ? 'on' : 'ignoring'} (${(labels ?? []).join(',')})`;
  const group = { 'one-to-one': '', 'many-to-one': 'group_left', 'one-to-many': 'group_right' }[cardinality];
  const included = include === undefined ? group : `${group} (${include.join(',')})`;
  return `${text} ${names} ${included}`;
}
