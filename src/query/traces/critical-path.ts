// The critical path of a trace: at each moment of a root the span below it that the end of the trace waits for. What is on it
// makes the trace shorter when it gets shorter.

/** Spans side by side. Times are in any one unit; those that are not known are null. */
export interface TimedSpans {
  /** The parent of each span, as an index; null for one without, or whose parent is not there. */
  readonly parents: readonly (number | null)[];
  readonly starts: readonly (number | null)[];
  readonly ends: readonly (number | null)[];
}

interface Visit {
  readonly span: number;
  readonly start: number;
  readonly end: number;
}

/** How long each span is on the path of its root. Together that is as long as the root. 0 for spans on a circle of parents. */
export function criticalTimes({ parents, starts, ends }: TimedSpans): number[] {
  const children = childrenOf(parents);
  const times = new Array<number>(parents.length).fill(0);
  const open: Visit[] = [];
  const visit = (span: number, start: number, end: number) => {
    if (end > start) open.push({ span, start, end });
  };
  parents.forEach((parent, span) => {
    if (parent === null) visit(span, starts[span] ?? 0, ends[span] ?? 0);
  });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { span, start, end } = next;
    // From the end backwards: the span itself until the child that ended last, then from the start of that child on.
    let until = end;
    for (const child of latestFirst(children[span] ?? [], ends)) {
      const childStart = Math.max(starts[child] ?? end, start);
      const childEnd = Math.min(ends[child] ?? start, end);
      if (childEnd > until || childEnd <= childStart) continue;
      times[span]! += until - childEnd;
      visit(child, childStart, childEnd);
      until = childStart;
    }
    times[span]! += until - start;
  }
  return times;
}

function childrenOf(parents: TimedSpans['parents']): number[][] {
  const children: number[][] = parents.map(() => []);
  parents.forEach((parent, span) => {
    if (parent !== null) children[parent]!.push(span);
  });
  return children;
}

function latestFirst(spans: readonly number[], ends: TimedSpans['ends']): number[] {
  return spans.slice().sort((left, right) => (ends[right] ?? 0) - (ends[left] ?? 0));
}
