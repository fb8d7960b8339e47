// What is asked of both servers: queries at some times and over a range, and the endpoints that clients fill their menus from.

import { isDeepStrictEqual } from 'node:util';
import { type ApiAnswer, type Comparison, compareAnswers } from './answers.js';
import { demoEndMs } from './demo-metrics.js';

export interface Question {
  readonly kind: 'instant' | 'range' | 'endpoint';
  /** The query, or the endpoint's path. */
  readonly text: string;
  ask(url: string, headers: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  compare(ours: ApiAnswer, theirs: ApiAnswer): Comparison;
}

/** Between two samples of the data, on one, and on the edge of a gap. Seconds after the first sample. */
const INSTANTS_S = [1807, 2400, 3300.5];
/** As the tester of prometheus/compliance asks: ten minutes in steps of ten seconds. */
const COMPLIANCE_RANGE_S = [2400, 3000, 10] as const;
/** Over a restart of the counters, and with steps that fall between samples. */
const OWN_RANGE_S = [900, 3540, 37] as const;

export function questionsAbout(
  queries: readonly string[],
  startMs: number,
  source: 'compliance' | 'own' | 'expressions',
): readonly Question[] {
  const startS = startMs / 1000;
  const [from, to, step] = source === 'compliance' ? COMPLIANCE_RANGE_S : OWN_RANGE_S;
  const instants = source === 'own' ? INSTANTS_S : INSTANTS_S.slice(0, 1);
  return [
    ...queries.flatMap((query) => [
      ...instants.map((at) => question('instant', query, '/api/v1/query', { query, time: startS + at })),
      question('range', query, '/api/v1/query_range', { query, start: startS + from, end: startS + to, step }),
    ]),
    ...(source === 'own' ? endpoints(startMs) : []),
  ];
}

/** All series that a selector has, and all of their samples. */
export function questionsAboutAll(selector: string, startMs: number): readonly Question[] {
  const [start, end] = [startMs / 1000, demoEndMs(startMs) / 1000];
  const match = encodeURIComponent(selector);
  return [
    question('instant', `${selector}[2h]`, '/api/v1/query', { query: `${selector}[2h]`, time: end }),
    ...[
      `/api/v1/series?start=${start}&end=${end}&match[]=${match}`,
      `/api/v1/labels?start=${start}&end=${end}&match[]=${match}`,
    ].map(endpoint),
  ];
}

function question(
  kind: 'instant' | 'range',
  text: string,
  path: string,
  parameters: Readonly<Record<string, string | number>>,
): Question {
  const body = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return {
    kind,
    text,
    compare: compareAnswers,
    ask: async (url, headers) => answerOf(await fetch(url + path, { method: 'POST', headers, body })),
  };
}

async function answerOf(response: Response): Promise<ApiAnswer> {
  return { status: response.status, body: (await response.json()) as ApiAnswer['body'] };
}

function endpoints(startMs: number): readonly Question[] {
  const window = `start=${startMs / 1000}&end=${demoEndMs(startMs) / 1000}`;
  const matching = (selector: string) => `match[]=${encodeURIComponent(selector)}`;
  return [
    `/api/v1/labels?${window}`,
    `/api/v1/labels?${window}&${matching('demo_queue_size')}`,
    `/api/v1/label/__name__/values?${window}`,
    `/api/v1/label/instance/values?${window}`,
    `/api/v1/label/type/values?${window}&${matching('{instance=~".*:10001"}')}`,
    `/api/v1/label/le/values?${window}`,
    `/api/v1/label/nothing/values?${window}`,
    `/api/v1/label/U__a_2e_b/values?${window}`,
    `/api/v1/label/__name__/values?${window}&limit=3`,
    `/api/v1/series?${window}&${matching('demo_queue_size')}`,
    `/api/v1/series?${window}&${matching('{__name__=~"demo_(load|num).*"}')}&${matching('target_info')}`,
    `/api/v1/series?${window}&${matching('{__name__!=""}')}`,
    `/api/v1/series?${window}`,
    `/api/v1/series?${window}&${matching('{x=""}')}`,
    `/api/v1/metadata`,
    `/api/v1/metadata?metric=demo_memory_usage_bytes`,
    `/api/v1/query_exemplars?query=demo_api_request_duration_seconds_bucket&${window}`,
    `/api/v1/query_exemplars?query=${encodeURIComponent('rate(demo_api_request_duration_seconds_bucket{path="/api/foo"}[5m])')}&${window}`,
    `/api/v1/format_query?query=${encodeURIComponent('sum by(a)(rate(x[5m]))/2')}`,
    `/api/v1/format_query?query=${encodeURIComponent('sum by(')}`,
    `/api/v1/parse_query?query=${encodeURIComponent('sum by(a)(rate(x{b=~"c"}[5m] offset 1m))/on(d)group_left y')}`,
    `/api/v1/query?query=up&time=x`,
    `/api/v1/query?time=1`,
    `/api/v1/query_range?query=up&start=10&end=5&step=1`,
    `/api/v1/query_range?query=up&start=0&end=5&step=0`,
    `/api/v1/query_range?query=up&start=0&end=50000&step=1`,
    `/api/v1/query_range?query=up&start=0&end=5`,
    `/api/v1/query?query=1&timeout=x`,
    `/api/v1/query?query=1&limit=-1`,
    `/api/v1/query?query=demo_queue_size&limit=2&time=${startMs / 1000 + 1807}`,
    `/api/v1/rules`,
    `/api/v1/alerts`,
  ].map(endpoint);
}

function endpoint(path: string): Question {
  return {
    kind: 'endpoint',
    text: path.replace(/start=[\d.]+&end=[\d.]+&?/, ''),
    ask: async (url, headers) => answerOf(await fetch(url + path, { headers })),
    compare: (ours, theirs) => {
      const [mine, yours] = [inOrder(ours), inOrder(theirs)];
      const isEqual = isDeepStrictEqual(mine, yours);
      const difference = isEqual ? undefined : firstDifference('', mine, yours);
      return { difference, samples: 0, nearSamples: 0 };
    },
  };
}

/** Lists of objects have no order that clients may rely on. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(inOrder);
    return items.some((item) => typeof item === 'object')
      ? items.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, held]) => [key, inOrder(held)]),
  );
}

function firstDifference(path: string, ours: unknown, theirs: unknown): string | undefined {
  if (isDeepStrictEqual(ours, theirs)) return undefined;
  if (typeof ours === 'object' && typeof theirs === 'object' && ours !== null && theirs !== null) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const [one, other] = [ours, theirs].map((held) => (held as Record<string, unknown>)[key]);
      const difference = firstDifference(`${path}.${key}`, one, other);
      if (difference !== undefined) return difference;
    }
  }
  return `${path}: ours ${shown(ours)}, theirs ${shown(theirs)}`;
}

const shown = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
