import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { type LogLine, queryLogs, tailLogs } from '../apis/loki.js';
import type { PageProps } from '../app.js';
import { count } from '../format.js';
import { useShortcuts } from '../keys.js';
import { logqlCompletion } from '../languages/completion.js';
import { logql } from '../languages/words.js';
import { setParams, usePlace } from '../location.js';
import { FieldList } from '../logs/field-list.js';
import { isLineQuery, type LogFilter, withFilter } from '../logs/filter.js';
import { LineDetails } from '../logs/line-details.js';
import { LineList } from '../logs/line-list.js';
import { Volume } from '../logs/volume.js';
import { Icon } from '../parts/icon.js';
import { QueryBar } from '../parts/query-bar.js';
import { SeriesView } from '../parts/series-view.js';
import { Answered, Empty } from '../parts/states.js';
import { stepSeconds, useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';

const ALL = '{service_name=~".+"}';
const LIMIT = 1000;
/** Lines of a tail that are kept; older ones are in the table. */
const MAX_TAILED = 1000;
const POINTS = 240;

export function Logs(_: PageProps) {
  const { params } = usePlace();
  const range = useTimeRange();
  const query = params.get('q') ?? ALL;
  const isTailing = params.get('tail') === 'on' && isLineQuery(query);
  const times = useMemo(() => ({ startMs: range.startMs, endMs: range.endMs }), [range]);
  const complete = useMemo(() => logqlCompletion(() => times), [times]);
  const run = useCallback(
    (text: string) => setParams({ q: text.trim() === ALL ? undefined : text.trim() || undefined }),
    [],
  );
  const toggleTail = () => setParams({ tail: isTailing ? undefined : 'on' }, 'same entry');
  useShortcuts('Logs', [{ keys: 'l', does: 'Follow new lines', run: toggleTail }]);
  return (
    <>
      <div class="page-head">
        <h1>Logs</h1>
      </div>
      <QueryBar
        label="LogQL query"
        value={query}
        words={logql}
        complete={complete}
        placeholder='{service_name="checkout"} |= "error"'
        run={run}
      >
        <button
          type="button"
          class="button"
          aria-pressed={isTailing}
          disabled={!isLineQuery(query)}
          title="Follow new lines (l)"
          onClick={toggleTail}
        >
          <Icon name={isTailing ? 'stop' : 'live'} />
          Live
        </button>
      </QueryBar>
      {isTailing ? <Tail key={query} query={query} run={run} /> : <Found query={query} run={run} />}
    </>
  );
}

function Found({ query, run }: { readonly query: string; readonly run: (query: string) => void }) {
  const range = useTimeRange();
  const { startMs, endMs, key } = range;
  const stepS = stepSeconds(range, POINTS);
  const answer = useAnswer(`${query} ${key}`, (signal) =>
    queryLogs({ query, startMs, endMs, limit: LIMIT, stepS }, signal),
  );
  return (
    <>
      {isLineQuery(query) && <Volume query={query} range={range} />}
      <Answered answer={answer} lines={14}>
        {(found) => {
          if (found.kind === 'series') return <SeriesView series={found.series} range={range} />;
          if (found.lines.length === 0) {
            return (
              <Empty title={query === ALL ? 'No logs in this time' : 'No line matches'}>
                <p>Choose a longer time above, or take a condition out of the query.</p>
              </Empty>
            );
          }
          const note = found.lines.length >= LIMIT ? `The latest ${count(LIMIT)} lines` : undefined;
          return <Lines lines={found.lines} query={query} run={run} note={note} />;
        }}
      </Answered>
    </>
  );
}

function Tail({ query, run }: { readonly query: string; readonly run: (query: string) => void }) {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [dropped, setDropped] = useState(0);
  const [ended, setEnded] = useState<string>();
  useEffect(() => {
    const abort = new AbortController();
    tailLogs(
      query,
      {
        lines(came, missed) {
          const newest = came.toReversed();
          setLines((before) => [...newest, ...before].slice(0, MAX_TAILED));
          if (missed > 0) setDropped((before) => before + missed);
        },
        ended: setEnded,
      },
      abort.signal,
    );
    return () => abort.abort();
  }, [query]);
  const note = (
    <>
      {ended === undefined ? <span class="live-mark">Following</span> : <span class="is-error">Ended: {ended}</span>}
      {dropped > 0 && <span class="is-error"> · {count(dropped)} lines came too fast</span>}
    </>
  );
  if (lines.length === 0) {
    return (
      <Empty title={ended === undefined ? 'Waiting for the next line' : 'The tail has ended'}>
        <p role="status">{ended ?? 'Lines appear here as they come in.'}</p>
      </Empty>
    );
  }
  return <Lines lines={lines} query={query} run={run} note={note} />;
}

function Lines({
  lines,
  query,
  run,
  note,
}: {
  readonly lines: readonly LogLine[];
  readonly query: string;
  readonly run: (query: string) => void;
  readonly note: preact.ComponentChildren;
}) {
  const [selected, setSelected] = useState<LogLine>();
  const filter = (added: LogFilter) => run(withFilter(query, added));
  const shown = selected !== undefined && lines.includes(selected) ? selected : undefined;
  const move = (step: number) => {
    const at = shown === undefined ? -1 : lines.indexOf(shown);
    setSelected(lines[Math.max(0, Math.min(at + step, lines.length - 1))]);
  };
  useShortcuts('Lines', [
    { keys: 'j', does: 'Next line', run: () => move(1) },
    { keys: 'k', does: 'Line before', run: () => move(-1) },
    { keys: 'Escape', does: 'Close the line', run: () => setSelected(undefined) },
  ]);
  return (
    <>
      {note !== undefined && <p class="page-note lines-note">{note}</p>}
      <div class={shown === undefined ? 'logs-body' : 'logs-body has-details'}>
        <FieldList lines={lines} filter={filter} />
        <LineList lines={lines} selected={shown} select={setSelected} />
        {shown !== undefined && <LineDetails line={shown} filter={filter} close={() => setSelected(undefined)} />}
      </div>
    </>
  );
}
