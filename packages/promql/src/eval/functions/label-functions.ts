import { RE2JS } from 're2js';
import { isLabelName, type Labels } from '../../data/labels.js';
import { executionError } from '../../data/query-error.js';
import type { StepSeries } from '../../data/step-series.js';
import { METRIC_NAME } from '../../syntax/label-name.js';
import { mergedByLabels } from '../../vector/collect.js';

/** `label_replace(v, to, replacement, from, pattern)`: sets a label from the parts of another that match. */
export function replaceLabel(
  series: readonly StepSeries[],
  [to = '', replacement = '', from = '', source = '']: readonly string[],
): StepSeries[] {
  const pattern = patternOf(source);
  if (!isLabelName(to)) throw executionError(`invalid destination label name in label_replace(): ${to}`);
  const relabelled = series.map((each) => {
    const matcher = pattern.matcher(each.labels.get(from));
    if (!matcher.matches()) return each;
    const text = expanded(replacement, (group) => groupText(matcher, group));
    return withLabel(each, to, each.labels.with([[to, text]]));
  });
  return mergedByLabels(relabelled);
}

/** `label_join(v, to, separator, from…)`: sets a label from others. */
export function joinLabels(
  series: readonly StepSeries[],
  [to = '', separator = '', ...from]: readonly string[],
): StepSeries[] {
  for (const name of from) {
    if (!isLabelName(name)) throw executionError(`invalid source label name in label_join(): ${name}`);
  }
  if (!isLabelName(to)) throw executionError(`invalid destination label name in label_join(): ${to}`);
  const relabelled = series.map((each) => {
    const text = from.map((name) => each.labels.get(name)).join(separator);
    return withLabel(each, to, each.labels.with([[to, text]]));
  });
  return mergedByLabels(relabelled);
}

/** A name that is set fits again. */
function withLabel(series: StepSeries, label: string, labels: Labels): StepSeries {
  return series.relabelled(labels, label === METRIC_NAME ? false : series.dropsName);
}

function patternOf(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL);
  } catch (error) {
    const message = `invalid regular expression in label_replace(): ${source}`;
    throw Object.assign(executionError(message), { cause: error });
  }
}

type Matcher = ReturnType<RE2JS['matcher']>;

function groupText(matcher: Matcher, group: string): string {
  if (/^\d+$/.test(group)) return Number(group) <= matcher.groupCount() ? (matcher.group(Number(group)) ?? '') : '';
  try {
    return matcher.group(group) ?? '';
  } catch {
    return ''; // A name that no group has stands for nothing.
  }
}

/** Go's templates: `$1`, `${1}`, `$name` as long as it goes, `${name}`, `$$`. A dollar before anything else is dropped. */
function expanded(template: string, textOf: (group: string) => string): string {
  return template.replaceAll(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, bare?: string, braced?: string) =>
    dollar === undefined ? textOf((bare ?? braced)!) : '$',
  );
}
