import { SignalRows } from '../../src/buffer/signal-rows.js';
import type { OtapLimits } from '../../src/decode/arrow/limits.js';
import { OtapStreamDecoder } from '../../src/decode/otap/otap-stream-decoder.js';
import type { Fidelity, Signal } from '../../src/schema/column-declaration.js';
import { readRows } from '../oracle/read-rows.js';
import type { OracleTables } from '../oracle/rows.js';

/** The rows of each message of a stream. */
export function decodedStream(
  signal: Signal,
  messages: readonly Uint8Array[],
  limits: Partial<OtapLimits> = {},
  fidelity: Fidelity = 'standard',
): OracleTables[] {
  const rows = new SignalRows(signal, undefined, fidelity);
  const decoder = new OtapStreamDecoder(signal, rows, limits);
  return messages.map((message) => {
    rows.reset({ heapBytes: 1 << 20, rows: 1024 });
    decoder.decode(message);
    return readRows(rows);
  });
}
