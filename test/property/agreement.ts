import { expect } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { SignalRows } from '../../src/buffer/signal-rows.js';
import type { Signal } from '../../src/schema/column-declaration.js';
import { decode } from '../oracle/decode.js';
import { OracleRejects } from '../oracle/message.js';
import { readRows } from '../oracle/read-rows.js';
import type { OracleTables } from '../oracle/rows.js';

export const signals = ['logs', 'traces', 'metrics'] as const;

type Decode = (signal: Signal, body: Uint8Array, rows: SignalRows) => void;

/** A decoder of the product, asked about one body at a time, beside the oracle. */
export class Agreement {
  readonly #contentType: string;
  readonly #decode: Decode;
  // Used for all bodies, so that what a refused one leaves behind is seen in the next.
  readonly #rows: Record<Signal, SignalRows> = {
    logs: new SignalRows('logs'),
    traces: new SignalRows('traces'),
    metrics: new SignalRows('metrics'),
  };

  constructor(contentType: string, decode: Decode) {
    this.#contentType = contentType;
    this.#decode = decode;
  }

  /** The decoder accepts the body, and reads what the oracle reads. */
  onRows(signal: Signal, body: Uint8Array): void {
    expect(this.#answer(signal, body), quoted(body)).toEqual(decode(signal, this.#contentType, body));
  }

  /** The decoder reads what the oracle reads, or refuses the body with a reason. Whatever else it throws flies. */
  onRowsOrRefusal(signal: Signal, body: Uint8Array): void {
    const answer = this.#answer(signal, body);
    if (!(answer instanceof Failure)) expect(answer, quoted(body)).toEqual(this.#oracle(signal, body));
  }

  /** The decoder refuses the body with a reason. */
  onRefusal(signal: Signal, body: Uint8Array): void {
    expect(this.#answer(signal, body), quoted(body)).toBeInstanceOf(Failure);
  }

  #oracle(signal: Signal, body: Uint8Array): OracleTables | string {
    try {
      return decode(signal, this.#contentType, body);
    } catch (error) {
      if (!(error instanceof OracleRejects)) throw error;
      return `refused: ${error.message}`;
    }
  }

  #answer(signal: Signal, body: Uint8Array): OracleTables | Failure {
    const rows = this.#rows[signal];
    rows.reset({ heapBytes: 1 << 20, rows: 1024 });
    try {
      this.#decode(signal, body, rows);
    } catch (error) {
      if (error instanceof Failure && error.kind === 'malformed' && error.message !== '') return error;
      throw new Error(`${error} for ${quoted(body)}`, { cause: error });
    }
    return readRows(rows);
  }
}

/** A body such that it can be pasted into a test: `Buffer.from('…', 'base64')`. */
function quoted(body: Uint8Array): string {
  return `body ${Buffer.from(body).toString('base64')}`;
}

/** How large the memory of one rows object is after each of many requests, the object being reset in between. */
export function sizesOverRequests(signal: Signal, requests: number, decodeInto: (rows: SignalRows) => void): number[] {
  const rows = new SignalRows(signal);
  return Array.from({ length: requests }, () => {
    rows.reset({ heapBytes: 1 << 20, rows: 1024 });
    decodeInto(rows);
    return rows.byteLength;
  });
}
