// Messages of gRPC calls → the same questions that requests of HTTP ask.

import { decodeMessage, type MessageName } from './messages.js';
import {
  instantMetricsQuestion,
  rangeMetricsQuestion,
  searchQuestion,
  tagsQuestion,
  tagValuesQuestion,
} from './parameters.js';
import type { AnswerName, TempoQuestion } from './tempo-question.js';

interface CallQuestion {
  readonly answer: AnswerName;
  /** Throws a Failure where the message asks for what there is not. */
  question(message: Uint8Array, nowMs: number): TempoQuestion;
}

/** By the name of the method. */
export const callQuestions: Readonly<Record<string, CallQuestion>> = {
  Search: {
    answer: 'SearchResponse',
    question: (bytes) => {
      const { Tags, ...asked } = read('SearchRequest', bytes);
      const tags = Object.entries((Tags ?? {}) as Record<string, string>);
      return searchQuestion(
        parameters({
          q: asked['Query'],
          tags: tags.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' '),
          minDuration: asked['MinDurationMs'] ? `${asked['MinDurationMs']}ms` : '',
          maxDuration: asked['MaxDurationMs'] ? `${asked['MaxDurationMs']}ms` : '',
          limit: asked['Limit'],
          spss: asked['SpansPerSpanSet'],
          ...times(asked),
        }),
      );
    },
  },
  SearchTags: { answer: 'SearchTagsResponse', question: tagNames },
  SearchTagsV2: { answer: 'SearchTagsV2Response', question: tagNames },
  SearchTagValues: { answer: 'SearchTagValuesResponse', question: tagValues },
  SearchTagValuesV2: { answer: 'SearchTagValuesV2Response', question: tagValues },
  MetricsQueryRange: {
    answer: 'QueryRangeResponse',
    question: (bytes, nowMs) => {
      const asked = read('QueryRangeRequest', bytes);
      const step = asked['step'] === '0' ? '' : `${asked['step']}ns`;
      const { exemplars } = asked;
      return rangeMetricsQuestion(parameters({ q: asked['query'], step, exemplars, ...times(asked) }), nowMs);
    },
  },
  MetricsQueryInstant: {
    answer: 'QueryInstantResponse',
    question: (bytes, nowMs) => {
      const asked = read('QueryInstantRequest', bytes);
      return instantMetricsQuestion(parameters({ q: asked['query'], ...times(asked) }), nowMs);
    },
  },
};

function tagNames(bytes: Uint8Array): TempoQuestion {
  const asked = read('SearchTagsRequest', bytes);
  const { scope, query: q, maxTagsPerScope: limit } = asked;
  return tagsQuestion(parameters({ scope, q, limit, ...times(asked) }));
}

function tagValues(bytes: Uint8Array): TempoQuestion {
  const asked = read('SearchTagValuesRequest', bytes);
  const { tagName, query: q, maxTagValues: limit } = asked;
  return tagValuesQuestion(String(tagName ?? ''), parameters({ q, limit, ...times(asked) }));
}

type Fields = Readonly<Record<string, unknown>>;

function read(name: MessageName, bytes: Uint8Array): Fields {
  return decodeMessage(name, bytes);
}

function times({ start, end }: Fields): Fields {
  return { start, end };
}

/** Those that say something: a field that is not set is 0 or empty. */
function parameters(fields: Fields): URLSearchParams {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    const text = String(value ?? '');
    if (text !== '' && text !== '0') asked.set(name, text);
  }
  return asked;
}
