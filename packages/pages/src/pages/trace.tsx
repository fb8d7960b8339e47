import { useMemo, useState } from 'preact/hooks';
import { type TraceSpan, traceSpans } from '../apis/tempo.js';
import type { PageProps } from '../app.js';
import { count, dayAndTime, duration, percent } from '../format.js';
import { useShortcuts } from '../keys.js';
import { linkTo, setParams, usePlace } from '../location.js';
import { ServiceName } from '../parts/service-name.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { SpanDetails } from '../trace/span-details.js';
import { criticalParts, type Node, type Tree, treeOf, visibleNodes } from '../trace/tree.js';
import { Waterfall } from '../trace/waterfall.js';
import { useAnswer } from '../use-answer.js';

/** Services that the legend names. */
const MAX_SERVICES = 12;

export function Trace({ item }: PageProps) {
  // Tempo's API leaves zeros out at the front; logs do not.
  const traceId = item.toLowerCase().padStart(32, '0');
  const { key } = useTimeRange();
  const answer = useAnswer(`${traceId} ${key}`, (signal) => traceSpans(traceId, signal));
  return (
    <Answered answer={answer} lines={16}>
      {(spans) =>
        spans.length === 0 ? (
          <Empty title="No such trace">
            <p>
              Nothing is known of <code>{traceId}</code>. Its spans may not have arrived yet, or are no longer kept.
            </p>
          </Empty>
        ) : (
          <TraceView traceId={traceId} spans={spans} />
        )
      }
    </Answered>
  );
}

function TraceView({ traceId, spans }: { readonly traceId: string; readonly spans: readonly TraceSpan[] }) {
  const { params } = usePlace();
  const clocks = params.get('clocks') === 'sent' ? 'as sent' : 'corrected';
  const tree = useMemo(() => treeOf(spans, clocks), [spans, clocks]);
  const isOff = useMemo(
    () => clocks === 'as sent' || tree.nodes.some(({ behindMs }) => behindMs !== 0),
    [tree, clocks],
  );
  const critical = useMemo(() => criticalParts(tree.nodes), [tree]);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const [sought, setSought] = useState('');
  const nodes = useMemo(() => visibleNodes(tree.nodes, folded), [tree, folded]);
  const matches = useMemo(() => matching(tree.nodes, sought), [tree, sought]);
  const hidesPath = params.get('path') === 'off';
  const selectedId = params.get('span');
  const selected = selectedId === null ? undefined : tree.nodes.find(({ span }) => span.spanId === selectedId);
  const select = (index: number) => setParams({ span: tree.nodes[index]!.span.spanId }, 'same entry');
  const fold = (index: number) => {
    const next = new Set(folded);
    if (!next.delete(index)) next.add(index);
    setFolded(next);
  };
  const goToMatch = (step: 1 | -1) => {
    const found = [...(matches ?? errorsOf(tree.nodes))];
    if (found.length === 0) return;
    const from = selected?.index ?? -1;
    const next = step === 1 ? found.find((index) => index > from) : found.findLast((index) => index < from);
    const target = next ?? (step === 1 ? found[0]! : found.at(-1)!);
    setFolded(new Set());
    select(target);
  };
  const shown = nodes.findIndex(({ index }) => index === selected?.index);
  useShortcuts('Trace', [
    { keys: 'j', does: 'Next span', run: () => select(nodes[Math.min(shown + 1, nodes.length - 1)]!.index) },
    { keys: 'k', does: 'Span before', run: () => select(nodes[Math.max(shown - 1, 0)]!.index) },
    { keys: 'n', does: 'Next that was found, or that failed', run: () => goToMatch(1) },
    { keys: 'p', does: 'The one before', run: () => goToMatch(-1) },
    { keys: 'c', does: 'Critical path', run: () => setParams({ path: hidesPath ? undefined : 'off' }, 'same entry') },
    { keys: '/', does: 'Find spans', run: () => document.getElementById('find-spans')?.focus() },
    { keys: 'Escape', does: 'Close the span', run: () => setParams({ span: undefined }, 'same entry') },
  ]);
  const criticalMs = (index: number) => critical[index]!.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return (
    <div class={selected === undefined ? 'trace' : 'trace has-details'}>
      <TraceHead traceId={traceId} tree={tree} />
      <div class="trace-tools">
        <input
          id="find-spans"
          class="input"
          type="search"
          placeholder="Find spans: name, service, attribute"
          aria-label="Find spans"
          value={sought}
          onInput={({ currentTarget }) => setSought(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') goToMatch(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        {matches !== undefined && (
          <span class="muted" role="status">
            {count(matches.size)} found
          </span>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={!hidesPath}
            onChange={({ currentTarget }) =>
              setParams({ path: currentTarget.checked ? undefined : 'off' }, 'same entry')
            }
          />
          Critical path
        </label>
        {isOff && (
          <label
            class="check"
            title="Clocks of services differ: what was called is shown where the caller waited for it"
          >
            <input
              type="checkbox"
              checked={clocks === 'corrected'}
              onChange={({ currentTarget }) =>
                setParams({ clocks: currentTarget.checked ? undefined : 'sent' }, 'same entry')
              }
            />
            Correct clocks
          </label>
        )}
        <button
          type="button"
          class="button is-bare"
          onClick={() => setFolded(folded.size > 0 ? new Set() : foldedBelow(tree.nodes))}
        >
          {folded.size > 0 ? 'Unfold all' : 'Fold'}
        </button>
      </div>
      <div class="trace-body">
        <Waterfall
          tree={tree}
          nodes={nodes}
          critical={hidesPath ? undefined : critical}
          folded={folded}
          matches={matches}
          selected={selected?.index}
          select={select}
          fold={fold}
        />
        {selected !== undefined && (
          <SpanDetails
            key={selected.index}
            tree={tree}
            traceId={traceId}
            node={selected}
            criticalMs={criticalMs(selected.index)}
            close={() => setParams({ span: undefined }, 'same entry')}
          />
        )}
      </div>
    </div>
  );
}

function TraceHead({ traceId, tree }: { readonly traceId: string; readonly tree: Tree }) {
  const root = tree.nodes[0]!;
  const services = useMemo(() => timeByService(tree.nodes), [tree]);
  const failed = errorsOf(tree.nodes).size;
  const total = services.reduce((sum, [, ms]) => sum + ms, 0);
  return (
    <header class="trace-head">
      <p class="crumb">
        <a href={linkTo('/traces')}>Traces</a> / <code>{traceId}</code>
      </p>
      <h1>
        <bdi>{root.span.name || '(no name)'}</bdi>
      </h1>
      <p class="page-note">
        <time>{dayAndTime(tree.startMs)}</time> · <b>{duration(tree.durationMs)}</b> · {count(tree.nodes.length)}{' '}
        {tree.nodes.length === 1 ? 'span' : 'spans'}
        {failed > 0 && <span class="is-error"> · {count(failed)} failed</span>}
      </p>
      <ul class="legend" aria-label="Own work by service">
        {services.slice(0, MAX_SERVICES).map(([name, ms]) => (
          <li key={name}>
            <ServiceName name={name} /> <span class="faint">{percent(total === 0 ? 0 : ms / total)}</span>
          </li>
        ))}
        {services.length > MAX_SERVICES && <li class="faint">and {services.length - MAX_SERVICES} more</li>}
      </ul>
    </header>
  );
}

function timeByService(nodes: readonly Node[]): readonly (readonly [string, number])[] {
  const times = new Map<string, number>();
  for (const { span, selfMs } of nodes) times.set(span.service, (times.get(span.service) ?? 0) + selfMs);
  return [...times].sort(([, left], [, right]) => right - left);
}

function errorsOf(nodes: readonly Node[]): ReadonlySet<number> {
  return new Set(nodes.filter(({ span }) => span.status === 'error').map(({ index }) => index));
}

/** Nodes that say what is sought. Undefined where nothing is. */
function matching(nodes: readonly Node[], sought: string): ReadonlySet<number> | undefined {
  const text = sought.trim().toLowerCase();
  if (text === '') return undefined;
  const found = nodes.filter(({ span }) => {
    const { name, service, spanId, statusMessage, attributes } = span;
    const attribute = attributes.some(({ key, value }) => `${key}=${String(value)}`.toLowerCase().includes(text));
    return attribute || `${name}\n${service}\n${spanId}\n${statusMessage}`.toLowerCase().includes(text);
  });
  return new Set(found.map(({ index }) => index));
}

/** All but the first levels. */
function foldedBelow(nodes: readonly Node[]): ReadonlySet<number> {
  return new Set(nodes.filter(({ level, children }) => level >= 1 && children.length > 0).map(({ index }) => index));
}
