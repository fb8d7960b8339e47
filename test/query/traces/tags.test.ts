// Names and values of attributes, from traces that a server holds.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attribute, SpanCondition } from '#traceql';
import { type TagQuestion, tagNames, tagScopes, tagValues } from '../../../src/query/traces/tags.js';
import { openTraceDatabase, type TraceDatabase } from './trace-database.js';

const START_NS = 1_760_000_000_000_000_000n;
const forever = new AbortController().signal;
let database: TraceDatabase;

const text = (key: string, string_value: string) => ({ key, value: { string_value } });

beforeAll(async () => {
  database = await openTraceDatabase('standard');
  const span = (id: number, start: bigint, rest: object) => ({
    trace_id: Buffer.alloc(16, 1),
    span_id: Buffer.alloc(8, id),
    start_time_unix_nano: start,
    ...rest,
  });
  await database.post({
    resource_spans: [
      {
        resource: { attributes: [text('service.name', 'cart'), text('host', 'a')] },
        scope_spans: [
          {
            scope: { name: 'lib', version: '2', attributes: [text('flavor', 'x')] },
            spans: [
              span(1, START_NS, {
                name: 'GET',
                attributes: [
                  { key: 'n', value: { int_value: 5n } },
                  { key: 'list', value: { array_value: { values: [{ string_value: 'b' }, { string_value: 'a' }] } } },
                ],
                events: [{ name: 'thrown', attributes: [text('exception.type', 'E')] }],
                links: [{ attributes: [text('why', 'retry')] }],
              }),
              span(2, START_NS + 1n, {
                name: 'POST',
                parent_span_id: Buffer.alloc(8, 1),
                attributes: [
                  { key: 'n', value: { double_value: 0.5 } },
                  { key: 'b', value: { bool_value: true } },
                  text('n"', 'quoted'),
                ],
              }),
            ],
          },
        ],
      },
      {
        resource: { attributes: [text('service.name', 'old')] },
        scope_spans: [{ spans: [span(3, START_NS - 7_200_000_000_000n, { name: 'OLD' })] }],
      },
    ],
  });
});
afterAll(() => database.close());

const asked = (rest: Partial<TagQuestion> = {}): TagQuestion => ({
  range: undefined,
  condition: { kind: 'every' },
  limit: 100,
  ...rest,
});
const attribute = (
  scope: 'any' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation',
  name: string,
): Attribute => ({
  kind: 'attribute',
  scope,
  name,
  ofParent: false,
});
const valuesOf = async (of: Attribute, question = asked()) =>
  (await tagValues(database.scanner, of, question, forever)).map(({ type, value }) => `${type} ${value}`);

test('each scope has its names', async () => {
  const names = await Promise.all(tagScopes.map((scope) => tagNames(database.scanner, scope, asked(), forever)));
  expect(Object.fromEntries(tagScopes.map((scope, i) => [scope, names[i]]))).toEqual({
    resource: ['host', 'service.name'],
    span: ['b', 'list', 'n', 'n"'],
    event: ['exception.type'],
    link: ['why'],
    instrumentation: ['flavor'],
  });
  expect(await tagNames(database.scanner, 'span', asked({ limit: 2 }), forever)).toEqual(['b', 'list']);
});

for (const [of, values] of [
  [attribute('any', 'n'), ['float 0.5', 'int 5']],
  [attribute('span', 'n"'), ['string quoted']],
  [attribute('span', 'list'), ['string a', 'string b']],
  [attribute('span', 'b'), ['bool true']],
  [attribute('resource', 'service.name'), ['string cart']],
  [attribute('any', 'host'), ['string a']],
  [attribute('span', 'host'), []],
  [attribute('event', 'exception.type'), ['string E']],
  [attribute('link', 'why'), ['string retry']],
  [attribute('instrumentation', 'flavor'), ['string x']],
  [{ kind: 'intrinsic', name: 'name' }, ['string GET', 'string POST']],
  [{ kind: 'intrinsic', name: 'rootName' }, ['string GET']],
  [{ kind: 'intrinsic', name: 'rootServiceName' }, ['string cart']],
  [{ kind: 'intrinsic', name: 'event:name' }, ['string thrown']],
  [{ kind: 'intrinsic', name: 'instrumentation:version' }, ['string 2']],
  [{ kind: 'intrinsic', name: 'status' }, ['keyword error', 'keyword ok', 'keyword unset']],
  [{ kind: 'intrinsic', name: 'span:id' }, []],
] as const satisfies readonly (readonly [Attribute, readonly string[]])[]) {
  test(`values of ${JSON.stringify(of)}`, async () => expect(await valuesOf(of)).toEqual(values));
}

test('spans are chosen by a condition and by time', async () => {
  const condition: SpanCondition = {
    kind: 'compare',
    attribute: { kind: 'intrinsic', name: 'name' },
    operator: '=',
    value: 'GET',
  };
  expect(await valuesOf(attribute('span', 'n'), asked({ condition }))).toEqual(['int 5']);
  const range = { startUnixNs: START_NS - 10_000_000_000_000n, endUnixNs: START_NS };
  expect(await valuesOf(attribute('resource', 'service.name'), asked({ range }))).toEqual(['string old']);
});
