// What SQL says of a query changes no answer: reads and counts over random rows with all of it in SQL, and with none.

import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  option,
  record,
} from 'fast-check';
import { RE2JS } from 're2js';
import { afterAll, test } from 'vitest';
import { evaluateInstant, evaluateLogs, type LogFilter, type LogSelection } from '#logql';
import { Labels } from '#promql/data/labels';
import { Matcher } from '#promql/syntax/matcher';
import { type Pushdown, TableLogSource } from '../../../src/query/logs/log-source.js';
import { LogTable } from '../../../src/query/logs/log-table.js';
import { ResourceCatalogue } from '../../../src/query/logs/resource-catalogue.js';
import { DEFAULT_INDEX_ATTRIBUTES } from '../../../src/schema/loki-options.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { propertyRuns } from '../../property/property-runs.js';
import { openLogDatabase } from './log-database.js';

const database = await openLogDatabase();
const openTable = async () => new LogTable(database.scanner, 'microseconds');
const context = { principal: soleTenant, signal: new AbortController().signal, warn: () => undefined };
const SECOND = 1_000_000_000n;
const START = 1_767_225_600n * SECOND;

afterAll(() => database.close());

const resources = [
  null,
  '{"service.name":"cart","host.name":"h1"}',
  '{"service.name":"cart","host.name":"h2","level":"debug"}',
  '{"service.name":"pay","k8s.pod.name":"p1"}',
  '{"k8s.container.name":"pay"}',
];
const bodies = [
  null,
  '',
  'plain line',
  'an error: timeout after 5s',
  'level=warn msg="quoted \\" text"',
  '{"level":"fatal","user":"alice"}',
  'two\nlines error',
  "it's ünïcode\u2028",
  '1.2.3.4 GET /index',
  'a {{otlp_logs}} b',
];
const attributes = [
  null,
  '{}',
  '{"http.method":"GET","status":200}',
  '{"http":{"a":1,"method":"POST"}}',
  '{"level":"error"}',
  '{"trace_id":"t1","user":"alice"}',
  '{"Severity":"TRC","quote":"a\\"b"}',
  '{"detected.level":"WARNING"}',
];

const row = record({
  time: option(integer({ min: 0, max: 200 })),
  observed: option(integer({ min: 0, max: 200 })),
  resource: constantFrom(...resources),
  body: constantFrom(...bodies),
  attributes: constantFrom(...attributes),
  scope: constantFrom(null, '{"lib":"x"}', '{"level":"info"}'),
  traceId: constantFrom(null, 't1', 't2'),
  severity: constantFrom(null, 0, 5, 17, 30),
  severityText: constantFrom(null, '', 'ERROR', 'Notice', 'wrn'),
});
type Row = typeof row extends Arbitrary<infer R> ? R : never;

const matcher = constantFrom(
  ...(
    [
      ['detected_level', '=', 'error'],
      ['detected_level', '=~', 'warn|Notice'],
      ['detected_level', '!=', 'error'],
      ['detected_level', '=~', '.*n.*'],
      ['trace_id', '=', 't1'],
      ['trace_id', '=~', 't1|t2'],
      ['http_method', '=', 'POST'],
      ['http_method', '!~', 'G.*'],
      ['host_name', '=', 'h1'],
      ['service_name', '=', 'pay'],
      ['quote', '=', 'a"b'],
      ['status', '=', '200'],
      ['user', '=', ''],
      ['lib', '=', 'x'],
      ['severity_text', '=', 'ERROR'],
    ] as const
  ).map(([name, operator, value]) => new Matcher(name, operator, value)),
);
const filter: Arbitrary<LogFilter> = constantFrom(0, 1, 2).chain((kind): Arbitrary<LogFilter> => {
  if (kind === 0) return matcher.map((each) => ({ kind: 'label-matches', matcher: each }));
  if (kind === 1) {
    return record({
      kind: constantFrom('line-contains' as const),
      texts: array(constantFrom('error', "it's", '', '"', 'ü', '\n', '{{otlp_logs}}'), { minLength: 1, maxLength: 2 }),
      isNegated: boolean(),
    });
  }
  return record({
    kind: constantFrom('line-matches' as const),
    patterns: array(
      constantFrom(
        'error.*timeout',
        '(?i)ERROR',
        '^two$',
        'two.lines',
        '\\d+\\.\\d',
        'a|b',
        '(?P<x>\\w+)=',
        'lines error$',
        '[{]{otlp',
        '[^a]rror',
      ),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
    isNegated: boolean(),
  });
});
const streams = constantFrom(
  [new Matcher('service_name', '=~', '.+')],
  [new Matcher('service_name', '=', 'pay')],
  [new Matcher('service_name', '=~', 'cart|unknown_service'), new Matcher('k8s_pod_name', '=', '')],
  [new Matcher('k8s_pod_name', '!=', 'p1')],
  [new Matcher('nothing', '=', 'x')],
);

test('reads give the same entries in the same order of time', async () => {
  await assert(
    asyncProperty(
      array(row, { maxLength: 40 }),
      streams,
      array(filter, { maxLength: 3 }),
      constantFrom('newest-first' as const, 'oldest-first' as const, 'any' as const),
      option(integer({ min: 1, max: 10 }), { nil: undefined }),
      async (rows, matchers, filters, order, limit) => {
        await insert(rows);
        const selection: LogSelection = {
          matchers,
          startNs: START + 10n * SECOND,
          endNs: START + 190n * SECOND + 1n,
          order,
          filters,
          prefilters: [],
          limit,
          needs: { line: true, metadata: 'all' },
        };
        const [pushed, plain] = [await read(selection, 'all'), await read(selection, 'streams only')];
        const [first, second] =
          limit === undefined ? [pushed, plain] : [pushed, plain].map((each) => each.slice(0, limit));
        const times = (entries: readonly Entry[]) =>
          order === 'any' ? entries.length : entries.map(({ time }) => time);
        if (String(times(first!)) !== String(times(second!)))
          throw new Error(`${times(first!)} is not ${times(second!)}`);
        // Which of several entries of one time come before a limit is not said.
        if (limit === undefined) equal(first!, second!);
      },
    ),
    propertyRuns(40),
  );
});

/** Values that lines may spell in several ways, or have in a label of their own. */
const parsedBodies = [
  '{"level":"error","user":"alice","n":5}',
  '{"level":"\\u0065rror","path":"a\\/b"}',
  '{"user":{"name":"al\\"ice"},"level":"warn"}',
  '{"path":"a/b","msg":"two words"}',
  '{"msg":"two\ufffdwords"}',
  '{"level":"error","user":',
  'level=error user=alice path=a/b',
  'level="err\\u006fr" msg="two words"',
  'user="al\\"ice" msg=two\ufffdwords n=5',
  'say error to alice about a/b',
];
const parsedFilters = [
  'level="error"',
  'level="error" or user="alice"',
  'level=~"error|warn", n="5"',
  'msg="two words"',
  'path="a/b"',
  'user_name="al\\"ice"',
  'user="al\\"ice"',
  'level_extracted="error"',
  'level!="error"',
  'level="" or n=5',
  '__error__=""',
  'http_method="POST"',
  'detected_level="error"',
];
const parsers = [
  '| json',
  '| logfmt',
  '| regexp "say (?P<level>\\\\w+)"',
  '| json n="n" | logfmt',
  '| pattern "say <level> to <user> <_>"',
];

// A filter behind a parser once told the store nothing, and every line of the streams was parsed.
test('filters behind parsers give the same lines and counts, whatever the store is told of them', async () => {
  await assert(
    asyncProperty(
      array(record({ row, body: option(constantFrom(...parsedBodies), { nil: undefined }) }), { maxLength: 40 }),
      constantFrom(...parsers),
      constantFrom(...parsedFilters),
      constantFrom('', '| label_format level=user', '| drop level', '| line_format "{{.user}}"'),
      constantFrom('', '| level="error"', '| json | user="alice"'),
      async (rows, parser, filter, between, last) => {
        await insert(rows.map(({ row, body }) => ({ ...row, body: body ?? row.body })));
        const query = `{service_name=~".+"} ${parser} | ${filter} ${between} ${last}`;
        const source = new TableLogSource(openTable, catalogue());
        const request = { source, principal: soleTenant };
        const times = { startNs: START, endNs: START + 250n * SECOND, order: 'oldest-first' as const };
        const [lines, counts] = [[] as string[], [] as string[]];
        for (const pushdown of ['on', 'off'] as const) {
          const { result } = await evaluateLogs({ ...request, query }, times, { pushdown });
          lines.push(
            result
              .map((entry) => JSON.stringify({ ...entry, timeNs: String(entry.timeNs) }))
              .sort()
              .join('\n'),
          );
          const counted = {
            ...request,
            query: `sum by (level, user) (count_over_time(${query} | __error__="" [250s]))`,
          };
          counts.push(JSON.stringify((await evaluateInstant(counted, times.endNs, { pushdown })).result));
        }
        if (lines[0] !== lines[1]) throw new Error(`${lines[0]}\nis not\n${lines[1]}`);
        if (counts[0] !== counts[1]) throw new Error(`${counts[0]}\nis not\n${counts[1]}`);
      },
    ),
    propertyRuns(25),
  );
});

test('counts are those of the entries that are read', async () => {
  await assert(
    asyncProperty(
      array(row, { maxLength: 40 }),
      streams,
      array(filter, { maxLength: 2 }),
      array(
        constantFrom('detected_level', 'level', 'service_name', 'trace_id', 'http_method', 'severity_text', 'nothing'),
        {
          maxLength: 3,
        },
      ),
      constantFrom('entries' as const, 'bytes' as const),
      async (rows, matchers, filters, by, measure) => {
        await insert(rows);
        const [bucketNs, bucketCount] = [20n * SECOND, 9];
        const counted = new TableLogSource(openTable, catalogue()).count(
          { matchers, startNs: START, bucketNs, bucketCount, filters, measure, by },
          context,
        );
        // A pattern that the store cannot say.
        if (counted === undefined) return;
        const found = new Map<string, number>();
        for await (const batch of counted) {
          for (const { labels, counts, hasEntries } of batch) {
            counts.forEach((count, i) => {
              if (hasEntries?.[i] === 1) found.set(`${labels} ${i}`, count);
            });
          }
        }
        const endNs = START + bucketNs * BigInt(bucketCount) + 1n;
        const entries = await read(
          {
            matchers,
            startNs: START + 1n,
            endNs,
            order: 'oldest-first',
            filters,
            prefilters: [],
            limit: undefined,
            needs: { line: true, metadata: 'all' },
          },
          'streams only',
        );
        const expected = new Map<string, number>();
        for (const { time, line, labels } of entries) {
          const key = `${Labels.of(by.map((name) => [name, labels.get(name)] as const))} ${(time - START - 1n) / bucketNs}`;
          expected.set(key, (expected.get(key) ?? 0) + (measure === 'entries' ? 1 : Buffer.byteLength(line)));
        }
        const text = (map: Map<string, number>) => [...map].map(String).sort().join('\n');
        if (text(found) !== text(expected)) throw new Error(`${text(found)}\nis not\n${text(expected)}`);
      },
    ),
    propertyRuns(40),
  );
});

interface Entry {
  readonly time: bigint;
  readonly line: string;
  readonly labels: Labels;
}

async function read(selection: LogSelection, pushdown: Pushdown): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const batch of new TableLogSource(openTable, catalogue(), pushdown).read(selection, context)) {
    for (let i = 0; i < batch.rowCount; i++) {
      const labels = batch.streams[i]!.with(batch.metadata[i]!.entries);
      entries.push({ time: batch.times[i]!, line: batch.lines[i]!, labels });
    }
  }
  return entries.filter((entry) => selection.filters.every((each) => passes(entry, each)));
}

function passes({ line, labels }: Entry, filter: LogFilter): boolean {
  switch (filter.kind) {
    case 'label-matches':
      return filter.matcher.matches(labels.get(filter.matcher.name));
    case 'line-contains':
      return filter.texts.some((text) => line.includes(text)) !== filter.isNegated;
    case 'line-matches':
      return filter.patterns.some((pattern) => RE2JS.compile(pattern).test(line)) !== filter.isNegated;
    case 'any-of':
      return filter.alternatives.some((each) => passes({ line, labels } as Entry, each));
  }
}

function equal(left: readonly Entry[], right: readonly Entry[]): void {
  const text = (entries: readonly Entry[]) =>
    entries
      .map(({ time, line, labels }) => `${time} ${line} ${labels}`)
      .sort()
      .join('\n');
  if (text(left) !== text(right)) throw new Error(`${text(left)}\nis not\n${text(right)}`);
}

function catalogue(): ResourceCatalogue {
  return new ResourceCatalogue(DEFAULT_INDEX_ATTRIBUTES);
}

function insert(rows: readonly Row[]): Promise<void> {
  const time = (seconds: number | null) =>
    seconds === null ? null : new Date(Number(START / 1_000_000n) + seconds * 1000).toISOString().slice(0, -1);
  return database.hold(
    rows.map((each) => ({
      time_unix_nano: time(each.time),
      observed_time_unix_nano: time(each.observed),
      service_name: serviceOf(each.resource),
      resource_attributes: each.resource,
      body: each.body,
      log_attributes: each.attributes,
      scope_attributes: each.scope,
      trace_id: each.traceId,
      severity_number: each.severity,
      severity_text: each.severityText,
    })),
  );
}

function serviceOf(resource: string | null): string {
  return (JSON.parse(resource ?? '{}') as Record<string, string>)['service.name'] ?? 'unknown';
}
