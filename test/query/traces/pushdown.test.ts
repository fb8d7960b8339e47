// What SQL lets through, against the meaning of conditions, on random traces: with pushdown and without, the same traces match.

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type AggregateRequest,
  type Aggregates,
  type Attribute,
  Duration,
  Keyword,
  type SpanCondition,
  type Trace,
  type TraceCondition,
  type TraceRequest,
  type Value,
} from '#traceql';
import { TableTraceSource } from '../../../src/query/traces/trace-source.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import type { Message } from '../../oracle/message.js';
import { meets, traceMeets, valuesOf } from './span-conditions.js';
import { openTraceDatabase, type TraceDatabase } from './trace-database.js';

const START_NS = 1_760_000_000_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
const context = { principal: soleTenant, signal: new AbortController().signal };
const needs = {
  members: ['kind', 'statusCode', 'statusMessage', 'instrumentation', 'events', 'links'],
  attributes: 'all',
} as const;

let database: TraceDatabase;
let whole: readonly Trace[];

beforeAll(async () => {
  database = await openTraceDatabase('exact');
  await database.post(telemetry());
  await database.flush();
  whole = await traces(request({ condition: { kind: 'some', span: { kind: 'every' } } }));
  expect(whole.length).toBe(60);
  return () => database.close();
});

function request(part: Partial<TraceRequest>): TraceRequest {
  return {
    startUnixNs: START_NS,
    endUnixNs: START_NS + 60n * MINUTE_NS,
    condition: { kind: 'some', span: { kind: 'every' } },
    needs,
    order: 'any',
    wanted: undefined,
    spans: 'all',
    ...part,
  };
}

async function traces(asked: TraceRequest, pushdown: 'all' | 'range only' = 'all'): Promise<Trace[]> {
  const found: Trace[] = [];
  for await (const batch of new TableTraceSource(database.scanner, pushdown).read(asked, context)) found.push(...batch);
  return found;
}

const attributeNames = ['http.route', 'a"b', 'n', 'flag', 'list', 'service.name'] as const;
const values: readonly Message[] = [
  { string_value: 'GET' },
  { string_value: '/api/v1' },
  { string_value: '5' },
  { string_value: 'a "quoted" é text' },
  { string_value: '{{{otlp_traces}}' },
  { int_value: 5n },
  { int_value: 0n },
  { int_value: 9_007_199_254_740_993n },
  { double_value: 2.5 },
  { double_value: 5 },
  { bool_value: true },
  { kvlist_value: { values: [{ key: 'n', value: { int_value: 5n } }] } },
];
const lists: readonly Message[] = [
  { string_value: 'GET' },
  { array_value: { values: [{ string_value: 'GET' }, { string_value: 'PUT' }] } },
  { array_value: { values: [{ int_value: 5n }, { string_value: 'mixed' }] } },
];
/** Of every type: the column of the service has all of them as text. */
const serviceNames: readonly Message[] = [
  { string_value: 'cart' },
  { string_value: 'unknown' },
  { string_value: 'GET' },
  { string_value: 'true' },
  { bool_value: true },
  { int_value: 5n },
  { kvlist_value: { values: [{ key: 'n', value: { int_value: 5n } }] } },
];
const texts = ['GET', '/api/v1', '5', 'a "quoted" é text', '{{{otlp_traces}}', 'cart', 'unknown'];

/** 60 traces of up to 5 spans, from the first minute on, with the same numbers each time. */
function telemetry(): Message {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const attributes = () =>
    Array.from({ length: random(4) }, () => {
      const key = attributeNames[random(attributeNames.length - 1)]!;
      return { key, value: key === 'list' ? lists[random(lists.length)]! : values[random(values.length)]! };
    });
  const span = (trace: number, index: number): Message => {
    const start = START_NS + BigInt(trace) * MINUTE_NS + BigInt(random(100_000_000)) * 500n + BigInt(random(1000));
    return {
      trace_id: Buffer.alloc(16, trace + 1),
      span_id: Buffer.alloc(8, index + 1),
      ...(index > 0 && { parent_span_id: Buffer.alloc(8, index) }),
      name: ['GET /', 'query', 'send'][random(3)]!,
      kind: random(6),
      start_time_unix_nano: start,
      end_time_unix_nano: start + BigInt(random(2_000_000)),
      attributes: attributes(),
      status: { code: random(3) },
      events: random(3) === 0 ? [{ name: 'exception', time_unix_nano: start + 5n, attributes: attributes() }] : [],
    };
  };
  return {
    resource_spans: Array.from({ length: 60 }, (_, trace) => ({
      resource: {
        attributes: [
          ...(trace % 4 === 0 ? [] : [{ key: 'service.name', value: serviceNames[trace % serviceNames.length]! }]),
          ...attributes(),
        ],
      },
      scope_spans: [
        {
          scope: { name: 'lib', attributes: attributes() },
          spans: Array.from({ length: 1 + random(5) }, (_, i) => span(trace, i)),
        },
      ],
    })),
  };
}

const named = fc
  .record({
    scope: fc.constantFrom('any', 'span', 'resource', 'event', 'instrumentation'),
    name: fc.constantFrom(...attributeNames),
  })
  .map((of) => ({ kind: 'attribute', ofParent: false, ...of }) as Attribute);
const value = fc.oneof(
  fc.constantFrom<Exclude<Value, undefined>>(
    ...texts,
    5n,
    0n,
    2.5,
    5,
    true,
    false,
    new Duration(5),
    9_007_199_254_740_992n,
  ),
);
const comparison = fc
  .tuple(named, fc.constantFrom('=', '!=', '<', '<=', '>', '>='), value)
  .filter(([, operator, compared]) => typeof compared !== 'boolean' || operator === '=' || operator === '!=')
  .map(
    ([attribute, operator, compared]) => ({ kind: 'compare', attribute, operator, value: compared }) as SpanCondition,
  );
const pattern = fc
  .tuple(named, fc.constantFrom('=~', '!~'), fc.constantFrom('G.*', '.*quoted.*', '[0-9]', 'cart|GET', ''))
  .map(
    ([attribute, operator, compared]) => ({ kind: 'compare', attribute, operator, value: compared }) as SpanCondition,
  );
const intrinsic = fc.constantFrom<SpanCondition>(
  ...(['=', '!='] as const).flatMap((operator): SpanCondition[] => [
    { kind: 'compare', attribute: { kind: 'intrinsic', name: 'name' }, operator, value: 'query' },
    { kind: 'compare', attribute: { kind: 'intrinsic', name: 'status' }, operator, value: Keyword.statuses[2]! },
    { kind: 'compare', attribute: { kind: 'intrinsic', name: 'kind' }, operator, value: Keyword.kinds[2]! },
    { kind: 'compare', attribute: { kind: 'intrinsic', name: 'event:name' }, operator, value: 'exception' },
  ]),
  {
    kind: 'compare',
    attribute: { kind: 'intrinsic', name: 'duration' },
    operator: '>',
    value: new Duration(1_000_000),
  },
  { kind: 'compare', attribute: { kind: 'intrinsic', name: 'name' }, operator: '=~', value: 'q.*' },
  { kind: 'every' },
  { kind: 'none' },
);
const leaf = fc.oneof(
  comparison,
  pattern,
  intrinsic,
  fc
    .tuple(fc.constantFrom('present', 'absent'), named)
    .map(([kind, attribute]) => ({ kind, attribute }) as SpanCondition),
);
const spanCondition = fc.oneof(
  { weight: 3, arbitrary: leaf },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('all', 'any'), fc.array(leaf, { minLength: 1, maxLength: 3 }))
      .map(([kind, conditions]) => ({ kind, conditions }) as SpanCondition),
  },
);
const some = spanCondition.map((span) => ({ kind: 'some', span }) as TraceCondition);
const traceCondition = fc.oneof(
  some,
  fc
    .tuple(fc.constantFrom('all', 'any'), fc.array(some, { minLength: 1, maxLength: 3 }))
    .map(([kind, conditions]) => ({ kind, conditions }) as TraceCondition),
);

const idsOf = (found: readonly Trace[]) => found.map(({ traceId }) => traceId).sort();

describe.each([
  ['all of them', { order: 'any', wanted: undefined }],
  ['some of them', { order: 'any', wanted: 5 }],
  ['newest first', { order: 'newest first', wanted: 5 }],
] as const)('traces, %s', (_name, way) => {
  test('that match are let through, each once and whole', async () => {
    await fc.assert(
      fc.asyncProperty(traceCondition, async (condition) => {
        const expected = idsOf(whole.filter(({ spans }) => traceMeets(spans, condition)));
        const read = await traces(request({ condition, ...way }));
        expect(new Set(idsOf(read)).size).toBe(read.length);
        expect(idsOf(read.filter(({ spans }) => traceMeets(spans, condition)))).toEqual(expected);
        for (const { traceId, spans } of read) {
          expect(spans.length).toBe(whole.find((trace) => trace.traceId === traceId)!.spans.length);
        }
      }),
      { numRuns: 40 },
    );
  });
});

test('the newest traces come first', async () => {
  const read = await traces(request({ order: 'newest first', wanted: 5 }));
  const latest = read.map(({ spans }) =>
    spans.reduce((last, { startUnixNs }) => (startUnixNs > last ? startUnixNs : last), 0n),
  );
  expect(latest).toEqual([...latest].sort((a, b) => Number(b - a)));
});

test('a search that wants a few traces of many stops at the newest slices', async () => {
  const before = database.statements();
  for await (const batch of new TableTraceSource(database.scanner).read(
    request({ wanted: 1, endUnixNs: START_NS + 59n * MINUTE_NS + 30_000_000_000n }),
    context,
  )) {
    if (batch.length > 0) break;
  }
  expect(database.statements() - before).toBeLessThan(4);
});

// The traces of the first side of `{ } >> { … }` were read, however few met the other side.
test('traces are looked for by the condition that fewest spans meet', async () => {
  const traceId = whole[30]!.traceId;
  const some = (attribute: Attribute, operator: '=' | '!=', value: string): TraceCondition => ({
    kind: 'some',
    span: { kind: 'compare', attribute, operator, value },
  });
  const common = some({ kind: 'intrinsic', name: 'name' }, '!=', '');
  const rare = some({ kind: 'intrinsic', name: 'trace:id' }, '=', traceId);
  for (const conditions of [
    [common, rare],
    [rare, common],
  ]) {
    const read = await traces(request({ condition: { kind: 'all', conditions }, order: 'newest first', wanted: 5 }));
    expect(idsOf(read)).toEqual([traceId]);
  }
});

// Exemplars were those of the newest traces, all of whose spans were read.
test('some spans come from all parts of the range', async () => {
  const error: SpanCondition = {
    kind: 'compare',
    attribute: { kind: 'intrinsic', name: 'status' },
    operator: '=',
    value: Keyword.statuses[2]!,
  };
  const before = database.statements();
  const read = await traces(request({ condition: { kind: 'some', span: error }, wanted: 8, spans: 'some' }));
  expect(database.statements() - before).toBe(1);
  const spans = read.flatMap((trace) => trace.spans);
  expect(spans.every((span) => meets(span, error))).toBe(true);
  const quarters = spans.map(({ startUnixNs }) => Number((startUnixNs - START_NS) / (15n * MINUTE_NS)));
  expect(quarters.sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

describe('what one GROUP BY answers', () => {
  const grid = { startUnixNs: START_NS - 1n, stepNs: 7n * MINUTE_NS + 1n, count: 9 };
  const measures = fc.oneof(
    fc.constant({ kind: 'count' } as const),
    fc
      .tuple(
        fc.constantFrom('min', 'max', 'sum', 'avg', 'histogram'),
        fc.oneof(named, fc.constant<Attribute>({ kind: 'intrinsic', name: 'duration' })),
      )
      .map(([kind, attribute]) => ({ kind, attribute }) as AggregateRequest['measure']),
  );
  const by = fc.array(
    fc.oneof(
      named,
      fc.constantFrom<Attribute>({ kind: 'intrinsic', name: 'status' }, { kind: 'intrinsic', name: 'name' }),
    ),
    { maxLength: 2 },
  );

  test('is what the spans say', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(spanCondition, by, measures, async (condition, groups, measure) => {
        const asked = { condition, by: groups, measure, grid };
        const aggregates = await new TableTraceSource(database.scanner).aggregate(asked, context);
        if (aggregates === undefined) return;
        answered++;
        expect(rowsOf(aggregates)).toEqual(expectedRows(asked));
      }),
      { numRuns: 150 },
    );
    expect(answered).toBeGreaterThan(10);
  });

  test('is not answered where an attribute is a list', async () => {
    const attribute = { kind: 'attribute', scope: 'span', name: 'list', ofParent: false } as const;
    const asked = { condition: { kind: 'present', attribute }, by: [], measure: { kind: 'count' }, grid } as const;
    expect(await new TableTraceSource(database.scanner).aggregate(asked, context)).toBeUndefined();
  });

  function expectedRows({ condition, by, measure }: AggregateRequest): unknown[] {
    const found = new Map<string, { row: unknown[]; numbers: number[] }>();
    for (const span of whole.flatMap(({ spans }) => spans)) {
      const step = Number((span.startUnixNs - grid.startUnixNs - 1n) / grid.stepNs);
      if (step >= grid.count || !meets(span, condition)) continue;
      const measured = measure.kind === 'count' ? 1 : numberIn(valuesOf(span, measure.attribute)[0]);
      if (measured === undefined) continue;
      if (measure.kind === 'histogram' && measured < 2) continue;
      const bucket = measure.kind === 'histogram' ? 2 ** Math.ceil(Math.log2(measured)) : 0;
      const row = [by.map((attribute) => shown(valuesOf(span, attribute)[0])), step, bucket];
      const key = JSON.stringify(row);
      const known = found.get(key);
      if (known === undefined) found.set(key, { row, numbers: [measured] });
      else known.numbers.push(measured);
    }
    return [...found.values()].map(({ row, numbers }) => [...row, folded(measure.kind, numbers)]).sort(byText);
  }
});

function folded(kind: AggregateRequest['measure']['kind'], numbers: readonly number[]): number {
  if (kind === 'count' || kind === 'histogram') return numbers.length;
  if (kind === 'min') return rounded(Math.min(...numbers));
  if (kind === 'max') return rounded(Math.max(...numbers));
  return rounded(numbers.reduce((sum, number) => sum + number, 0));
}

function rowsOf({ groups, rowGroups, steps, values, buckets }: Aggregates): unknown[] {
  return Array.from(rowGroups, (group, i) => [
    groups[group]!.map(shown),
    steps[i],
    buckets?.[i] ?? 0,
    rounded(values[i]!),
  ]).sort(byText);
}

function shown(value: Value): string {
  if (value === undefined) return 'nil';
  if (value instanceof Keyword) return value.name;
  return `${typeof value === 'bigint' ? 'number' : typeof value} ${value}`;
}

function numberIn(value: Value): number | undefined {
  if (value instanceof Duration) return value.ns;
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** DuckDB adds in another order. */
function rounded(number: number): number {
  return Number(number.toPrecision(12));
}
