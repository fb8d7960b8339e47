// The engine's thread: questions about streams → the JSON of Loki's answers.

import { ParseError, parseLogQuery, parseSelector } from '#logql';
import type { Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import { Failure } from '../../../base/failure.js';
import type { Principal } from '../../../server/identity/principal.js';
import { LogStore } from '../../logs/log-store.js';
import type { EngineRun } from '../../run/engine.js';
import { describedField, findFields } from './detected-fields.js';
import type { IndexQuestion, IndexRequest } from './index-question.js';

export const run: EngineRun = async (request, { scanner, principal, home, signal }) => {
  const { question, indexAttributes } = request as IndexRequest;
  const store = new LogStore({
    scanner,
    principal,
    home: JSON.stringify([home.catalog, home.schema]),
    options: { indexAttributes },
  });
  const body = new TextEncoder().encode(JSON.stringify(await answer(question, { store, principal, signal })));
  return { value: body, transfer: [body.buffer] };
};

interface Asked {
  readonly store: LogStore;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

async function answer(question: IndexQuestion, asked: Asked): Promise<object> {
  const { store, signal } = asked;
  if (question.kind === 'detected-fields') return detectedFields(question, asked);
  if (question.kind === 'series') {
    const selections = question.selectors.length === 0 ? [''] : question.selectors;
    const streams = await store.streams(
      selections.map((selector) => selectionOf({ ...question, query: selector })),
      signal,
    );
    return success(streams.map(asObject));
  }
  const selection = selectionOf(question);
  switch (question.kind) {
    case 'labels':
      return success([...(await store.labels(selection, signal)).keys()]);
    case 'label-values':
      return success((await store.labels(selection, signal)).get(question.label) ?? []);
    case 'stats': {
      const { streams, entries, bytes } = await store.stats(selection, signal);
      // Tables have no chunks.
      return { streams, chunks: 0, bytes, entries };
    }
    case 'volume':
      return volume(question, selection.matchers, store, signal);
    case 'patterns': {
      const { startNs, stepNs } = question;
      const patterns = await store.patterns({ ...selection, stepNs }, signal);
      return success(
        patterns.map(({ text, buckets }) => ({
          pattern: text,
          samples: buckets.map(({ bucket, count }) => [seconds(startNs + stepNs * BigInt(bucket)), count]),
        })),
      );
    }
    case 'detected-labels':
      return { detectedLabels: detectedLabels(await store.labels(selection, signal)) };
  }
}

function success(data: unknown): object {
  return { status: 'success', data };
}

function asObject(labels: Labels): Record<string, string> {
  return Object.fromEntries(labels.entries);
}

/** Whole seconds, as Loki's samples of patterns have. */
function seconds(ns: bigint): number {
  return Number(ns / 1_000_000_000n);
}

function selectionOf({ query, startNs, endNs }: { query: string; startNs: bigint; endNs: bigint }) {
  return { matchers: matchersOf(query), startNs, endNs };
}

/** All streams where nothing is asked for: `{}` is no selector in LogQL. */
function matchersOf(query: string): readonly Matcher[] {
  if (/^\s*(?:\{\s*\})?\s*$/.test(query)) return [];
  return parsed(() => parseSelector(query));
}

function parsed<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Failure('malformed', error.message, { cause: error });
  }
}

async function detectedFields(
  { query, startNs, endNs, field, limits }: Extract<IndexQuestion, { kind: 'detected-fields' }>,
  { store, principal, signal }: Asked,
): Promise<object> {
  const request = { query: parsed(() => parseLogQuery(query)), startNs, endNs, limits };
  const found = await findFields(store.source, request, principal, signal);
  if (field !== undefined) return { values: [...(found.get(field)?.values ?? [])].sort(), limit: limits.fields };
  return { fields: [...found].map(([label, each]) => describedField(label, each)), limit: limits.fields };
}

async function volume(
  question: Extract<IndexQuestion, { kind: 'volume' }>,
  matchers: readonly Matcher[],
  store: LogStore,
  signal: AbortSignal,
): Promise<object> {
  const { startNs, endNs, aggregateBy, targetLabels, limit, stepNs } = question;
  const request = { matchers, startNs, endNs, aggregateBy, targetLabels, limit, ...(stepNs && { stepNs }) };
  const result = (await store.volumes(request, signal)).map(({ labels, label, samples }) => {
    const metric = label === undefined ? asObject(labels) : { [label]: '' };
    const points = samples.map(({ timeNs, bytes }) => [Number(timeNs / 1_000_000n) / 1000, String(bytes)]);
    return stepNs === undefined ? { metric, value: points[0] } : { metric, values: points };
  });
  return success({ resultType: stepNs === undefined ? 'vector' : 'matrix', result, stats: {} });
}

/** Labels that are shown whatever their values. */
const PLACES = new Set(['cluster', 'namespace', 'instance', 'pod']);
const UUID = /^(?:urn:uuid:)?\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i;

/** Labels that say something: those with nothing but numbers or ids for values are left out. */
function detectedLabels(labels: ReadonlyMap<string, readonly string[]>): object[] {
  return [...labels]
    .filter(([label, values]) => PLACES.has(label) || isFlag(values) || !values.every(isId))
    .map(([label, values]) => ({ label, cardinality: values.length }));
}

function isFlag(values: readonly string[]): boolean {
  return values.every((value) => value === '0' || value === '1');
}

function isId(value: string): boolean {
  return (value !== '' && !Number.isNaN(Number(value))) || UUID.test(value);
}
