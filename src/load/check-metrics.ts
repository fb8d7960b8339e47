// What a server says of itself before and after a load → what went wrong meanwhile. It reads Prometheus's text format.

const TIMEOUT_MS = 10_000;

/** Samples by series, as the text spells them: `name{labels}`. */
export type Samples = ReadonlyMap<string, number>;

export async function readMetrics(url: URL): Promise<Samples> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return parseSamples(await response.text());
}

export function parseSamples(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, series, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)/.exec(line) ?? [];
    if (series !== undefined) samples.set(series, Number(value));
  }
  return samples;
}

export interface Check {
  readonly name: string;
  /** What is wrong; empty if nothing is. */
  readonly found: readonly string[];
}

interface Rule {
  readonly name: string;
  /** Series that it is about. */
  readonly series: RegExp;
  /** What is looked at: how much a counter has grown, or what a gauge says at the end. */
  readonly of: 'growth' | 'end';
  readonly most: number;
}

const ACCEPTED = 'outcome="accepted"';

const rules: readonly Rule[] = [
  {
    name: 'nothing was rejected',
    series: new RegExp(`^otelduck_requests_total\\{(?!.*${ACCEPTED})`),
    of: 'growth',
    most: 0,
  },
  { name: 'no commit failed', series: /^otelduck_seal_failures_total\b/, of: 'growth', most: 0 },
  { name: 'no connection was refused', series: /^otelduck_refused_connections_total\b/, of: 'growth', most: 0 },
  { name: 'there are no dead letters', series: /^otelduck_dead_letters\b/, of: 'end', most: 0 },
  { name: 'retention is not behind', series: /^otelduck_retention_consecutive_failures\b/, of: 'end', most: 0 },
];

/** Throws if the metrics are not otelduck's. */
export function checkMetrics(before: Samples, after: Samples): Check[] {
  if (![...after.keys()].some((series) => series.startsWith('otelduck_'))) {
    throw new Error('the metrics have none of otelduck');
  }
  return rules.map(({ name, series, of, most }) => ({
    name,
    found: [...after]
      .filter(([key]) => series.test(key))
      .map(([key, value]) => [key, of === 'growth' ? value - (before.get(key) ?? 0) : value] as const)
      .filter(([, value]) => value > most)
      .map(([key, value]) => `${key} ${of === 'growth' ? `grew by ${value}` : `is ${value}`}`),
  }));
}

export function checksText(checks: readonly Check[]): string {
  return checks
    .map(({ name, found }) => (found.length === 0 ? `ok      ${name}\n` : `FAILED  ${name}: ${found.join(', ')}\n`))
    .join('');
}
