// Differences from Loki that are meant, each with its reason. The page shows those that came up.

import type { Question } from './questions.js';

interface Explanation {
  readonly applies: (question: Question, difference: string) => boolean;
  readonly why: string;
}

const explanations: readonly Explanation[] = [
  {
    // One of several equal values is there with one server, and another one with the other.
    applies: ({ parameters }, difference) =>
      /^(?:topk|bottomk)\b/.test(parameters['query'] ?? '') && / undefined/.test(difference),
    why: 'Of series with equal values, their order decides which ones `topk` and `bottomk` keep. Loki promises none.',
  },
  {
    applies: ({ parameters }) => /> 50KiB$/.test(parameters['query'] ?? ''),
    why: 'Loki prints a query to hand it on, and rounds sizes when it does: `50KiB` becomes `51kB`, which is 51,000 bytes instead of 51,200.',
  },
  {
    applies: ({ path, parameters }) => path === 'query' && parameters['query'] === '1 + 2 * 3',
    why: "Loki writes the time of a scalar in milliseconds. Times of Prometheus's API, whose form it is, are seconds.",
  },
  {
    applies: ({ parameters }) => parameters['interval'] !== undefined,
    why: 'With `interval`, Loki stops after `limit` entries, those counted that it leaves out. We give as many as were asked for.',
  },
  {
    applies: (_question, difference) => difference.split('SampleExtractionErr').length > 2,
    why: 'A value that is no number fails the query with both. The text names the labels of its line; ours names those that the query looks at, since others are not read.',
  },
];

export function explanationOf(question: Question, difference: string): string | undefined {
  return explanations.find(({ applies }) => applies(question, difference))?.why;
}
