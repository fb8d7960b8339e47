// What clients of the query APIs are asked, and what they say when all is well.

export interface Asked {
  readonly url: string;
  readonly token: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface ClientCheck {
  readonly name: string;
  /** Arguments, or the line that is written to the program. */
  readonly input: readonly string[];
  /** What the program writes. */
  readonly expected: RegExp;
}

const REQUESTS = 'http_server_request_duration_seconds';

export function promtoolChecks({ url, token, startMs, endMs }: Asked): readonly ClientCheck[] {
  const withToken = url.replace('http://', `http://any:${token}@`);
  const times = [`--start=${startMs / 1000}`, `--end=${endMs / 1000}`];
  const rate = `sum by (job) (rate(${REQUESTS}_count[5m]))`;
  const checks: readonly (readonly [input: readonly string[], expected: RegExp])[] = [
    [['check', 'healthy', `--url=${url}`], /SUCCESS/],
    [['check', 'ready', `--url=${url}`], /SUCCESS/],
    [['query', 'instant', `--time=${endMs / 1000}`, withToken, rate], /\{job="checkout"\} => [\d.]+ @/],
    [['query', 'range', ...times, '--step=60s', withToken, rate], /\{job="cart"\} =>\n[\d.]+ @(?:.*\n){20}/],
    [['query', 'series', `--match=${REQUESTS}_count`, ...times, withToken], /job="cart".*\n.*job="checkout"/],
    [['query', 'labels', ...times, withToken, 'job'], /^cart\ncheckout\n$/],
    [
      [
        'query',
        'analyze',
        `--server=${withToken}`,
        '--type=histogram',
        `--match=${REQUESTS}_bucket`,
        `--time=${endMs / 1000}`,
        '--duration=10m',
      ],
      /Bucket stats(?:.|\n)*\(classic\)/,
    ],
    [['query', 'instant', withToken, 'sum('], /bad_data: .*1:5: parse error: unclosed left parenthesis/],
    [['query', 'instant', url, '1'], /401.*missing or invalid token/],
  ];
  return checks.map(([input, expected]) => ({
    name: `promtool ${input.slice(0, 2).join(' ')}: ${input.at(-1)}`,
    input,
    expected,
  }));
}

export function grafanaChecks({ url, token, startMs, endMs }: Asked): readonly ClientCheck[] {
  const command = (source: string, given: Readonly<Record<string, unknown>>) =>
    JSON.stringify({ source, url, token, jsonData: { timeInterval: '1m' }, from: startMs, to: endMs, ...given });
  const grid = { intervalMs: 60_000, maxDataPoints: 500 };
  const promql = (refId: string, expr: string, given: object = {}) => ({
    refId,
    expr,
    range: true,
    format: 'time_series',
    ...grid,
    ...given,
  });
  const logql = (refId: string, expr: string, given: object = {}) => ({
    refId,
    expr,
    queryType: 'range',
    ...grid,
    ...given,
  });
  const query = (source: string, ...queries: readonly object[]) => command(source, { do: 'query', queries });
  const resource = (source: string, path: string, method = 'GET', body = '') =>
    command(source, { do: 'resource', path, method, body });
  const range = `start=${startMs / 1000}&end=${endMs / 1000}`;
  const nanoseconds = `start=${startMs}000000&end=${endMs}000000`;
  const suggestions = { start: String(startMs / 1000), end: String(endMs / 1000), queries: [`${REQUESTS}_count`] };
  const rows = (name: string) => new RegExp(`"name":"${name}",(?:"labels":\\{[^}]*\\},)?"type":"[^"]*","rows":[1-9]`);
  const checks: readonly (readonly [name: string, line: string, expected: RegExp])[] = [
    ['prometheus: Save & test', command('prometheus', { do: 'health' }), /"status":"OK"/],
    [
      'prometheus: Save & test with GET',
      command('prometheus', { do: 'health', jsonData: { httpMethod: 'GET' } }),
      /"status":"OK"/,
    ],
    [
      'prometheus: Save & test with another token',
      command('prometheus', { do: 'health', token: 'another-token-1234' }),
      /401 Unauthorized/,
    ],
    [
      'prometheus: range',
      query('prometheus', promql('A', `sum by (job) (rate(${REQUESTS}_count[$__rate_interval]))`)),
      /"labels":\{"job":"cart"\},"type":"float64","rows":[1-9]/,
    ],
    [
      'prometheus: instant, as a table',
      query('prometheus', promql('A', `topk(3, ${REQUESTS}_count)`, { range: false, instant: true, format: 'table' })),
      rows(`${REQUESTS}_count`),
    ],
    [
      'prometheus: heatmap',
      query('prometheus', promql('A', `sum by (le) (rate(${REQUESTS}_bucket[5m]))`, { format: 'heatmap' })),
      /"le":"0\.25"|"name":"0\.25"/,
    ],
    ['prometheus: an error', query('prometheus', promql('A', 'sum(')), /"error":".*unclosed left parenthesis/],
    [
      'prometheus: a warning',
      query('prometheus', promql('A', `histogram_quantile(2, ${REQUESTS}_bucket)`)),
      /"notices":\[\{"severity"/,
    ],
    [
      'prometheus: metric names',
      resource('prometheus', 'api/v1/label/__name__/values'),
      new RegExp(`${REQUESTS}_bucket`),
    ],
    ['prometheus: labels', resource('prometheus', `api/v1/labels?${range}&limit=40000`), /http_route/],
    [
      'prometheus: series',
      resource('prometheus', `api/v1/series?match[]=${encodeURIComponent('{__name__!=""}')}&limit=1`),
      /"status":200/,
    ],
    ['prometheus: metadata', resource('prometheus', 'api/v1/metadata?limit=5000'), /histogram/],
    [
      'prometheus: exemplars, as at the start',
      resource('prometheus', `api/v1/query_exemplars?query=test&start=${startMs}&end=${endMs}`),
      /\\"status\\":\\"success\\"/,
    ],
    ['prometheus: rules', resource('prometheus', 'api/v1/rules'), /\\"groups\\":\[\]/],
    ['prometheus: filters', resource('prometheus', 'suggestions', 'POST', JSON.stringify(suggestions)), /http_route/],
    [
      'prometheus: values of a filter',
      resource('prometheus', 'suggestions', 'POST', JSON.stringify({ ...suggestions, labelName: 'job' })),
      /checkout/,
    ],
    ['loki: Save & test', command('loki', { do: 'health' }), /"status":"OK"/],
    [
      'loki: lines',
      query('loki', logql('A', '{service_name="checkout"} |= "failed"', { maxLines: 100 })),
      rows('Line'),
    ],
    [
      'loki: volume',
      query('loki', logql('A', 'sum by (detected_level) (count_over_time({service_name=~".+"}[$__auto]))')),
      /"detected_level":"error"/,
    ],
    [
      'loki: instant',
      query(
        'loki',
        logql('A', 'sum by (service_name) (count_over_time({service_name=~".+"}[30m]))', { queryType: 'instant' }),
      ),
      /"service_name":"cart"/,
    ],
    ['loki: an error', query('loki', logql('A', '{service_name=')), /"error":".*parse error/],
    ['loki: labels', resource('loki', `labels?${nanoseconds}`), /service_name/],
    ['loki: label values', resource('loki', `label/service_name/values?${nanoseconds}`), /checkout/],
    [
      'loki: statistics',
      resource('loki', `index/stats?query=${encodeURIComponent('{service_name=~".+"}')}&${nanoseconds}`),
      /\\"entries\\":[1-9]/,
    ],
    [
      'loki: detected fields',
      resource('loki', `detected_fields?query=${encodeURIComponent('{service_name=~".+"}')}&${nanoseconds}`),
      /"status":200/,
    ],
    ['tempo: Save & test', command('tempo', { do: 'health' }), /"status":"OK"/],
    [
      'tempo: search',
      query('tempo', {
        refId: 'A',
        queryType: 'traceql',
        query: '{ duration > 200ms }',
        limit: 20,
        tableType: 'traces',
        ...grid,
      }),
      rows('traceID'),
    ],
    [
      'tempo: a trace',
      query('tempo', { refId: 'A', queryType: 'traceId', query: '1'.padStart(32, '0'), ...grid }),
      /"rows":1/,
    ],
    [
      'tempo: metrics',
      query('tempo', {
        refId: 'A',
        queryType: 'traceql',
        query: '{ kind = server } | rate() by (resource.service.name)',
        metricsQueryType: 'range',
        ...grid,
      }),
      /checkout/,
    ],
    ['tempo: tags', resource('tempo', 'tags'), /service\.name/],
    ['tempo: values of a tag', resource('tempo', 'tag-values?tag=resource.service.name'), /checkout/],
  ];
  return checks.map(([name, line, expected]) => ({ name: `Grafana's ${name}`, input: [line], expected }));
}
