// Tempo's API over the spans of a server, waiting and committed ones, by HTTP and by gRPC.

import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../oracle/decode.js';
import { jsonOf } from '../../support/http-client.js';
import { TempoServer } from './tempo-server.js';
import { START_NS, START_S, span, spans, text } from './trace-requests.js';

const range = `start=${START_S - 60}&end=${START_S + 600}`;
const TRACE = `${'00'.repeat(15)}0a`;
const encoded = encodeURIComponent;

let server: TempoServer;
let messages: protobuf.Root;

beforeAll(async () => {
  server = await TempoServer.start();
  await server.post(
    spans(10, 'cart', [
      span(1, 1, {
        name: 'GET /',
        kind: 2,
        attributes: [text('http.route', '/'), { key: 'n', value: { int_value: 5n } }],
      }),
      span(2, 2, {
        name: 'query',
        parent_span_id: Buffer.alloc(8, 1),
        status: { code: 2 },
        attributes: [text('db', 'pg')],
      }),
    ]),
  );
  await server.db.connection.run(`CALL otlp_flush((FROM otlp_server_list() SELECT listen_uri))`).catch(() => undefined);
  await server.post(
    spans(11, 'pay', [span(3, 100, { name: 'charge', attributes: [{ key: 'n', value: { double_value: 0.5 } }] })]),
  );
  messages = new protobuf.Root();
  messages.resolvePath = (_origin, target) =>
    target.includes('/proto/') && target.startsWith('/') ? target : `${process.cwd()}/proto/${target}`;
  messages.loadSync('tempopb/tempo.proto');
});
afterAll(() => server.close());

/** What a client that asks for protobuf gets. */
async function asked(path: string): Promise<{ body: Buffer; type: string | null }> {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { accept: 'application/protobuf' } });
  expect(answer.status).toBe(200);
  return { body: Buffer.from(await answer.arrayBuffer()), type: answer.headers.get('content-type') };
}

describe('a trace by its id', () => {
  test('is what was sent, in protobuf', async () => {
    const answer = await asked(`/api/v2/traces/${TRACE}`);
    expect(answer.type).toBe('application/protobuf');
    // Field 1 of the answer is the trace, whose field 1 is what field 1 of an export request is.
    const [, trace] = lengthDelimited(answer.body);
    const rows = decode('traces', 'application/x-protobuf', trace)['otlp_traces']!;
    expect(
      rows.map((row) => [row['name'], row['trace_id'], row['duration_time_unix_nano'], row['service_name']]),
    ).toEqual([
      ['GET /', TRACE, '250000001', 'cart'],
      ['query', TRACE, '250000001', 'cart'],
    ]);
  });

  test('may lack its leading zeros, and have upper-case digits', async () => {
    for (const id of ['a', '0A']) {
      const { batches } = jsonOf(await server.ask(`/api/traces/${id}`)) as {
        batches: { scopeSpans: { spans: { name: string }[] }[] }[];
      };
      expect(batches[0]!.scopeSpans[0]!.spans.map(({ name }) => name)).toEqual(['GET /', 'query']);
    }
    expect(Object.keys(jsonOf(await server.ask('/api/v2/traces/a')))).toEqual(['trace', 'metrics']);
  });

  test('that does not exist is an empty trace, or nothing in the first version', async () => {
    const { body } = await asked('/api/v2/traces/ff');
    // Clients read the list of an absent trace, and fail.
    expect(body.subarray(0, 2)).toEqual(Buffer.from([0x0a, 0x00]));
    expect(jsonOf(await server.ask('/api/v2/traces/ff'))['trace']).toEqual({});
    expect((await server.ask('/api/traces/ff')).status).toBe(404);
  });

  test('is looked for in the range that is given', async () => {
    expect((await server.ask(`/api/traces/a?start=${START_S + 50}&end=${START_S + 60}`)).status).toBe(404);
    expect((await server.ask(`/api/traces/a?${range}`)).status).toBe(200);
  });
});

describe('a search', () => {
  test('has the traces, the newest first, with their spans', async () => {
    const answer = jsonOf(await server.ask(`/api/search?q=${encoded('{ span.n > 0 }')}&${range}`)) as {
      traces: object[];
      metrics: object;
    };
    expect(answer.traces).toMatchObject([
      { traceID: 'b', rootServiceName: 'pay', rootTraceName: 'charge' },
      {
        traceID: 'a',
        rootServiceName: 'cart',
        rootTraceName: 'GET /',
        startTimeUnixNano: `${START_S + 1}000000000`,
        durationMs: 1250,
        spanSet: { matched: 1 },
        spanSets: [
          {
            matched: 1,
            spans: [
              {
                spanID: '0101010101010101',
                startTimeUnixNano: `${START_S + 1}000000000`,
                durationNanos: '250000001',
                attributes: [{ key: 'n', value: { intValue: '5' } }],
              },
            ],
          },
        ],
        serviceStats: { cart: { spanCount: 2, errorCount: 1 } },
      },
    ]);
  });

  for (const [asked, ids] of [
    ['', ['b', 'a']],
    [`q=${encoded('{}')}&limit=1`, ['b']],
    [`q=${encoded('{ name = "GET /" } >> { status = error }')}`, ['a']],
    [`tags=${encoded('service.name=cart http.route="/"')}`, ['a']],
    ['tags=error%3Dtrue', ['a']],
    ['minDuration=1s', ['a']],
    ['maxDuration=300ms', ['b']],
    [`q=${encoded('{}')}&${range}`, ['b', 'a']],
    [`q=${encoded('{}')}&start=${START_S}&end=${START_S + 60}`, ['a']],
    [`q=${encoded('{ span.none = 1 }')}`, []],
  ] as const) {
    test(`${asked || 'for nothing'} finds ${ids.join() || 'nothing'}`, async () => {
      const { traces = [] } = jsonOf(await server.ask(`/api/search?${asked}`)) as { traces?: { traceID: string }[] };
      expect(traces.map(({ traceID }) => traceID)).toEqual(ids);
    });
  }
});

describe('what is asked wrongly is refused', () => {
  for (const [path, status, said] of [
    ['/api/search?q=%7B', 400, 'invalid TraceQL query: parse error at line 1, col 2: syntax error: unexpected $end'],
    ['/api/search?q=%7B%7D&tags=a%3Db', 400, "invalid request: can't specify tags and q in the same query"],
    ['/api/search?limit=0', 400, 'invalid limit: must be a positive number'],
    ['/api/search?start=5&end=4', 400, 'http parameter start must be before end. received start=5 end=4'],
    ['/api/search?minDuration=2', 400, 'invalid minDuration: time: invalid duration "2"'],
    ['/api/search?tags=a%3D1%20a%3D2', 400, 'invalid tags: tag a has been set twice'],
    ['/api/traces/xyz', 400, "trace IDs can only contain hex characters: invalid character 'x' at position 1"],
    [`/api/v2/traces/${'1'.repeat(33)}`, 400, "trace IDs can't be larger than 128 bits"],
    ['/api/v2/search/tags?scope=nothing', 400, 'invalid scope: nothing'],
    ['/api/metrics/query_range?q=%7B%7D&step=x', 400, 'cannot parse "x" to a valid duration'],
    ['/api/metrics/query_range?q=%7B%7D', 400, 'a search has no series: it lacks a metrics function such as rate()'],
    ['/api/v2/traces/a?q=%7B%7D%7C%7C%7B%7D', 400, 'one filter { … } was expected, got {}||{}'],
    [
      '/api/v2/traces/a?q=%7B',
      400,
      'invalid TraceQL query: parse error at line 1, col 2: syntax error: unexpected $end',
    ],
    [
      '/api/v2/traces/a?q=%7B%7D&match_depth=-2',
      400,
      'invalid value for match_depth: must be a whole number >= -1, got "-2"',
    ],
    [
      '/api/v2/traces/a?q=%7B%7D&keep_hierarchy=ja',
      400,
      'invalid value for keep_hierarchy: strconv.ParseBool: parsing "ja": invalid syntax',
    ],
    // Was ignored, so that numbers were taken for others.
    [
      `/api/metrics/query_range?q=${encodeURIComponent('{} | rate() with(extrapolate=true)')}`,
      400,
      'the hint extrapolate is not supported: spans count once, however they were sampled',
    ],
    ['/api/search?q=%7B%7D%20%7C%20rate()', 400, 'a metrics query has series, and no spans to find'],
  ] as const) {
    test(path, async () => {
      const answer = await server.ask(path);
      expect([answer.status, answer.text]).toEqual([status, said]);
      expect(answer.headers['content-type']).toContain('text/plain');
    });
  }
});

describe('tags', () => {
  test('are listed by scope', async () => {
    const { scopes } = jsonOf(await server.ask('/api/v2/search/tags')) as {
      scopes: { name: string; tags: string[] }[];
    };
    expect(scopes.map(({ name, tags }) => [name, name === 'intrinsic' ? tags.slice(0, 2) : tags])).toEqual([
      ['resource', ['service.name']],
      ['span', ['db', 'http.route', 'n']],
      ['intrinsic', ['duration', 'event:name']],
    ]);
  });

  for (const [path, answer] of [
    ['/api/search/tags', { tagNames: ['db', 'http.route', 'n', 'service.name'] }],
    ['/api/v2/search/tags?scope=resource&limit=5000', { scopes: [{ name: 'resource', tags: ['service.name'] }] }],
    [
      `/api/v2/search/tags?scope=span&q=${encoded('{ resource.service.name = "pay" }')}`,
      { scopes: [{ name: 'span', tags: ['n'] }] },
    ],
    ['/api/search/tag/service.name/values', { tagValues: ['cart', 'pay'] }],
    [
      '/api/v2/search/tag/.n/values',
      {
        tagValues: [
          { type: 'float', value: '0.5' },
          { type: 'int', value: '5' },
        ],
      },
    ],
    [
      `/api/v2/search/tag/resource.service.name/values?q=${encoded('{ span.db = "pg" && span.x = }')}`,
      { tagValues: [{ type: 'string', value: 'cart' }] },
    ],
    [
      '/api/v2/search/tag/name/values',
      { tagValues: ['GET /', 'charge', 'query'].map((value) => ({ type: 'string', value })) },
    ],
    [
      '/api/v2/search/tag/rootName/values',
      { tagValues: ['GET /', 'charge'].map((value) => ({ type: 'string', value })) },
    ],
    [
      '/api/v2/search/tag/status/values',
      { tagValues: ['error', 'ok', 'unset'].map((value) => ({ type: 'keyword', value })) },
    ],
    [`/api/v2/search/tag/span.http.route/values?${range}`, { tagValues: [{ type: 'string', value: '/' }] }],
  ] as const) {
    test(path, async () => {
      const { metrics, ...rest } = jsonOf(await server.ask(path));
      expect(rest).toEqual(answer);
      expect(metrics).toEqual({ completedJobs: 1, totalJobs: 1 });
    });
  }
});

describe('metrics', () => {
  test('of a range have a sample for each step with spans', async () => {
    const asked = `q=${encoded('{} | count_over_time() by (resource.service.name)')}&start=${START_S}&end=${START_S + 120}&step=60`;
    const { series } = jsonOf(await server.ask(`/api/metrics/query_range?${asked}`)) as {
      series: { labels: object[]; samples: { timestampMs: string; value?: number }[] }[];
    };
    expect(
      series.map(({ labels, samples }) => [
        labels[0],
        samples.filter(({ value }) => value !== undefined && value > 0).map(({ value }) => value),
      ]),
    ).toEqual([
      [{ key: 'resource.service.name', value: { stringValue: 'cart' } }, [2]],
      [{ key: 'resource.service.name', value: { stringValue: 'pay' } }, [1]],
    ]);
  });

  test('of a moment have one value', async () => {
    const asked = `query=${encoded('{ status = error } | count_over_time()')}&start=${START_S}&end=${START_S + 120}`;
    expect(jsonOf(await server.ask(`/api/metrics/query?${asked}`))).toMatchObject({ series: [{ value: 1 }] });
  });
});

test('Grafana is told that somebody is there, and which version', async () => {
  expect((await server.ask('/api/echo')).text).toBe('echo');
  expect((await server.ask('/ready')).status).toBe(200);
  expect(jsonOf(await server.ask('/api/status/buildinfo'))['version']).toMatch(/^\d+\.\d+\.\d+$/);
});

describe('over gRPC', () => {
  const encode = (name: string, message: object) => {
    const type = messages.lookupType(`tempopb.${name}`);
    return type.encode(type.fromObject(message)).finish();
  };
  const decodeAll = (name: string, parts: readonly Buffer[]) =>
    parts.map((part) =>
      messages
        .lookupType(`tempopb.${name}`)
        .toObject(messages.lookupType(`tempopb.${name}`).decode(part), { longs: String }),
    );

  for (const [method, asked, request, answer, expected] of [
    ['Search', 'SearchRequest', { Limit: 1 }, 'SearchResponse', { traces: [{ traceID: 'b' }] }],
    [
      'Search',
      'SearchRequest',
      { Query: '{ name = "query" }', start: START_S, end: START_S + 60, SpansPerSpanSet: 1 },
      'SearchResponse',
      { traces: [{ traceID: 'a', rootTraceName: 'GET /' }] },
    ],
    ['SearchTags', 'SearchTagsRequest', { scope: 'resource' }, 'SearchTagsResponse', { tagNames: ['service.name'] }],
    ['SearchTagsV2', 'SearchTagsRequest', { scope: 'span' }, 'SearchTagsV2Response', { scopes: [{ name: 'span' }] }],
    [
      'SearchTagValues',
      'SearchTagValuesRequest',
      { tagName: 'service.name' },
      'SearchTagValuesResponse',
      { tagValues: ['cart', 'pay'] },
    ],
    [
      'SearchTagValuesV2',
      'SearchTagValuesRequest',
      { tagName: 'resource.service.name', query: '{ name = "charge" }' },
      'SearchTagValuesV2Response',
      { tagValues: [{ type: 'string', value: 'pay' }] },
    ],
    [
      'MetricsQueryRange',
      'QueryRangeRequest',
      { query: '{} | rate()', start: String(START_NS), end: String(START_NS + 60_000_000_000n), step: '60000000000' },
      'QueryRangeResponse',
      { series: [{}] },
    ],
    [
      'MetricsQueryInstant',
      'QueryInstantRequest',
      { query: '{} | count_over_time()', start: String(START_NS), end: String(START_NS + 60_000_000_000n) },
      'QueryInstantResponse',
      { series: [{ value: 2 }] },
    ],
  ] as const) {
    test(`${method} ${JSON.stringify(request)}`, async () => {
      const { status, messages: parts } = await server.call(method, encode(asked, request));
      expect(status).toBe('0');
      expect(decodeAll(answer, parts)[0]).toMatchObject(expected);
    });
  }

  test('a query that is none is an invalid argument', async () => {
    const { status } = await server.call('Search', encode('SearchRequest', { Query: '{' }));
    expect(status).toBe('3');
  });
});

test('an engine that cannot be imported is told of, by HTTP and by gRPC', async () => {
  const broken = await TempoServer.start({ tempo: new URL('data:text/javascript,throw new Error("no engine")') });
  try {
    const { status, text: body } = await broken.ask('/api/search?q={}');
    expect({ status, body }).toMatchObject({ status: 500, body: expect.stringContaining('no engine') });
    // INTERNAL. Both once hung where errors were thrown on by the test's own server.
    expect((await broken.call('Search', new Uint8Array())).status).toBe('13');
  } finally {
    await broken.close();
  }
});

/** The first field of a message, which has a length. */
function lengthDelimited(bytes: Buffer): readonly [tag: number, content: Buffer] {
  const reader = protobuf.Reader.create(bytes);
  return [reader.uint32(), Buffer.from(reader.bytes())];
}
