import type { LogLine } from '../apis/loki.js';
import { count, dayAndTime } from '../format.js';
import { linkTo } from '../location.js';
import { Icon } from '../parts/icon.js';
import { limited, MAX_VALUE } from '../parts/limited.js';
import type { LogFilter } from './filter.js';
import { levelOf } from './level.js';

export function LineDetails({
  line,
  filter,
  close,
}: {
  readonly line: LogLine;
  readonly filter: (filter: LogFilter) => void;
  readonly close: () => void;
}) {
  const { trace_id: traceId, span_id: spanId } = { ...line.labels, ...line.fields };
  return (
    <aside class="details" aria-label="Log line">
      <header class="details-head">
        <h2>
          <span class={`level level-${levelOf(line)}`}>{levelOf(line)}</span>{' '}
          <time>
            {dayAndTime(line.atMs)}.<span class="muted">{line.at.slice(-9)}</span>
          </time>
        </h2>
        <button type="button" class="button is-square is-bare" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {traceId !== undefined && (
        <p class="jump">
          <a class="button" href={linkTo(`/trace/${traceId}`, { span: spanId })}>
            <Icon name="link" />
            Open the trace
          </a>
        </p>
      )}
      <pre class="whole-line" dir="auto">
        {limited(pretty(line.line), MAX_WHOLE)}
      </pre>
      {line.line.length > MAX_WHOLE && (
        <p class="note">
          The first {count(MAX_WHOLE)} of {count(line.line.length)} characters.{' '}
          <button type="button" class="plain" onClick={() => navigator.clipboard.writeText(line.line)}>
            Copy all
          </button>
        </p>
      )}
      <Values title="Fields" values={line.fields} of="field" filter={filter} />
      <Values title="Labels" values={line.labels} of="label" filter={filter} />
    </aside>
  );
}

function Values({
  title,
  values,
  of,
  filter,
}: {
  readonly title: string;
  readonly values: Readonly<Record<string, string>>;
  readonly of: LogFilter['of'];
  readonly filter: (filter: LogFilter) => void;
}) {
  const entries = Object.entries(values).sort(([left], [right]) => left.localeCompare(right, 'en'));
  if (entries.length === 0) return null;
  return (
    <section class="details-section">
      <h3>
        {title} <span class="faint">{entries.length}</span>
      </h3>
      <dl class="attributes">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>
              <bdi>{name}</bdi>
            </dt>
            <dd>
              <bdi>{limited(value, MAX_VALUE)}</bdi>
              <span class="attribute-find">
                {(['=', '!='] as const).map((operator) => (
                  <button
                    key={operator}
                    type="button"
                    class="plain"
                    aria-label={operator === '=' ? `Only this ${name}` : `Without this ${name}`}
                    title={operator === '=' ? 'Only lines with it' : 'Lines without it'}
                    onClick={() => filter({ name, value, of, operator })}
                  >
                    {operator}
                  </button>
                ))}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What a browser lays out at once. */
const MAX_WHOLE = 20_000;
/** JSON under each other. More than this is left as it is. */
const MAX_PRETTY = 100_000;

function pretty(line: string): string {
  if (!/^\s*[[{]/.test(line) || line.length > MAX_PRETTY) return line;
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}
