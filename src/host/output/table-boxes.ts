// Tables with their columns → boxes side by side, as many as fit.

import { aligned, displayWidth, printable } from './cell-text.js';

export interface TableOutline {
  readonly name: string;
  /** Empty for a view, of which nobody knows it without a query. */
  readonly rowCount: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export function tableBoxes(tables: readonly TableOutline[], width: number): string {
  const boxes = tables.map(boxOf);
  const lines: string[] = [];
  for (let first = 0; first < boxes.length; ) {
    let last = first;
    let used = displayWidth(boxes[first]![0]!);
    while (last + 1 < boxes.length && used + 1 + displayWidth(boxes[last + 1]![0]!) <= width) {
      last++;
      used += 1 + displayWidth(boxes[last]![0]!);
    }
    const row = boxes.slice(first, last + 1);
    const height = Math.max(...row.map((box) => box.length));
    for (let line = 0; line < height; line++) {
      const parts = row.map((box) => box[line] ?? ' '.repeat(displayWidth(box[0]!)));
      lines.push(`${parts.join(' ').trimEnd()}\n`);
    }
    first = last + 1;
  }
  return lines.join('');
}

function boxOf({ name, rowCount, columns }: TableOutline): string[] {
  const nameWidth = Math.max(...columns.map((column) => displayWidth(printable(column.name))));
  const lines = columns.map(
    (column) => `${aligned(printable(column.name), nameWidth, 'left')} ${printable(column.type)}`,
  );
  const count = rowCount === '' ? [] : [`${rowCount} row${rowCount === '1' ? '' : 's'}`];
  const inner = Math.max(...[printable(name), ...lines, ...count].map(displayWidth));
  const rule = (left: string, right: string) => left + '─'.repeat(inner + 2) + right;
  const line = (text: string, alignment: 'left' | 'center') => `│ ${aligned(text, inner, alignment)} │`;
  return [
    rule('┌', '┐'),
    line(printable(name), 'center'),
    rule('├', '┤'),
    ...lines.map((text) => line(text, 'left')),
    ...(count.length === 0 ? [] : [rule('├', '┤'), ...count.map((text) => line(text, 'center'))]),
    rule('└', '┘'),
  ];
}
