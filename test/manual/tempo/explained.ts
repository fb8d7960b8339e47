// Differences that are known, and why there are any.

/** In order: the first that a question meets counts. */
const explanations: readonly (readonly [questions: RegExp, why: string])[] = [
  [/parent\./, 'Tempo has no attributes of parents yet'],
  [/span\.ratio > 6/, 'Tempo compares a number without a fraction with attributes of its type alone'],
  [/span\.tags/, 'of a list, Tempo shows and denies single elements'],
  [/= nil/, 'Tempo lists an attribute that is not there with the value nil'],
  [
    /sum_over_time\(span\.amount\)/,
    'in Tempo a span without the attribute makes the sum of its step NaN, which is left out',
  ],
  [/bottomk/, 'which of several series with the same value are the least is nobody’s promise'],
  [/\/tag\/(?:statusMessage|rootName|rootServiceName)\//, 'Tempo lists the empty text as a value'],
  [
    /(?:quantile|histogram)_over_time\(.*\) by \(span\.http\.status_code\)/,
    'from blocks that are complete, Tempo reads an absent attribute as the text nil, which becomes a label beside the bucket',
  ],
  [/\|\| /, 'which attributes of the other side are shown depends on how Tempo has stored them'],
];

/** Tempo puts spans in a tree once it has seen the root of their trace. */
const STRUCTURAL = /\} !?(?:&?>>?|&?<<?|&?~) \{/;

const NO_ROOT = '<root span not yet received>';

/** Why the answers to a question differ, in these lines; undefined where nothing explains it. */
export function explanationOf(question: string, lines: readonly string[]): string | undefined {
  const known = explanations.find(([questions]) => questions.test(question));
  if (known !== undefined) return known[1];
  const isRootless = !question.startsWith('search') || lines.every((line) => line === '' || line.includes(NO_ROOT));
  return STRUCTURAL.test(question) && isRootless
    ? 'Tempo relates no spans of a trace whose root it has not seen'
    : undefined;
}
