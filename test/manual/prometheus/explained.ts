// Differences from Prometheus that are meant, each with its reason. docs/prometheus-comparison.md shows those that came up.

import type { Question } from './questions.js';

interface Explanation {
  readonly applies: (question: Question, difference: string) => boolean;
  readonly why: string;
}

const explanations: readonly Explanation[] = [];

export function explanationOf(question: Question, difference: string): string | undefined {
  return explanations.find(({ applies }) => applies(question, difference))?.why;
}
