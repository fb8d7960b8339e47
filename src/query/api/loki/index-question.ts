// What Loki's API asks of an index, as it goes to an engine's thread.

/** The engine that answers. */
export const LOKI_ENGINE = 'loki';

interface InTime {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** A selector such as `{service_name="cart"}`; an empty text for all streams. */
interface OfStreams extends InTime {
  readonly query: string;
}

export type IndexQuestion =
  | ({ readonly kind: 'labels' } & OfStreams)
  | ({ readonly kind: 'label-values'; readonly label: string } & OfStreams)
  | ({ readonly kind: 'series'; readonly selectors: readonly string[] } & InTime)
  | ({ readonly kind: 'stats' } & OfStreams)
  | ({
      readonly kind: 'volume';
      readonly limit: number;
      readonly targetLabels: readonly string[];
      readonly aggregateBy: 'series' | 'labels';
      /** Absent for one volume of the whole time. */
      readonly stepNs: bigint | undefined;
    } & OfStreams)
  | ({ readonly kind: 'patterns'; readonly stepNs: bigint } & OfStreams)
  | ({ readonly kind: 'detected-labels' } & OfStreams)
  | ({
      readonly kind: 'detected-fields';
      /** The field whose values are asked for; absent where the fields are. */
      readonly field: string | undefined;
      readonly limits: { readonly fields: number; readonly lines: number };
    } & OfStreams);

export interface IndexRequest {
  readonly question: IndexQuestion;
  /** Resource attributes that streams are told apart by. */
  readonly indexAttributes: readonly string[];
}
