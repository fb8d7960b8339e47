// Outcomes → a page that tells how many questions were asked, how many answers agree, and why the others do not.

import type { Comparison } from './answers.js';
import type { Question } from './questions.js';

export interface Outcome extends Comparison {
  readonly source: 'compliance' | 'own' | 'expressions' | 'random';
  readonly question: Question;
  /** Why the answers differ, where that is meant. */
  readonly explanation: string | undefined;
}

/** Queries that are named for each reason. */
const MAX_SHOWN = 5;

const sources = {
  compliance: 'prometheus/compliance',
  own: 'our own',
  expressions: 'random ones',
  random: 'all random series',
} as const;

export function page(outcomes: readonly Outcome[], prometheus: string): string {
  const groups = grouped(outcomes, ({ source, question }) => `${sources[source]} | ${question.kind}`);
  const rows = [...groups].map(([group, members]) => {
    const differing = members.filter(({ difference }) => difference !== undefined);
    const explained = differing.filter(({ explanation }) => explanation !== undefined);
    const cells = [
      members.length,
      members.length - differing.length,
      explained.length,
      differing.length - explained.length,
    ];
    return `| ${group} | ${[...cells, sum(members, 'samples'), sum(members, 'nearSamples')].map(shown).join(' | ')} |`;
  });
  return `${[
    '# Compared with Prometheus',
    '',
    'A real Prometheus and this server get the same OTLP requests, an hour of every kind of metric from three instances, half of it',
    'committed and half in memory. Both are asked the same questions, and every sample is compared. Then both get random metrics with odd',
    'names, units, attributes and values, and all of their series are compared. To repeat it:',
    '',
    '    PROMETHEUS=… COMPLIANCE=… npm run compare:prometheus -- --page docs/prometheus-comparison.md',
    '',
    `The last run was beside Prometheus ${prometheus}.`,
    '',
    '| Queries of | Kind | Asked | Same answer | Other answer, for a reason below | Other answer | Samples compared | of these not digit for digit |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'Labels, errors, warnings and infos are compared as texts. Numbers may differ by 1e-11 of their size, because sums of the same',
    'numbers in another order differ in the last digits; the last column counts those that do.',
    '',
    '## Differences',
    '',
    ...differences(outcomes),
  ].join('\n')}\n`;
}

function differences(outcomes: readonly Outcome[]): string[] {
  const differing = outcomes.filter(({ difference }) => difference !== undefined);
  if (differing.length === 0) return ['None.'];
  const byReason = grouped(differing, ({ explanation }) => explanation ?? 'Not explained.');
  return [...byReason].flatMap(([why, members]) => {
    const texts = [...new Set(members.map(({ question }) => `\`${question.text.replaceAll('|', '\\|')}\``))];
    const more = texts.length - MAX_SHOWN;
    const rest = more > 0 ? [`  - and ${more} more`] : [];
    return [`- ${why}`, ...texts.slice(0, MAX_SHOWN).map((text) => `  - ${text}`), ...rest];
  });
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const sum = (outcomes: readonly Outcome[], what: 'samples' | 'nearSamples') =>
  outcomes.reduce((total, outcome) => total + outcome[what], 0);
const shown = (count: number) => count.toLocaleString('en');
