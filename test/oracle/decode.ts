import type { Fidelity, Signal } from '../../src/schema/column-declaration.js';
import { readJson, readNdjson } from './json-messages.js';
import { type Message, reject } from './message.js';
import { readProtobuf } from './protobuf-messages.js';
import { emptyTables, type OracleTables, rowsOf } from './rows.js';

const readers: Record<string, (signal: Signal, body: Uint8Array) => Message[]> = {
  'application/x-protobuf': (signal, body) => [readProtobuf(signal, body)],
  'application/json': (signal, body) => [readJson(signal, body)],
  'application/x-ndjson': readNdjson,
};

/**
 * The rows that a body must become, read by other means than the product's: a generated parser for protobuf, a naive
 * one for JSON, and one plain mapper behind both. Throws OracleRejects where the rules refuse the body.
 */
export function decode(
  signal: Signal,
  contentType: string,
  body: Uint8Array,
  fidelity: Fidelity = 'standard',
): OracleTables {
  const read = readers[contentType] ?? reject(`content type ${contentType}`);
  const tables = emptyTables(signal);
  for (const request of read(signal, body)) {
    for (const [table, rows] of Object.entries(rowsOf(signal, request, fidelity))) tables[table]!.push(...rows);
  }
  return tables;
}
