// Blocks → values of JavaScript, as slowly as it takes to be plainly right.

import type { BlockColumn, ColumnBlock } from '../../src/query/scan/scanner.js';

export type BlockValue = number | bigint | string | null | readonly BlockValue[];

export function rowsOf(block: ColumnBlock): BlockValue[][] {
  const columns = block.columns.map(valuesOf);
  return Array.from({ length: block.rowCount }, (_, row) => columns.map((values) => values[row]!));
}

export function valuesOf(column: BlockColumn): BlockValue[] {
  const values = allValues(column);
  return values.map((value, row) => (column.valid === undefined || column.valid[row] === 1 ? value : null));
}

function allValues(column: BlockColumn): BlockValue[] {
  switch (column.kind) {
    case 'double':
    case 'bigint':
      return [...column.values];
    case 'text':
      return ranges(column.offsets).map(([from, to]) => Buffer.from(column.bytes.subarray(from, to)).toString('utf8'));
    case 'list': {
      const elements = valuesOf(column.child);
      return ranges(column.offsets).map(([from, to]) => elements.slice(from, to));
    }
  }
}

function ranges(offsets: Uint32Array): [number, number][] {
  return Array.from({ length: offsets.length - 1 }, (_, row) => [offsets[row]!, offsets[row + 1]!]);
}
