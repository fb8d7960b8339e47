// Differences from Prometheus that are meant, each with its reason. The page shows those that came up.

import type { Question } from './questions.js';

interface Explanation {
  readonly applies: (question: Question, difference: string) => boolean;
  readonly why: string;
}

const explanations: readonly Explanation[] = [
  {
    // Equal values, or any at all: only which series are kept may differ.
    applies: ({ text }, difference) => /^(?:topk|bottomk|limitk)\b/.test(text) && / alone|: ours at /.test(difference),
    why: 'Of series with equal values, and where the values do not matter, the order of series decides which ones `topk`, `bottomk` and `limitk` keep. Prometheus has them in the order in which they were created, and promises none.',
  },
  {
    applies: (_question, difference) => {
      const [ours, theirs] = difference.split(', theirs ');
      const isAboutTwo = (text: string | undefined) => /found duplicate series for the match group/.test(text ?? '');
      return difference.startsWith('error: ') && isAboutTwo(ours) && isAboutTwo(theirs);
    },
    why: 'An error about series that match more than once names two of them, and which two depends on the order of series.',
  },
  {
    applies: ({ text }) => /^\/api\/v1\/(?:query|label\/__name__\/values)\?.*limit=\d/.test(text),
    why: 'Which answers a `limit` keeps depends on the order of series, and for label values Prometheus cuts before it sorts, where we cut afterwards.',
  },
  {
    applies: ({ text }, difference) => /^(?:ln|log10)\(demo_special\)$/.test(text) && difference.includes('"tiny"'),
    why: "Logarithms of subnormal numbers (less than 2.2e-308): Go's `math.Log` on amd64 gives −709.09 for each of them. Ours are right.",
  },
  {
    applies: ({ text }, difference) => text.startsWith('/api/v1/metadata') && difference.endsWith('theirs nothing'),
    why: 'Prometheus answers `metadata` from the targets that it scrapes, and by default keeps none of what OTLP says of metrics. We give type, unit and description.',
  },
];

export function explanationOf(question: Question, difference: string): string | undefined {
  return explanations.find(({ applies }) => applies(question, difference))?.why;
}
