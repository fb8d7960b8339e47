// Outcomes → a page that tells how many questions were asked, how many answers agree, and why the others do not.

import type { Comparison } from './answers.js';
import type { Question } from './questions.js';

export interface Outcome extends Comparison {
  readonly question: Question;
  /** Why the answers differ, where that is meant. */
  readonly explanation: string | undefined;
}

const sources = { oteldb: "oteldb's suite", own: 'our own', logcli: 'logcli' } as const;

export function page(outcomes: readonly Outcome[], revision: string): string {
  const groups = grouped(outcomes, ({ question }) => `${sources[question.source]} | ${question.path.split('/')[0]}`);
  const rows = [...groups].map(([group, members]) => {
    const differing = members.filter(({ difference }) => difference !== undefined);
    const explained = differing.filter(({ explanation }) => explanation !== undefined);
    const compared = members.reduce((sum, member) => sum + member.compared, 0);
    const cells = [
      members.length,
      members.length - differing.length,
      explained.length,
      differing.length - explained.length,
      compared,
    ];
    return `| ${group} | ${cells.map((count) => count.toLocaleString('en')).join(' | ')} |`;
  });
  return `${[
    '# Compared with Loki',
    '',
    'A real Loki and this server get the same OTLP requests: logs of five services, as JSON, logfmt, lines of nginx, stack traces, colours,',
    'other scripts, empty lines and lines of a megabyte; one part is committed and one is in memory. Both are asked the same questions, and every entry, label and',
    'sample is compared. To repeat it:',
    '',
    '    LOKI=… LOGCLI=… LOGQL_QUERIES=… npm run compare:loki -- --page docs/loki-comparison.md',
    '',
    `The last run was beside Loki ${revision}.`,
    '',
    '| Questions of | Kind | Asked | Same answer | Other answer, for a reason below | Other answer | Entries and samples compared |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
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
    const texts = members.map(
      ({ question }) =>
        `\`${(question.parameters['query'] ?? question.path).replaceAll(/\s+/g, ' ').replaceAll('`', "'")}\``,
    );
    return [`- ${why}`, ...[...new Set(texts)].map((text) => `  - ${text}`)];
  });
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
