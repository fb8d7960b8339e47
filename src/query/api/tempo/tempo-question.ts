// What clients of Tempo's API can ask, as the engine on its thread gets it.

import type { SpanSelection } from '../../traces/span-selection.js';

/** Seconds or nanoseconds were given; undefined where nothing was. Ends are not part of ranges. */
export interface AskedRange {
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
}

export type TempoQuestion =
  | {
      readonly kind: 'trace';
      /** 32 hex digits. */
      readonly traceId: string;
      readonly range: AskedRange | undefined;
      readonly selection: SpanSelection | undefined;
    }
  | {
      readonly kind: 'search';
      readonly query: string;
      readonly range: AskedRange | undefined;
      readonly limit: number;
      /** 0 for all. */
      readonly spansPerSpanset: number;
    }
  | {
      readonly kind: 'tags';
      /** A scope, `intrinsic`, or empty for all. */
      readonly scope: string;
      readonly query: string;
      readonly range: AskedRange | undefined;
      readonly limit: number;
    }
  | {
      readonly kind: 'tag values';
      /** An attribute as TraceQL writes it. */
      readonly tag: string;
      readonly query: string;
      readonly range: AskedRange | undefined;
      readonly limit: number;
    }
  | {
      readonly kind: 'metrics';
      readonly query: string;
      readonly range: AskedRange;
      /** Undefined for one value of the whole range. */
      readonly stepNs: bigint | undefined;
      readonly exemplars: number;
    };

/** The message that an answer is, and so the version of the API that was asked. */
export type AnswerName =
  | 'Trace'
  | 'TraceByIDResponse'
  | 'SearchResponse'
  | 'SearchTagsResponse'
  | 'SearchTagsV2Response'
  | 'SearchTagValuesResponse'
  | 'SearchTagValuesV2Response'
  | 'QueryRangeResponse'
  | 'QueryInstantResponse';

export interface TempoRequest {
  readonly question: TempoQuestion;
  readonly answer: AnswerName;
  readonly encoding: 'json' | 'protobuf';
  /** In parts as they are found, each a whole message, or one message at the end. */
  readonly form: 'parts' | 'whole';
  readonly maxSeries: number;
  readonly maxTraceBytes: number;
}

/** A message of the answer. */
export interface TempoPiece {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Of a whole answer. No body where there is no such trace, and the version of the API has no answer for that. */
export interface TempoAnswer {
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}
