import { type ComponentChildren, Fragment } from 'preact';
import { queryLogs } from '../apis/loki.js';
import type { Attributes, AttributeValue } from '../apis/tempo.js';
import { clockTimeMs, duration } from '../format.js';
import { linkTo } from '../location.js';
import { Icon } from '../parts/icon.js';
import { limited, MAX_VALUE } from '../parts/limited.js';
import { LogLines } from '../parts/log-lines.js';
import { ServiceName } from '../parts/service-name.js';
import { Answered } from '../parts/states.js';
import { useAnswer } from '../use-answer.js';
import type { Node, Tree } from './tree.js';

/** Logs of a span may come a little after it, from clocks that differ. */
const LOG_MARGIN_MS = 60_000;
const MAX_LOGS = 200;

export interface SpanDetailsProps {
  readonly tree: Tree;
  readonly traceId: string;
  readonly node: Node;
  readonly criticalMs: number;
  readonly close: () => void;
}

export function SpanDetails({ tree, traceId, node, criticalMs, close }: SpanDetailsProps) {
  const { span } = node;
  return (
    <aside class="details" aria-label="Span">
      <header class="details-head">
        <h2>
          <bdi>{span.name || '(no name)'}</bdi>
        </h2>
        <button type="button" class="button is-square is-bare" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <dl class="facts">
        <Fact name="Service">
          <a href={linkTo(`/service/${encodeURIComponent(span.service)}`)}>
            <ServiceName name={span.service} />
          </a>
        </Fact>
        <Fact name="Duration">{duration(span.durationMs)}</Fact>
        <Fact name="Own work">{duration(node.selfMs)}</Fact>
        <Fact name="Critical">{duration(criticalMs)}</Fact>
        <Fact name="Start">
          {clockTimeMs(span.startMs)} <span class="muted">+{duration(node.startMs - tree.startMs)}</span>
        </Fact>
        <Fact name="Kind">{span.kind || '–'}</Fact>
        <Fact name="Status">
          <span class={span.status === 'error' ? 'is-error' : ''}>{span.status}</span>
          {span.statusMessage !== '' && <bdi class="status-message">{limited(span.statusMessage, MAX_VALUE)}</bdi>}
        </Fact>
        <Fact name="Span">
          <code>{span.spanId}</code>
        </Fact>
      </dl>
      {node.isOrphan && <p class="note">Its parent {span.parentId} is not in the trace: not sent, or not yet here.</p>}
      {node.behindMs !== 0 && (
        <p class="note">
          The clock of {span.service} seems to be {duration(Math.abs(node.behindMs))}{' '}
          {node.behindMs > 0 ? 'behind' : 'ahead'}: the span is shown where its caller waited for it.
        </p>
      )}
      <SpanLogs traceId={traceId} node={node} />
      {span.events.length > 0 && (
        <Section title="Events" count={span.events.length}>
          {span.events.map((event, index) => (
            <div key={index} class="event">
              <p>
                <bdi>{event.name}</bdi> <span class="muted">+{duration(event.atMs - span.startMs)}</span>
              </p>
              <AttributeList attributes={event.attributes} />
            </div>
          ))}
        </Section>
      )}
      <Section title="Attributes" count={span.attributes.length}>
        <AttributeList attributes={span.attributes} scope="span" />
      </Section>
      {span.links.length > 0 && (
        <Section title="Links" count={span.links.length}>
          {span.links.map((link) => (
            <div key={link.traceId + link.spanId} class="event">
              <a href={linkTo(`/trace/${link.traceId}`, { span: link.spanId })}>
                <code>{link.traceId}</code>
              </a>
              <AttributeList attributes={link.attributes} />
            </div>
          ))}
        </Section>
      )}
      <Section title="Resource" count={span.resource.length}>
        <AttributeList attributes={span.resource} scope="resource" />
      </Section>
      {span.scope !== '' && <p class="note">Instrumented by {span.scope}</p>}
    </aside>
  );
}

function SpanLogs({ traceId, node: { span } }: { readonly traceId: string; readonly node: Node }) {
  const query = `{service_name=~".+"} | trace_id="${traceId}" | span_id="${span.spanId}"`;
  const startMs = span.startMs - LOG_MARGIN_MS;
  const endMs = span.startMs + span.durationMs + LOG_MARGIN_MS;
  const answer = useAnswer(query, (signal) =>
    queryLogs({ query, startMs, endMs, limit: MAX_LOGS, direction: 'forward' }, signal),
  );
  const lines = answer.value?.kind === 'lines' ? answer.value.lines : [];
  const link = linkTo('/logs', { q: query, from: String(Math.floor(startMs)), to: String(Math.ceil(endMs)) });
  return (
    <Section title="Logs" count={lines.length} action={lines.length > 0 && <a href={link}>Open in logs</a>}>
      <Answered answer={answer} lines={1}>
        {() =>
          lines.length === 0 ? (
            <p class="muted">None of this span.</p>
          ) : (
            <LogLines lines={lines} label="Logs of the span" />
          )
        }
      </Answered>
    </Section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Section({
  title,
  count,
  action,
  children,
}: {
  readonly title: string;
  readonly count: number;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="details-section">
      <h3>
        {title} <span class="faint">{count}</span>
        {action}
      </h3>
      {children}
    </section>
  );
}

/** With a scope, each value is a link to the traces that have it. */
export function AttributeList({ attributes, scope }: { readonly attributes: Attributes; readonly scope?: string }) {
  if (attributes.length === 0) return <Fragment />;
  return (
    <dl class="attributes">
      {attributes.map(({ key, value }) => {
        const query = scope === undefined ? undefined : queryFor(scope, key, value);
        return (
          <div key={key}>
            <dt>
              <bdi>{key}</bdi>
            </dt>
            <dd>
              <bdi>{limited(attributeText(value), MAX_VALUE)}</bdi>
              {query !== undefined && (
                <a class="attribute-find" href={linkTo('/traces', { q: query })} title="Traces with this value">
                  Find
                </a>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

export function attributeText(value: AttributeValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Longer values are not what anybody would look for. */
const MAX_SOUGHT = 500;

function queryFor(scope: string, key: string, value: AttributeValue): string | undefined {
  if (typeof value === 'object' || String(value).length > MAX_SOUGHT) return undefined;
  const name = /^[\p{L}_][\p{L}\p{N}_./-]*$/u.test(key) ? key : JSON.stringify(key);
  const isNumber = typeof value !== 'string' || /^-?\d{1,15}$/.test(value);
  return `{ ${scope}.${name} = ${isNumber ? value : JSON.stringify(value)} }`;
}
