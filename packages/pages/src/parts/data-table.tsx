// A table that sorts by its heads. Long ones have only the rows that are seen.

import type { ComponentChildren } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { useVirtualRows } from './virtual-rows.js';

const ROW_HEIGHT = 32;
/** Up to here a table has all of its rows, and the height that they need. */
const MAX_WHOLE_ROWS = 120;

export interface Column<Row> {
  readonly name: string;
  readonly title: string;
  readonly kind?: 'text' | 'number' | 'figure';
  /** What is sorted by; a column without it is not sorted. */
  readonly order?: (row: Row) => string | number | null | undefined;
  readonly cell: (row: Row) => ComponentChildren;
  /** Left out where there is little room. */
  readonly isExtra?: boolean;
  readonly note?: string;
}

export interface DataTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row, index: number) => string | number;
  readonly sortedBy?: { readonly name: string; readonly direction: Direction };
  readonly rowClass?: (row: Row) => string;
}

type Direction = 'ascending' | 'descending';

export function DataTable<Row>({ label, rows, columns, keyOf, sortedBy, rowClass }: DataTableProps<Row>) {
  const [sort, setSort] = useState(sortedBy);
  const box = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => {
    const order = columns.find(({ name }) => name === sort?.name)?.order;
    return order === undefined ? rows : sortedRows(rows, order, sort!.direction);
  }, [rows, columns, sort]);
  const isLong = sorted.length > MAX_WHOLE_ROWS;
  const seen = useVirtualRows(box, sorted.length, ROW_HEIGHT);
  const { first, end, above, below } = isLong ? seen : { first: 0, end: sorted.length, above: 0, below: 0 };
  const sortBy = ({ name, kind }: Column<Row>) => {
    const isSame = sort?.name === name;
    const byDefault: Direction = kind === 'number' ? 'descending' : 'ascending';
    const direction = isSame && sort.direction === 'ascending' ? 'descending' : 'ascending';
    setSort({ name, direction: isSame ? direction : byDefault });
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <section ref={box} class={isLong ? 'table-box is-long' : 'table-box'} aria-label={label} tabIndex={0}>
      <table class="table" aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                class={cellClass(column)}
                title={column.note}
                aria-sort={sort?.name === column.name ? sort.direction : undefined}
              >
                {column.order === undefined ? (
                  column.title
                ) : (
                  <button type="button" class="sort" onClick={() => sortBy(column)}>
                    {column.title}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap columns={columns.length} height={above} />}
          {sorted.slice(first, end).map((row, index) => (
            <tr key={keyOf(row, first + index)} class={rowClass?.(row)} aria-rowindex={first + index + 2}>
              {columns.map((column) => (
                <td key={column.name} class={cellClass(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {below > 0 && <Gap columns={columns.length} height={below} />}
        </tbody>
      </table>
    </section>
  );
}

function Gap({ columns, height }: { readonly columns: number; readonly height: number }) {
  return (
    <tr class="gap">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function cellClass<Row>({ kind = 'text', isExtra }: Column<Row>): string {
  return isExtra ? `is-${kind} is-extra` : `is-${kind}`;
}

function sortedRows<Row>(
  rows: readonly Row[],
  order: NonNullable<Column<Row>['order']>,
  direction: Direction,
): readonly Row[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return rows.toSorted((left, right) => {
    const [a, b] = [order(left), order(right)];
    // What is not known comes last, whichever way.
    if (a === null || a === undefined || b === null || b === undefined) return Number(a == null) - Number(b == null);
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * String(a).localeCompare(String(b), 'en', { numeric: true });
  });
}
