// The spans of a trace under each other, each where it was in time. Ten thousand are as quick as ten: only those that are seen are there.

import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { colorOf } from '../colors.js';
import { duration } from '../format.js';
import { Icon } from '../parts/icon.js';
import { showRow, useVirtualRows } from '../parts/virtual-rows.js';
import type { CriticalPart, Node, Tree } from './tree.js';

export const ROW_HEIGHT = 26;
const HEAD_HEIGHT = 28;
/** Deeper levels stand under each other: a name must have room. */
const MAX_INDENTS = 14;
const TICKS = [0, 0.25, 0.5, 0.75];

export interface WaterfallProps {
  readonly tree: Tree;
  readonly nodes: readonly Node[];
  readonly critical: readonly (readonly CriticalPart[])[] | undefined;
  readonly folded: ReadonlySet<number>;
  readonly matches: ReadonlySet<number> | undefined;
  readonly selected: number | undefined;
  readonly select: (index: number) => void;
  readonly fold: (index: number) => void;
}

export function Waterfall(props: WaterfallProps) {
  const { tree, nodes, selected, select, fold, folded } = props;
  const box = useRef<HTMLDivElement>(null);
  const { first, end, above, below } = useVirtualRows(box, nodes.length, ROW_HEIGHT);
  const row = nodes.findIndex(({ index }) => index === selected);
  useEffect(() => {
    if (row !== -1) showRow(box.current, row, ROW_HEIGHT, HEAD_HEIGHT);
  }, [row]);
  const keys = (event: KeyboardEvent) => {
    const node = nodes[row];
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => select(nodes[Math.min(row + 1, nodes.length - 1)]!.index),
      ArrowUp: () => select(nodes[Math.max(row - 1, 0)]!.index),
      Home: () => select(nodes[0]!.index),
      End: () => select(nodes.at(-1)!.index),
      ArrowRight: () => node !== undefined && folded.has(node.index) && fold(node.index),
      ArrowLeft: () => {
        if (node === undefined) return;
        if (node.children.length > 0 && !folded.has(node.index)) fold(node.index);
        else if (node.parent !== undefined) select(node.parent);
      },
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };
  return (
    <div
      ref={box}
      class="waterfall"
      role="treegrid"
      aria-label="Spans"
      aria-rowcount={nodes.length + 1}
      aria-activedescendant={row === -1 || row < first || row >= end ? undefined : `span-${selected}`}
      tabIndex={0}
      onKeyDown={keys}
    >
      <div role="row" class="waterfall-head">
        <span role="columnheader" class="waterfall-name">
          Span
        </span>
        <span role="columnheader" class="waterfall-time">
          {TICKS.map((tick) => (
            <span key={tick} class="tick" style={{ left: `${tick * 100}%` }}>
              {duration(tick * tree.durationMs)}
            </span>
          ))}
          <span class="tick is-last">{duration(tree.durationMs)}</span>
        </span>
      </div>
      <div style={{ height: `${above}px` }} />
      {nodes.slice(first, end).map((node, at) => (
        <SpanRow key={node.index} {...props} node={node} place={first + at + 2} box={box} />
      ))}
      <div style={{ height: `${below}px` }} />
    </div>
  );
}

function SpanRow({
  tree,
  node,
  place,
  critical,
  folded,
  matches,
  selected,
  select,
  fold,
  box,
}: WaterfallProps & { readonly node: Node; readonly place: number; readonly box: RefObject<HTMLDivElement | null> }) {
  const { span, index, level, children } = node;
  const isFolded = folded.has(index);
  const share = (ms: number) => (tree.durationMs === 0 ? 0 : ms / tree.durationMs) * 100;
  const left = share(node.startMs - tree.startMs);
  const width = share(span.durationMs);
  const isDim = matches !== undefined && !matches.has(index);
  const choose = () => {
    select(index);
    box.current?.focus({ preventScroll: true });
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys.
    <div
      role="row"
      id={`span-${index}`}
      class={`span-row${index === selected ? ' is-selected' : ''}${isDim ? ' is-dim' : ''}`}
      aria-level={level + 1}
      aria-rowindex={place}
      aria-selected={index === selected}
      aria-expanded={children.length === 0 ? undefined : !isFolded}
      onClick={choose}
    >
      <span
        role="gridcell"
        class="waterfall-name"
        style={{ paddingInlineStart: `${Math.min(level, MAX_INDENTS) * 12 + 6}px` }}
      >
        <span
          class={children.length === 0 ? 'fold is-leaf' : 'fold'}
          aria-hidden="true"
          onClick={(event) => {
            if (children.length === 0) return;
            event.stopPropagation();
            fold(index);
          }}
        >
          {children.length > 0 && <Icon name={isFolded ? 'right' : 'down'} />}
        </span>
        <span class="span-mark" style={{ background: colorOf(span.service) }} />
        {span.status === 'error' && (
          <span class="is-error span-error" title="failed">
            <Icon name="error" />
          </span>
        )}
        <bdi class="span-name">{span.name || '(no name)'}</bdi>
        <bdi class="span-service">{span.service}</bdi>
        {isFolded && (
          <span class={node.hasErrorBelow ? 'badge is-error' : 'badge'} title="spans below">
            {node.below}
          </span>
        )}
      </span>
      <span role="gridcell" class="waterfall-time">
        <span
          class={span.status === 'error' ? 'span-bar has-failed' : 'span-bar'}
          style={{ left: `${left}%`, width: `${width}%`, background: colorOf(span.service) }}
        />
        {critical?.[index]?.map(({ fromMs, toMs }) => (
          <span
            key={fromMs}
            class="critical"
            style={{ left: `${share(fromMs - tree.startMs)}%`, width: `${share(toMs - fromMs)}%` }}
          />
        ))}
        <DurationLabel left={left} right={100 - left - width} text={duration(span.durationMs)} />
      </span>
    </div>
  );
}

/** Room that the text of a duration needs, in hundredths of the time. */
const LABEL_ROOM = 15;

/** Beside its bar where there is room, or else in it. */
function DurationLabel({
  left,
  right,
  text,
}: {
  readonly left: number;
  readonly right: number;
  readonly text: string;
}) {
  if (right >= LABEL_ROOM) {
    return (
      <span class="span-duration" style={{ left: `${100 - right}%` }}>
        {text}
      </span>
    );
  }
  const isInside = left < LABEL_ROOM;
  return (
    <span
      class={isInside ? 'span-duration is-inside' : 'span-duration'}
      style={{ right: `${isInside ? right : 100 - left}%` }}
    >
      {text}
    </span>
  );
}
