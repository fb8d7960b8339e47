// Queries of our own, and those of oteldb's suite, as requests of Loki's API.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Question {
  readonly source: 'own' | 'oteldb' | 'logcli';
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly isCategorized?: boolean;
}

export interface Times {
  readonly startMs: number;
  readonly endMs: number;
}

const selectors = [
  '{job="varlogs"}',
  '{service_name=~"worker|nginx"}',
  '{service_name="odd"}',
  '{k8s_container_name!=""}',
];

const lineQueries = [
  ...selectors,
  ...[
    '|= "GET"',
    '!= "GET"',
    '|~ "HEAD|POST"',
    '!~ "(?i)get"',
    '|= "GET" or "POST"',
    '|~ "^\\\\{"',
    '|~ "items/1\\\\d"',
    '|= ip("127.0.0.0/30")',
    '|> "<_>GET<_>"',
    '!> "<_>GET<_>"',
    '| json',
    '| json method, id="nested.user.id"',
    '| json | status >= 400',
    '| json | took > 1s and size <= 20KB',
    '| json | remote_ip = ip("127.0.0.2-127.0.0.5")',
    '| json | nested_ok="true" | line_format "{{.method}} {{.path}}"',
    '| json | label_format m=method, s="{{.status}}!"',
    '| json | drop method, status="200"',
    '| json | keep method, job',
    '| json | method=~"G.*" or status=500',
    '| json status="status" | status != 200',
    '| detected_level="error"',
    '| detected_level=~"warn|info"',
    '| severity_text="INFO"',
    '| trace_id!=""',
    '| host_name="h1"',
    '| scope_name="demo" | scope_version="1"',
    '| severity_number > 9',
    '| pattern `<_>"method":"<m>"<_>` | m="HEAD"',
    '| regexp `"path":"(?P<p>[^"]+)"` | p=~".*items/1.*"',
    '| unpack',
    '| decolorize',
    '| line_format `{{ __timestamp__ | date "15:04" }} {{ .service_name | ToUpper | trunc 2 }}`',
    '| json | line_format `{{ if eq .method "GET" }}g{{ else }}{{ .status | int | add 1 }}{{ end }}`',
  ].map((stages) => `{job="varlogs"} ${stages}`),
  ...[
    '| logfmt',
    '| logfmt --strict',
    '| logfmt --keep-empty',
    '| logfmt | level="warn"',
    '| logfmt | dur > 100ms',
    '| logfmt | size > 50KiB',
    '| logfmt msg, u="user"',
    '| logfmt | user="u1" | __error__=""',
    '| logfmt | line_format "{{.msg}}"',
    '| http_request_method="GET"',
    '| retry_count="2"',
    '| retry_count > 1',
    '| detected_level="debug"',
    '| json',
    '| json | __error__!=""',
    '| logfmt | drop __error__',
    '| logfmt | empty=""',
  ].map((stages) => `{service_name="worker"} ${stages}`),
  ...[
    '| pattern `<ip> - - [<_>] "<method> <path> <_>" <status> <bytes> <_>`',
    '| pattern `<ip> - - [<_>] "<method> <path> <_>" <status> <bytes> <_>` | status >= 400 | line_format "{{.ip}} {{.status}}"',
    '|= ip("192.168.1.0/24")',
    '| regexp `(?P<ip>\\\\d+\\\\.\\\\d+\\\\.\\\\d+\\\\.\\\\d+)` | ip=ip("192.168.0.1-192.168.0.40")',
    '|~ "\\\\.css\\\\?x=\\\\d{2} "',
    '| logfmt',
  ].map((stages) => `{service_name="nginx"} ${stages}`),
  ...[
    '|= "größe"',
    '|~ "日本."',
    '| decolorize | line_format "{{.service_name}} {{ __line__ }}"',
    '|~ "boom.*Caused"',
    '|~ "(?s)boom.*Caused"',
    '|~ "^\\\\tat"',
    '|~ "(?m)^\\\\tat"',
    '| json',
    '| json | a_b_c > 100',
    '| json | esc!=""',
    '| json x="list[1].x" | x="2"',
    '| gr_e_in_cm="170"',
    '| key_2xx="yes"',
    '| _under="u"',
    '| map_in_ner="m"',
    '| detected_level="critical"',
    '| detected_level="unknown"',
    '| level="critical"',
    '|~ "x{10}"',
    '| service_version="1.2"',
    '|= ""',
    '!= ""',
  ].map((stages) => `{service_name="odd"} ${stages}`),
  '{service_name="nameless"} | severity_text="Notice"',
  '{service_name="nameless"} | detected_level="Notice"',
  '{service_name="nameless"} | telemetry_sdk="x"',
  '{service_name=~".+"} |= "1234567890"',
];

const sampleQueries = [
  ...['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'absent_over_time'].flatMap((operator) => [
    `${operator}({job="varlogs"}[1m])`,
    `sum by (service_name) (${operator}({service_name=~".+"}[2m]))`,
    `sum by (detected_level) (${operator}({service_name=~".+"} |= "1" [90s]))`,
    `sum(${operator}({service_name="worker"} | logfmt | level="error" [1m] offset 1m))`,
  ]),
  ...['sum', 'avg', 'min', 'max', 'stddev', 'stdvar', 'first', 'last', 'rate'].map((operator) =>
    operator === 'rate'
      ? 'sum(rate({job="varlogs"} | json | unwrap bytes [1m]))'
      : `${operator}_over_time({job="varlogs"} | json | unwrap bytes [1m])${operator === 'sum' ? '' : ' by (method)'}`,
  ),
  'rate_counter({job="varlogs"} | json | unwrap bytes [2m])',
  'quantile_over_time(0.9, {job="varlogs"} | json | unwrap duration(took) [2m]) by (method)',
  'quantile_over_time(0.5, {job="varlogs"} | json | unwrap bytes(size) [2m]) by (status)',
  'max_over_time({service_name="worker"} | logfmt | unwrap duration_seconds(dur) [1m]) by (user)',
  'sum by (retry_count) (count_over_time({service_name="worker"}[1m]))',
  'sum by (http_request_method) (count_over_time({service_name="worker"}[1m]))',
  'sum by (level, detected_level) (count_over_time({service_name=~".+"}[1m]))',
  'count by (service_name) (count_over_time({service_name=~".+"}[1m]))',
  'topk(2, sum by (service_name) (bytes_over_time({service_name=~".+"}[1m])))',
  'bottomk(1, sum by (service_name) (rate({service_name=~".+"}[1m])))',
  'avg(count_over_time({service_name=~".+"}[1m])) by (k8s_pod_name)',
  'sum(count_over_time({job="varlogs"}[1m])) / sum(count_over_time({service_name="worker"}[1m]))',
  'sum by (service_name) (rate({service_name=~".+"}[1m])) > 0.1',
  'sum by (service_name) (rate({service_name=~".+"}[1m])) > bool 0.1',
  'sum by (service_name) (count_over_time({service_name="web"}[1m])) or sum by (service_name) (count_over_time({service_name="odd"}[1m]))',
  'sum by (service_name) (count_over_time({service_name=~"web|odd"}[1m])) unless sum by (service_name) (count_over_time({service_name="odd"}[1m]))',
  'sum by (s) (label_replace(count_over_time({service_name=~"w.*"}[1m]), "s", "$1", "service_name", "(.).*"))',
  'sum without (job) (count_over_time({job="varlogs"} | json method [1m]))',
  'vector(1) + vector(1)',
  'sum by (x) (sum_over_time({job="varlogs"} | json | unwrap method [1m]))',
  'sum by (m) (count_over_time({job="varlogs"} | json m="method" | m != "" [1m]))',
  'count_over_time({service_name="odd"} |~ "(?i)error|boom" [1m])',
  'sum(count_over_time({service_name="nginx"} | pattern `<_> "<m> <_>" <s> <_>` | s >= 400 [1m])) by (m, s)',
  '1 + 2 * 3',
];

const wrongQueries = [
  '{',
  '{}',
  '{a="b"',
  '{job="varlogs"} | json | line_format "{{.x"',
  'rate({job="varlogs"})',
  'sum({job="varlogs"})',
  '{job="varlogs"} |~ "("',
  'foo(bar)',
  '{job=~".*"}',
  'rate({job="varlogs"} | unwrap x)',
  '{job="varlogs"} | status >',
  'quantile_over_time({job="varlogs"} | unwrap x [1m])',
];

export function ownQuestions({ startMs, endMs }: Times): readonly Question[] {
  const range = { start: `${startMs}000000`, end: `${endMs}000000` };
  // Where there are entries before and behind.
  const time = `${Math.round((startMs + endMs) / 2)}000000`;
  const own = (path: string, parameters: Readonly<Record<string, string>>, isCategorized = false): Question => ({
    source: 'own',
    path,
    parameters,
    isCategorized,
  });
  return [
    ...lineQueries.flatMap((query) => [
      own('query_range', { query, ...range, limit: '5000' }, true),
      own('query_range', { query, ...range, limit: '5000', direction: 'forward' }),
    ]),
    ...sampleQueries.flatMap((query) => [
      own('query_range', { query, ...range, step: '30s' }),
      own('query', { query, time }),
    ]),
    ...wrongQueries.flatMap((query) => [own('query_range', { query, ...range }), own('query', { query, time })]),
    own('query', { query: '{job="varlogs"}', time }),
    own('query_range', { query: '{job="varlogs"}', ...range, limit: '10' }),
    own('query_range', { query: '{job="varlogs"}', ...range, limit: '5001' }),
    own('query_range', { query: '{job="varlogs"}', ...range, limit: '100', interval: '20s', direction: 'forward' }),
    own('query_range', { query: 'rate({job="varlogs"}[1m])', ...range, step: '1ms' }),
    own('labels', range),
    own('labels', { ...range, query: '{service_name="worker"}' }),
    own('label/service_name/values', range),
    own('label/service_name/values', { ...range, query: '{k8s_pod_name=~".+"}' }),
    own('label/nothing/values', range),
    own('series', { ...range, 'match[]': '{service_name=~"w.*"}' }),
    own('series', range),
    own('series', { ...range, 'match[]': '{' }),
    own('detected_labels', range),
    own('format_query', { query: 'sum by(a)(rate({b="c"}|json[1m]))' }),
    own('format_query', { query: 'sum by(' }),
  ];
}

const variants: Readonly<Record<string, readonly string[]>> = {
  simpleRangeAggOp: ['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate'],
  unwrapRangeAggOp: [
    'sum_over_time',
    'avg_over_time',
    'max_over_time',
    'min_over_time',
    'first_over_time',
    'last_over_time',
    'stdvar_over_time',
    'stddev_over_time',
    'rate_counter',
  ],
  groupRangeAggOp: [
    'avg_over_time',
    'max_over_time',
    'min_over_time',
    'first_over_time',
    'last_over_time',
    'stdvar_over_time',
    'stddev_over_time',
  ],
  simpleVecAggOp: ['sum', 'avg', 'count', 'max', 'min', 'stddev', 'stdvar'],
  topBottomVecAggOp: ['topk', 'bottomk'],
  range: ['30s', '1m'],
  offset: ['1m'],
  quantile: ['0.1', '0.99'],
  topN: ['1', '3'],
  unwrapExpr: ['unwrap status', 'unwrap duration(took)', 'unwrap bytes(size)'],
  unwrapLabels: ['status, took, size, method'],
  binOp: ['+', '-', '*', '/'],
  compBinOp: ['>', '<='],
  logicBinOp: ['and', 'or', 'unless'],
};

/** The queries of oteldb's `logql-test-queries.yml`, with every variant of its templates. */
export function oteldbQuestions(file: string, { startMs, endMs }: Times): readonly Question[] {
  const { test_cases: cases } = parse(readFileSync(file, 'utf8')) as { test_cases: readonly { query: string }[] };
  const range = { start: `${startMs}000000`, end: `${endMs}000000`, step: '30s', limit: '5000' };
  return cases.flatMap(({ query }) =>
    expanded(String(query)).map((text) => ({
      source: 'oteldb' as const,
      path: 'query_range',
      parameters: { query: text, ...range },
    })),
  );
}

/** A text in braces that quotes another stands for that one in quotes. */
function expanded(query: string): readonly string[] {
  const unquoted = query.replaceAll(/\{\{ "((?:[^"\\]|\\.)*)" \| quote \}\}/g, (_whole, text: string) =>
    JSON.stringify(text),
  );
  const names = [...new Set([...unquoted.matchAll(/\{\{ \.(\w+) \}\}/g)].map(([, name]) => name!))].filter(
    (name) => name in variants,
  );
  return names.reduce<readonly string[]>(
    (texts, name) => variants[name]!.flatMap((value) => texts.map((text) => text.replaceAll(`{{ .${name} }}`, value))),
    [unquoted],
  );
}
