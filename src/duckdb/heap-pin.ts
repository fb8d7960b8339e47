// A heap's bytes at an address that DuckDB's string slots can point to.

import duckdb from '@duckdb/node-bindings';
import { addressIn, type HeapAddress, MAX_INLINED_BYTES, SLOT_BYTES } from '../buffer/vector-rows.js';
import { BLOB } from './node-api.js';

const blobTypes = [BLOB.toLogicalType().logical_type];

/**
 * Copies a heap into memory that DuckDB owns. Must be referenced until every query that reads the slots has ended:
 * DuckDB frees the copy with the chunk that owns it, and slots that outlive it turn to garbage without an error.
 */
export class HeapPin implements HeapAddress {
  /** Two halves of the address of the heap's first byte. */
  readonly addressLow: number;
  readonly addressHigh: number;
  // Never read: it keeps the chunk, and so the bytes, from being collected.
  readonly #owner: duckdb.DataChunk;

  constructor(heap: Uint8Array) {
    this.#owner = duckdb.create_data_chunk(blobTypes);
    duckdb.data_chunk_set_size(this.#owner, 1);
    const vector = duckdb.data_chunk_get_vector(this.#owner, 0);
    duckdb.vector_assign_string_element_len(vector, 0, heap);
    const { addressLow, addressHigh } = addressIn(duckdb.vector_get_data(vector, SLOT_BYTES));
    // A heap this short is inlined and has no address; none of its texts needs one either.
    const isInlined = heap.length <= MAX_INLINED_BYTES;
    this.addressLow = isInlined ? 0 : addressLow;
    this.addressHigh = isInlined ? 0 : addressHigh;
  }
}
