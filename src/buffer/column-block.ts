// Rows on their way to whoever reads them, column by column, in arrays that can be handed from thread to thread.

/** One column of a block, with the validity of its rows. Buffers are owned by the block and may be transferred. */
export type BlockColumn =
  /** DOUBLE, FLOAT, any integer of up to 32 bits, BOOLEAN (0 and 1). */
  | { readonly kind: 'double'; readonly values: Float64Array<ArrayBuffer>; readonly valid: RowValidity }
  /** BIGINT, UBIGINT (its bits), TIMESTAMP (in its own unit: microseconds, or nanoseconds of TIMESTAMP_NS). */
  | { readonly kind: 'bigint'; readonly values: BigInt64Array<ArrayBuffer>; readonly valid: RowValidity }
  /** VARCHAR, BLOB: row i is `bytes[offsets[i]]` up to `bytes[offsets[i + 1]]`. */
  | {
      readonly kind: 'text';
      readonly offsets: Uint32Array<ArrayBuffer>;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly valid: RowValidity;
    }
  /** A list per row: row i is the elements `offsets[i]` up to `offsets[i + 1]` of `child`. */
  | {
      readonly kind: 'list';
      readonly offsets: Uint32Array<ArrayBuffer>;
      readonly child: BlockColumn;
      readonly valid: RowValidity;
    };

/** 1 per row that is not NULL. Undefined where no row is NULL. What a NULL has in the other arrays means nothing. */
export type RowValidity = Uint8Array<ArrayBuffer> | undefined;

export interface ColumnBlock {
  readonly rowCount: number;
  readonly columns: readonly BlockColumn[];
}

/** The buffers of a block, for postMessage() to hand over. */
export function buffersOf({ columns }: ColumnBlock): ArrayBuffer[] {
  return columns.flatMap(buffersOfColumn);
}

function buffersOfColumn(column: BlockColumn): ArrayBuffer[] {
  const valid = column.valid === undefined ? [] : [column.valid.buffer];
  switch (column.kind) {
    case 'double':
    case 'bigint':
      return [column.values.buffer, ...valid];
    case 'text':
      return [column.offsets.buffer, column.bytes.buffer, ...valid];
    case 'list':
      return [column.offsets.buffer, ...buffersOfColumn(column.child), ...valid];
  }
}

/** Memory of a block. */
export function bytesOf(block: ColumnBlock): number {
  return buffersOf(block).reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}
