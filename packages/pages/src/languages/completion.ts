// What may come next in a query: words of its language, and names and values of the telemetry that is there.

import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete';
import * as loki from '../apis/loki.js';
import * as prometheus from '../apis/prometheus.js';
import * as tempo from '../apis/tempo.js';
import { logql, logqlStages, promql, sql, traceql } from './words.js';

export interface Times {
  readonly startMs: number;
  readonly endMs: number;
}

/** Names and values that a menu shows. More than this nobody scrolls through. */
const MAX_OPTIONS = 500;

/** Where the cursor is in a selector `{name="value"}`. */
type SelectorPlace =
  | { readonly kind: 'name'; readonly from: number }
  | { readonly kind: 'value'; readonly from: number; readonly name: string; readonly isQuoted: boolean };

const noNewer = new AbortController().signal;

/** Answers once for each key: menus open at each letter. */
function remembered<T>(): (key: string, load: () => Promise<T>) => Promise<T> {
  let kept: { readonly key: string; readonly value: Promise<T> } | undefined;
  return (key, load) => {
    if (kept?.key !== key) {
      const value = load();
      kept = { key, value };
      value.catch(() => {
        kept = undefined;
      });
    }
    return kept.value;
  };
}

function options(labels: readonly string[], type: string, more: Partial<Completion> = {}): Completion[] {
  return labels.slice(0, MAX_OPTIONS).map((label) => ({ label, type, ...more }));
}

function calls(names: readonly string[]): Completion[] {
  return names.map((label) => ({ label, type: 'function', apply: `${label}(`, boost: -1 }));
}

function selectorPlace(context: CompletionContext, names: RegExp): SelectorPlace | undefined {
  const before = context.state.sliceDoc(0, context.pos);
  const open = before.lastIndexOf('{');
  if (open === -1 || before.lastIndexOf('}') > open) return undefined;
  const inside = before.slice(open + 1);
  const value = /([\p{L}_][\p{L}\p{N}_.:-]*)\s*(?:=~|!~|!=|>=|<=|=|>|<)\s*("?)([^"\s,&|]*)$/u.exec(inside);
  if (value !== null) {
    return { kind: 'value', from: context.pos - value[3]!.length, name: value[1]!, isQuoted: value[2] === '"' };
  }
  const name = names.exec(inside)?.[0] ?? '';
  return { kind: 'name', from: context.pos - name.length };
}

/** A value between quotes, of which those that are there already are taken. */
function valueOptions(values: readonly string[], isQuoted: boolean, context: CompletionContext): Completion[] {
  const isClosed = isQuoted && context.state.sliceDoc(context.pos, context.pos + 1) === '"';
  return values.slice(0, MAX_OPTIONS).map((value) => {
    const insert = JSON.stringify(value).slice(isQuoted ? 1 : 0);
    return {
      label: value,
      type: 'constant',
      apply: (view, _completion, from, to) => {
        const changes = { from, to: isClosed ? to + 1 : to, insert };
        view.dispatch({ changes, selection: { anchor: from + insert.length } });
      },
    };
  });
}

function result(from: number, found: readonly Completion[]): CompletionResult | null {
  return found.length === 0 ? null : { from, options: found, validFor: /^[^\s{}"=~!<>,()|&]*$/ };
}

const LABEL = /[\p{L}_][\p{L}\p{N}_]*$/u;

export function promqlCompletion(times: () => Times): CompletionSource {
  const names = remembered<readonly string[]>();
  const labels = remembered<readonly string[]>();
  const values = remembered<readonly string[]>();
  return async (context) => {
    const key = String(times().startMs);
    const place = selectorPlace(context, LABEL);
    if (place !== undefined) {
      const before = context.state.sliceDoc(0, context.pos);
      const metric = /([\p{L}_:][\p{L}\p{N}_:]*)\s*\{[^{]*$/u.exec(before)?.[1];
      if (place.kind === 'name') {
        const found = await labels(`${key} ${metric}`, () => prometheus.labelNames(metric, times(), noNewer));
        return result(
          place.from,
          options(
            found.filter((name) => name !== '__name__'),
            'property',
          ),
        );
      }
      const found = await values(`${key} ${metric} ${place.name}`, () =>
        prometheus.labelValues(place.name, times(), noNewer, metric),
      );
      return result(place.from, valueOptions(found, place.isQuoted, context));
    }
    const word = context.matchBefore(/[\p{L}_:][\p{L}\p{N}_:]*$/u);
    if (word === null && !context.explicit) return null;
    const metrics = await names(key, () => prometheus.metricNames(times(), noNewer)).catch(() => []);
    return result(word?.from ?? context.pos, [
      ...options(metrics, 'variable'),
      ...calls(promql.functions),
      ...options(promql.keywords, 'keyword', { boost: -2 }),
    ]);
  };
}

export function logqlCompletion(times: () => Times): CompletionSource {
  const labels = remembered<readonly string[]>();
  const values = remembered<readonly string[]>();
  return async (context) => {
    const key = String(times().startMs);
    const place = selectorPlace(context, LABEL);
    if (place?.kind === 'name') {
      return result(place.from, options(await labels(key, () => loki.labelNames(times(), noNewer)), 'property'));
    }
    if (place !== undefined) {
      const found = await values(`${key} ${place.name}`, () => loki.labelValues(place.name, times(), noNewer));
      return result(place.from, valueOptions(found, place.isQuoted, context));
    }
    const word = context.matchBefore(LABEL);
    if (word === null && !context.explicit) return null;
    const from = word?.from ?? context.pos;
    const isStage = /\|\s*$/.test(context.state.sliceDoc(0, from));
    if (isStage) return result(from, options([...logqlStages], 'keyword'));
    return result(from, [...calls(logql.functions), ...options(logql.keywords, 'keyword', { boost: -2 })]);
  };
}

const TRACE_FIELD = /[\p{L}_][\p{L}\p{N}_.:-]*$/u;

export function traceqlCompletion(times: () => Times): CompletionSource {
  const tags = remembered<readonly string[]>();
  const values = remembered<readonly tempo.TagValue[]>();
  const seconds = () => ({ start: Math.floor(times().startMs / 1000), end: Math.ceil(times().endMs / 1000) });
  return async (context) => {
    const key = String(times().startMs);
    const place = selectorPlace(context, TRACE_FIELD);
    if (place?.kind === 'name') {
      return result(place.from, options(await tags(key, () => tempo.tagNames(noNewer, seconds())), 'property'));
    }
    if (place !== undefined) {
      const found = await values(`${key} ${place.name}`, () => tempo.tagValues(place.name, noNewer, seconds()));
      const words = found.filter(({ type }) => type !== 'string').map(({ value }) => value);
      const texts = found.filter(({ type }) => type === 'string').map(({ value }) => value);
      return result(place.from, [
        ...(place.isQuoted ? [] : options(words, 'constant')),
        ...valueOptions(texts, place.isQuoted, context),
      ]);
    }
    const word = context.matchBefore(LABEL);
    if (word === null && !context.explicit) return null;
    return result(word?.from ?? context.pos, [
      ...calls(traceql.functions),
      ...options(['by', 'select', 'coalesce'], 'keyword'),
    ]);
  };
}

/** `names` are tables, their columns and functions of the database. */
export function sqlCompletion(names: () => Promise<readonly Completion[]>): CompletionSource {
  return async (context) => {
    const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*$/u);
    if (word === null && !context.explicit) return null;
    const known = await names().catch(() => []);
    return result(word?.from ?? context.pos, [
      ...known,
      ...calls(sql.functions),
      ...options(
        sql.keywords.map((keyword) => keyword.toUpperCase()),
        'keyword',
        { boost: -2 },
      ),
    ]);
  };
}
