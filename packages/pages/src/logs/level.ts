import type { LogLine } from '../apis/loki.js';

export const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const;
export type Level = (typeof levels)[number];

const sameAs: Readonly<Record<string, Level>> = { critical: 'fatal', warning: 'warn', err: 'error' };

export function levelOf({ labels, fields }: Pick<LogLine, 'labels' | 'fields'>): Level {
  const named =
    fields['detected_level'] ?? labels['detected_level'] ?? fields['severity_text'] ?? labels['level'] ?? '';
  return levelNamed(named);
}

export function levelNamed(name: string): Level {
  const word = name.toLowerCase();
  return levels.find((level) => level === word) ?? sameAs[word] ?? 'unknown';
}
