import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Rows above and below what is seen, so that slow scrolling shows none that are missing. */
const OVERSCAN = 12;
/** Before its box has been measured, and where it has no height of its own. */
const FIRST_HEIGHT = 900;

export interface VirtualRows {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
  /** Room for the rows that are not there. */
  readonly above: number;
  readonly below: number;
}

/** Which rows of equal height are to be there, while their box is scrolled. */
export function useVirtualRows(box: RefObject<HTMLElement | null>, count: number, rowHeight: number): VirtualRows {
  const [seen, setSeen] = useState({ top: 0, height: FIRST_HEIGHT });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => {
      // By steps of several rows: most events of a scroll change nothing.
      const step = rowHeight * (OVERSCAN / 2);
      const top = Math.floor(element.scrollTop / step) * step;
      const height = element.clientHeight || FIRST_HEIGHT;
      setSeen((before) => (before.top === top && before.height === height ? before : { top, height }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [box, rowHeight, count === 0]);
  const first = Math.max(0, Math.min(count, Math.floor(seen.top / rowHeight) - OVERSCAN));
  const end = Math.min(count, Math.ceil((seen.top + seen.height) / rowHeight) + 2 * OVERSCAN);
  return { first, end, above: first * rowHeight, below: Math.max(0, count - end) * rowHeight };
}

/** Scrolls a row into sight, if it is not there. */
export function showRow(element: HTMLElement | null, row: number, rowHeight: number, headHeight = 0): void {
  if (element === null) return;
  const top = row * rowHeight;
  const seen = element.clientHeight - headHeight;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + rowHeight > element.scrollTop + seen) element.scrollTop = top + rowHeight - seen;
}
