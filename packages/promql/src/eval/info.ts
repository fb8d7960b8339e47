import type { Grid } from '../data/grid.js';
import { lastTime } from '../data/grid.js';
import type { Label, Labels } from '../data/labels.js';
import { executionError } from '../data/query-error.js';
import { HISTOGRAM, NOTHING, type StepSeries } from '../data/step-series.js';
import type { Selection } from '../source.js';
import { type Call, childrenOf, type Expression } from '../syntax/ast.js';
import { METRIC_NAME } from '../syntax/label-name.js';
import { Matcher } from '../syntax/matcher.js';
import { SeriesCollector } from '../vector/collect.js';
import type { Evaluation } from './evaluation.js';
import { type InstantTimes, selectInstants, selectTimes } from './select-instant.js';
import { seriesOf } from './value.js';

/** Labels by which a series and what is said of its target find each other. */
const identifyingLabels = ['instance', 'job'];

/** `info(v, {…})`: the series of `v` with labels from info metrics such as `target_info`. */
export async function evaluateInfo(evaluation: Evaluation, call: Call, grid: Grid): Promise<readonly StepSeries[]> {
  const [argument, labelSelector] = call.arguments;
  const base = seriesOf(await evaluation.evaluate(argument!, grid));
  const matchers = labelSelector?.kind === 'vector-selector' ? labelSelector.matchers : [];
  const nameMatchers = effectiveNameMatchers(matchers.filter(({ name }) => name === METRIC_NAME));
  const dataMatchers = matchers.filter(({ name }) => name !== METRIC_NAME);
  const isInfo = (series: StepSeries) => nameMatchers.every((matcher) => matcher.matches(series.labels.metricName));
  const info = await readInfo(
    evaluation,
    base.filter((series) => !isInfo(series)),
    argument!,
    grid,
    [...dataMatchers, ...nameMatchers],
  );
  const collector = new SeriesCollector(grid.count);
  for (let step = 0; step < grid.count; step++) {
    const newest = newestInfo(info, step);
    for (const series of base) {
      if (series.kinds[step] === NOTHING) continue;
      const labels = isInfo(series) ? series.labels : enriched(series.labels, newest, dataMatchers);
      if (labels !== undefined) collector.at(step, labels, series.dropsName).copyStep(step, series);
    }
  }
  return collector.series;
}

/** Conditions on the name alone that only exclude some need one that selects; none select the default. */
function effectiveNameMatchers(given: readonly Matcher[]): readonly Matcher[] {
  if (given.some(({ operator }) => operator === '=' || operator === '=~')) return given;
  if (given.length > 0) return [new Matcher(METRIC_NAME, '=~', '.+_info'), ...given];
  return [new Matcher(METRIC_NAME, '=', 'target_info')];
}

/** Times of the samples of info series, which tell which of two is newer. */
interface InfoSeries {
  readonly labels: Labels;
  readonly signature: string;
  readonly times: StepSeries;
}

async function readInfo(
  evaluation: Evaluation,
  base: readonly StepSeries[],
  argument: Expression,
  grid: Grid,
  matchers: readonly Matcher[],
): Promise<InfoSeries[]> {
  const identity: Matcher[] = [];
  for (const name of identifyingLabels) {
    const values = new Set(base.map(({ labels }) => labels.get(name)).filter((value) => value !== ''));
    if (values.size > 0) identity.push(new Matcher(name, '=~', [...values].map(escaped).join('|')));
  }
  if (identity.length === 0) return [];
  const { atMs, offsetMs } = timesOfFirstSelector(argument) ?? { atMs: undefined, offsetMs: 0 };
  const { lookbackMs } = evaluation.options;
  const times: InstantTimes = { grid, atMs, offsetMs, lookbackMs };
  const selection: Selection = {
    matchers: [...identity, ...matchers],
    startMs: (atMs ?? grid.startMs) - offsetMs - lookbackMs + 1,
    endMs: (atMs ?? lastTime(grid)) - offsetMs,
    isShared: false,
    hints: { stepMs: grid.stepMs, rangeMs: 0, function: 'info', grouping: [], by: false },
  };
  const found: InfoSeries[] = [];
  for await (const batch of evaluation.reader.read(selection)) {
    for (const samples of batch) {
      const { labels } = samples;
      if (samples.histograms !== undefined && selectInstants(samples, times).kinds.includes(HISTOGRAM)) {
        throw executionError(`this should be an info metric, with float samples: ${labels}`);
      }
      found.push({ labels, signature: signatureOf(labels, labels.metricName), times: selectTimes(samples, times) });
    }
  }
  return found;
}

function escaped(value: string): string {
  return value.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** When the first selector of an expression is read: info series are taken from the same time. */
function timesOfFirstSelector(expression: Expression): { atMs: number | undefined; offsetMs: number } | undefined {
  if (expression.kind === 'vector-selector') {
    return { atMs: expression.at as number | undefined, offsetMs: expression.offsetMs };
  }
  for (const child of childrenOf(expression)) {
    const found = timesOfFirstSelector(child);
    if (found === undefined) continue;
    if (expression.kind !== 'subquery' || found.atMs !== undefined) return found;
    return { atMs: expression.at as number | undefined, offsetMs: found.offsetMs + expression.offsetMs };
  }
  return undefined;
}

function signatureOf(labels: Labels, metric: string): string {
  return labels.keep(identifyingLabels).with([[METRIC_NAME, metric]]).key;
}

/** For each info metric and identity the series with the newest sample. */
function newestInfo(info: readonly InfoSeries[], step: number): Map<string, InfoSeries> {
  const newest = new Map<string, InfoSeries>();
  for (const each of info) {
    if (each.times.kinds[step] === NOTHING) continue;
    const other = newest.get(each.signature);
    const timeMs = each.times.values[step]!;
    const otherMs = other?.times.values[step] ?? -Infinity;
    if (other !== undefined && timeMs === otherMs) {
      throw executionError(
        `found duplicate series for info metric: existing ${other.labels} @ ${otherMs}, new ${each.labels} @ ${timeMs}`,
      );
    }
    if (timeMs > otherMs) newest.set(each.signature, each);
  }
  return newest;
}

/** The labels with those of the info series that match. Undefined when labels are demanded that none has. */
function enriched(
  labels: Labels,
  newest: ReadonlyMap<string, InfoSeries>,
  dataMatchers: readonly Matcher[],
): Labels | undefined {
  const wanted = new Set(dataMatchers.map(({ name }) => name));
  const taken = new Map<string, string>();
  const metrics = new Set([...newest.values()].map((info) => info.labels.metricName));
  let isMatched = false;
  for (const metric of metrics) {
    const info = newest.get(signatureOf(labels, metric));
    if (info === undefined) continue;
    isMatched = true;
    for (const [name, value] of info.labels.entries) {
      if (name === METRIC_NAME || (wanted.size > 0 && !wanted.has(name))) continue;
      if ((taken.get(name) ?? value) !== value) throw executionError(`conflicting label: ${name}`);
      if (!labels.has(name)) taken.set(name, value);
    }
  }
  if (!isMatched && dataMatchers.some((matcher) => !matcher.matches(''))) return undefined;
  return taken.size === 0 ? labels : labels.with([...taken] as Label[]);
}
