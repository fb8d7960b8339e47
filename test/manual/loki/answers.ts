// Two servers' answers to one question → where they differ, if anywhere.

import { numbersAgree } from '../prometheus/numbers.js';

export interface LokiAnswer {
  readonly status: number;
  readonly text: string;
}

export interface Comparison {
  /** Undefined where the answers agree. */
  readonly difference: string | undefined;
  /** Entries and samples that were compared. */
  readonly compared: number;
}

interface Result {
  readonly stream?: Readonly<Record<string, string>>;
  readonly metric?: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly unknown[])[];
  readonly value?: readonly unknown[];
}

export function compareAnswers(ours: LokiAnswer, theirs: LokiAnswer): Comparison {
  if (ours.status !== theirs.status)
    return differs(`status ${ours.status} ${ours.text}`, `${theirs.status} ${theirs.text}`);
  if (ours.status !== 200) return ours.text.trim() === theirs.text.trim() ? same(0) : differs(ours.text, theirs.text);
  const [mine, yours] = [JSON.parse(ours.text) as Body, JSON.parse(theirs.text) as Body];
  if (mine.data === undefined || Array.isArray(mine.data) || typeof mine.data === 'string') {
    const [left, right] = [listed(mine.data ?? mine), listed(yours.data ?? (Array.isArray(mine.data) ? [] : yours))];
    return left === right ? same(1) : differs(left, right);
  }
  const [left, right] = [mine.data, yours.data as Data];
  if (left.resultType !== right.resultType) return differs(left.resultType, right.resultType);
  if (left.resultType === 'scalar')
    return compareSeries([{ metric: {}, value: left.result as never }], [{ metric: {}, value: right.result as never }]);
  return left.resultType === 'streams'
    ? compareStreams(left.result, right.result)
    : compareSeries(left.result, right.result);
}

interface Data {
  readonly resultType: string;
  readonly result: readonly Result[];
}
interface Body {
  readonly data?: Data;
}

function same(compared: number): Comparison {
  return { difference: undefined, compared };
}

function differs(ours: string, theirs: string): Comparison {
  return { difference: `ours ${ours.slice(0, 600)}\n    theirs ${theirs.slice(0, 600)}`, compared: 0 };
}

/** Of each stream the entries in their order. */
function compareStreams(ours: readonly Result[], theirs: readonly Result[]): Comparison {
  const [left, right] = [streamsOf(ours), streamsOf(theirs)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [mine, yours] = [left.get(key) ?? [], right.get(key) ?? []];
    for (let i = 0; i < Math.max(mine.length, yours.length); i++) {
      if (mine[i] !== yours[i])
        return differs(`${key} ${i}/${mine.length}: ${mine[i]}`, `${i}/${yours.length}: ${yours[i]}`);
    }
  }
  return same([...left.values()].reduce((sum, entries) => sum + entries.length, 0));
}

function streamsOf(results: readonly Result[]): ReadonlyMap<string, readonly string[]> {
  return new Map(results.map(({ stream, values }) => [sortedJson(stream), values!.map((value) => sortedJson(value))]));
}

function compareSeries(ours: readonly Result[], theirs: readonly Result[]): Comparison {
  const points = (results: readonly Result[]) =>
    new Map(
      results.flatMap(({ metric, value, values }) =>
        (values ?? [value!]).map(([time, number]) => [`${sortedJson(metric)} at ${time}`, String(number)] as const),
      ),
    );
  const [left, right] = [points(ours), points(theirs)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [mine, yours] = [left.get(key), right.get(key)];
    if (mine === undefined || yours === undefined || !numbersAgree(mine, yours))
      return differs(`${key}: ${mine}`, `${yours}`);
  }
  return same(left.size);
}

/** The text of an answer that is a list, or has one: in what order was not asked. */
function listed(value: unknown): string {
  if (typeof value !== 'object' || value === null) return sortedJson(value);
  const list = Array.isArray(value) ? value : Object.values(value).find(Array.isArray);
  return list === undefined ? sortedJson(value) : list.map(sortedJson).sort().join('\n');
}

/** Text that only equal values share, whatever the order of members. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}
