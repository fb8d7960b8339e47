// Lines under each other, newest first, one row each: only those that are seen are there.

import { useEffect, useRef } from 'preact/hooks';
import type { LogLine } from '../apis/loki.js';
import { moment } from '../format.js';
import { limited } from '../parts/limited.js';
import { showRow, useVirtualRows } from '../parts/virtual-rows.js';
import { levelOf } from './level.js';

const ROW_HEIGHT = 24;
/** What is seen of a line in its row. */
const MAX_SEEN = 600;

export function LineList({
  lines,
  selected,
  select,
}: {
  readonly lines: readonly LogLine[];
  readonly selected: LogLine | undefined;
  readonly select: (line: LogLine) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { first, end, above, below } = useVirtualRows(box, lines.length, ROW_HEIGHT);
  const row = selected === undefined ? -1 : lines.indexOf(selected);
  useEffect(() => {
    if (row !== -1) showRow(box.current, row, ROW_HEIGHT);
  }, [row]);
  const keys = (event: KeyboardEvent) => {
    const target = { ArrowDown: row + 1, ArrowUp: row - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    select(lines[Math.max(0, Math.min(target, lines.length - 1))]!);
  };
  return (
    <div
      ref={box}
      class="line-list"
      role="listbox"
      aria-label="Log lines"
      aria-activedescendant={row === -1 || row < first || row >= end ? undefined : `line-${row}`}
      tabIndex={0}
      onKeyDown={keys}
    >
      <div style={{ height: `${above}px` }} />
      {lines.slice(first, end).map((line, at) => {
        const index = first + at;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys.
          <div
            key={index}
            id={`line-${index}`}
            role="option"
            aria-selected={line === selected}
            aria-posinset={index + 1}
            aria-setsize={lines.length}
            class={`line-row level-${levelOf(line)}${line === selected ? ' is-selected' : ''}`}
            onClick={() => {
              select(line);
              box.current?.focus({ preventScroll: true });
            }}
          >
            <time>{moment(line.atMs)}</time>
            <bdi class="line-service">{line.labels['service_name'] ?? ''}</bdi>
            <bdi class="line-text">{limited(line.line, MAX_SEEN)}</bdi>
          </div>
        );
      })}
      <div style={{ height: `${below}px` }} />
    </div>
  );
}
