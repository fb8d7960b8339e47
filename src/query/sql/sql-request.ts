/** A statement for the engine. */
export interface SqlRequest {
  readonly sql: string;
  /** Who has written it. What is ours may have placeholders of tables, and passes no fence. */
  readonly author: 'client' | 'us';
  /** Rows of the answer at most. */
  readonly maxRows: number;
  /** Bytes of the answer, about: the row that reaches it is the last. */
  readonly maxBytes: number;
}

/** The answer of the engine: JSON. */
export interface SqlAnswer {
  readonly body: Uint8Array;
}
