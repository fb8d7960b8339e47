// Parts of a trace that is asked for by its id: what a filter selects, and what there is room for.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonOf } from '../../support/http-client.js';
import { MAX_TRACE_BYTES, TempoServer } from './tempo-server.js';
import { span, spans, text } from './trace-requests.js';

let server: TempoServer;

beforeAll(async () => {
  server = await TempoServer.start();
});
afterAll(() => server.close());

// `q` was refused.
describe('the spans of a trace that q selects', () => {
  beforeAll(async () => {
    // a ─ b ─ c ─ d, and e below c; f, which lacks an id, stands for itself.
    const named = (id: number, name: string, parent?: number) =>
      span(id, id, { name, ...(parent && { parent_span_id: Buffer.alloc(8, parent) }) });
    const list = [named(1, 'a'), named(2, 'b', 1), named(3, 'c', 2), named(4, 'd', 3), named(5, 'e', 3)];
    await server.post(spans(12, 'tree', [...list, span(6, 6, { name: 'f', span_id: Buffer.alloc(0) })]));
  });

  for (const [parameters, names] of [
    ['q={ name = "c" }', 'c'],
    ['q={ name = "c" }&ancestor_depth=x', 'c'],
    ['q={ name = "c" }&keep_hierarchy=true', 'abc'],
    ['q={ name = "c" }&keep_hierarchy=1&ancestor_depth=1', 'bc'],
    ['q={ name = "c" }&keep_hierarchy=true&ancestor_depth=0', 'c'],
    ['q={ name = "b" }&match_depth=1', 'bc'],
    ['q={ name = "b" }&match_depth=-1', 'bcde'],
    ['q={ name = "c" }&match_depth=-1&keep_hierarchy=T', 'abcde'],
    ['q={ name = "f" }&match_depth=-1&keep_hierarchy=true', 'f'],
    ['q={ span:childCount = 2 }', 'c'],
    ['q={ name = "nothing" }', ''],
    ['q={ resource.service.name = "tree" }', 'abcdef'],
    ['q= &keep_hierarchy=perhaps', 'abcdef'],
  ] as const) {
    test(parameters, async () => {
      const answer = jsonOf(await server.ask(`/api/v2/traces/c?${encodeURI(parameters)}`)) as {
        trace: { resourceSpans?: { scopeSpans: { spans: { name: string }[] }[] }[] };
        status?: string;
        message?: string;
      };
      const found = (answer.trace.resourceSpans ?? []).flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap((scope) => scope.spans),
      );
      expect(found.map(({ name }) => name).join('')).toBe(names);
      const isWhole = names === 'abcdef';
      expect([answer.status, answer.message]).toEqual(
        isWhole ? [undefined, undefined] : ['PARTIAL', 'only the spans that q selects are here'],
      );
    });
  }

  test('do not matter to the first version of the API', async () => {
    const answer = jsonOf(await server.ask(`/api/traces/c?q=${encodeURIComponent('{ name = "c" }')}`));
    expect(JSON.stringify(answer)).toContain('"name":"e"');
  });
});

// However large a trace was, it was held whole, outside of the memory that queries may take.
describe('a trace larger than max_trace_bytes', () => {
  beforeAll(async () => {
    const attributes = [text('long', 'x'.repeat(1000))];
    await server.post(
      spans(
        13,
        'large',
        Array.from({ length: 200 }, (_, i) => span(1 + i, i, { name: `span ${i}`, attributes })),
      ),
    );
  });

  test('is answered in part, with its first spans', async () => {
    const answer = jsonOf(await server.ask('/api/v2/traces/d')) as {
      trace: { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] };
    };
    expect(answer).toMatchObject({
      status: 'PARTIAL',
      message: `the trace is larger than max_trace_bytes, ${MAX_TRACE_BYTES} bytes: only its first spans are here`,
    });
    const names = answer.trace.resourceSpans[0]!.scopeSpans[0]!.spans.map(({ name }) => name);
    expect(names).toEqual(Array.from({ length: 8 }, (_, i) => `span ${i}`));
  });

  test('is refused by the first version of the API', async () => {
    const answer = await server.ask('/api/traces/d');
    expect([answer.status, answer.text]).toEqual([422, `trace exceeds max size (max bytes: ${MAX_TRACE_BYTES})`]);
  });

  test('is whole where q selects few of its spans', async () => {
    const answer = await server.ask(`/api/v2/traces/d?q=${encodeURIComponent('{ name = "span 150" }')}`);
    expect(jsonOf(answer)).toMatchObject({ message: 'only the spans that q selects are here' });
    expect(answer.text).toContain('span 150');
  });
});
