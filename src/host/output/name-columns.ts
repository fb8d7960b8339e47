import { displayWidth } from './cell-text.js';

/** Names as `ls` shows them: downwards, in as many columns as fit. */
export function inColumns(names: readonly string[], width: number): string {
  const columnWidth = Math.max(0, ...names.map(displayWidth)) + 2;
  const columns = Math.max(1, Math.floor(width / columnWidth));
  const lineCount = Math.ceil(names.length / columns);
  return Array.from({ length: lineCount }, (_, line) => {
    const shown = names.filter((_name, index) => index % lineCount === line);
    return `${shown
      .map((name) => name + ' '.repeat(columnWidth - displayWidth(name)))
      .join('')
      .trimEnd()}\n`;
  }).join('');
}
