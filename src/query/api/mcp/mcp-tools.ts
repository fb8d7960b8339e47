// The tools that agents have: their arguments, and what answers them.

import type { GivenArguments, ToolArguments } from './tool-arguments.js';

/** Rows of a question about telemetry, by the name of the SQL function that answers it too. */
export interface AskedQuestion {
  readonly question: string;
  /** What the function is given. Times are microseconds since 1970. */
  readonly given: Readonly<Record<string, string | null>>;
  /** Rows to leave out of the front. */
  readonly skip?: number;
  /** Only rows of this service. */
  readonly service?: string | undefined;
}

/** A request to an API beside this one. */
export interface AskedApi {
  readonly api: 'prometheus' | 'loki' | 'tempo';
  readonly path: string;
  readonly parameters: Readonly<Record<string, string | number | undefined>>;
}

interface AskedStatement {
  readonly sql: string;
}

export type Asked = AskedQuestion | AskedApi | AskedStatement;

export interface McpTool {
  readonly name: string;
  readonly doc: string;
  readonly arguments: ToolArguments;
  readonly asked: (given: GivenArguments) => Asked;
}

const MAX_DEPTH = 20;
const MAX_LOGS = 200;
const MAX_PAGE = 50;
const MAX_TRACES = 200;
/** Points of a graph, when nobody says how many. */
const DEFAULT_POINTS = 60;

const since = (ago: string) => ({ type: 'time', default: ago, doc: 'Where to begin.' }) as const;
const until = { type: 'time', doc: 'Where to stop; now if not given.' } as const;
const service = { type: 'text', doc: 'Name of a service; all if not given.' } as const;

const micros = (ms: number | undefined) => (ms === undefined ? null : String(Math.round(ms * 1000)));
const windowOf = (given: GivenArguments, start = 'since', end = 'until') => ({
  since: micros(given.timeMs(start)),
  until: micros(given.timeMs(end)),
});
const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
const nanoseconds = (ms: number | undefined) => (ms === undefined ? undefined : `${Math.round(ms)}000000`);

export const mcpTools: readonly McpTool[] = [
  {
    name: 'get_services',
    doc: 'Services that sent spans: requests, errors and latency. A good first question.',
    arguments: { since: since('1h') },
    asked: (given) => ({ question: 'otlp_services', given: { since: micros(given.timeMs('since')) } }),
  },
  {
    name: 'get_anomaly_timeline',
    doc: "What is out of the ordinary, measured against the same service's 24 hours before: shares of errors, latency, gauges.",
    arguments: { since: since('1h'), until, service },
    asked: (given) => ({
      question: 'otlp_anomalies',
      given: windowOf(given),
      service: given.text('service'),
    }),
  },
  {
    name: 'get_service_map',
    doc: 'Which service calls which, how often, with how many errors and how fast; databases and other peers too.',
    arguments: {
      since: since('1h'),
      until,
      service: { type: 'text', doc: 'Only calls around this service.' },
      depth: {
        type: 'number',
        default: 3,
        min: 1,
        max: MAX_DEPTH,
        doc: 'With a service: how many calls away others may be.',
      },
    },
    asked: (given) => ({
      question: 'otlp_service_map',
      given: { ...windowOf(given), service: given.text('service') ?? null, depth: String(given.number('depth')) },
    }),
  },
  {
    name: 'get_service_health',
    doc: 'One service: requests, errors, latency, a health from 0 to 1 compared with the day before, who calls it and whom it calls.',
    arguments: {
      service_name: { type: 'text', isRequired: true, doc: 'Name of the service.' },
      since: since('1h'),
      until,
    },
    asked: (given) => ({
      question: 'otlp_service_health',
      given: { ...windowOf(given), service: given.text('service_name') ?? null },
    }),
  },
  {
    name: 'root_cause_analysis',
    doc: 'Which operation makes traces fail or slow, ranked, with evidence. No rows: nothing is out of the ordinary.',
    arguments: {
      service: { type: 'text', doc: 'Only traces that reach this service.' },
      time_range: { type: 'time', default: '15m', doc: 'Where to begin.' },
      until,
    },
    asked: (given) => ({
      question: 'otlp_root_cause',
      given: { ...windowOf(given, 'time_range'), service: given.text('service') ?? null },
    }),
  },
  {
    name: 'impact_analysis',
    doc: 'Which services would notice if one failed: the share of their traces that reach it.',
    arguments: {
      service: { type: 'text', isRequired: true, doc: 'Name of the service that would fail.' },
      depth: { type: 'number', default: 5, min: 1, max: MAX_DEPTH, doc: 'How many calls away others may be.' },
      since: since('1h'),
      until,
    },
    asked: (given) => ({
      question: 'otlp_impact',
      given: { ...windowOf(given), service: given.text('service') ?? null, depth: String(given.number('depth')) },
    }),
  },
  {
    name: 'trace_graph',
    doc: 'The spans of one trace as a tree, with durations and errors.',
    arguments: { trace_id: { type: 'text', isRequired: true, doc: 'Id of the trace, 32 hex digits.' } },
    asked: (given) => ({ question: 'otlp_trace', given: { trace_id: given.text('trace_id')! } }),
  },
  {
    name: 'search_logs',
    doc: 'Logs that have words, the best matches first; by service, severity and trace.',
    arguments: {
      query: {
        type: 'text',
        isRequired: true,
        doc: 'Words or their beginnings; "a phrase"; -word excludes; OR between alternatives.',
      },
      severity: {
        type: 'text',
        choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
        doc: 'Lowest severity.',
      },
      service,
      trace_id: { type: 'text', doc: 'Only logs of this trace.' },
      start: since('24h'),
      end: until,
      limit: { type: 'number', default: 50, min: 1, max: MAX_LOGS, doc: 'Logs of a page.' },
      page: { type: 'number', default: 1, min: 1, max: MAX_PAGE, doc: 'Which page, from 1 on.' },
    },
    asked: (given) => {
      const limit = given.number('limit');
      const skip = (given.number('page') - 1) * limit;
      return {
        question: 'otlp_search_logs',
        given: {
          ...windowOf(given, 'start', 'end'),
          query: given.text('query')!,
          service: given.text('service') ?? null,
          severity: given.text('severity') ?? null,
          trace_id: given.text('trace_id') ?? null,
          max_rows: String(skip + limit),
        },
        skip,
      };
    },
  },
  {
    name: 'query_promql',
    doc: 'A PromQL query over metrics, and over traces_spanmetrics_… which are counted from spans. With start: a range, else now.',
    arguments: {
      query: { type: 'text', isRequired: true, doc: 'The query.' },
      time: { type: 'time', doc: 'Time of the values; now if not given.' },
      start: { type: 'time', doc: 'Where a range begins.' },
      end: until,
      step: {
        type: 'number',
        default: 0,
        min: 0,
        max: 86_400,
        doc: 'Seconds between the points of a range; 0: sixty points.',
      },
    },
    asked: (given) => {
      const startMs = given.timeMs('start');
      const query = given.text('query');
      if (startMs === undefined) {
        return { api: 'prometheus', path: '/api/v1/query', parameters: { query, time: seconds(given.timeMs('time')) } };
      }
      const endMs = given.timeMs('end') ?? Date.now();
      const step = given.number('step') || Math.max(1, Math.ceil((endMs - startMs) / 1000 / DEFAULT_POINTS));
      return {
        api: 'prometheus',
        path: '/api/v1/query_range',
        parameters: { query, start: seconds(startMs), end: seconds(endMs), step },
      };
    },
  },
  {
    name: 'query_logql',
    doc: 'A LogQL query over logs, such as {service_name="checkout"} |= "failed"; newest first. Metric queries too.',
    arguments: {
      query: { type: 'text', isRequired: true, doc: 'The query.' },
      start: since('1h'),
      end: until,
      limit: { type: 'number', default: 50, min: 1, max: MAX_LOGS, doc: 'Most lines.' },
    },
    asked: (given) => ({
      api: 'loki',
      path: '/loki/api/v1/query_range',
      parameters: {
        query: given.text('query'),
        start: nanoseconds(given.timeMs('start')),
        end: nanoseconds(given.timeMs('end')),
        limit: given.number('limit'),
      },
    }),
  },
  {
    name: 'query_traceql',
    doc: 'Traces that a TraceQL query finds, such as { status = error && resource.service.name = "payment" }; newest first.',
    arguments: {
      query: { type: 'text', isRequired: true, doc: 'The query.' },
      start: since('1h'),
      end: until,
      limit: { type: 'number', default: 20, min: 1, max: MAX_TRACES, doc: 'Most traces.' },
    },
    asked: (given) => ({
      api: 'tempo',
      path: '/api/search',
      parameters: {
        q: given.text('query'),
        start: Math.floor(seconds(given.timeMs('start'))!),
        end: Math.ceil(seconds(given.timeMs('end') ?? Date.now())!),
        limit: given.number('limit'),
      },
    }),
  },
];

/** For those whose server offers it. */
export const sqlTool: McpTool = {
  name: 'query_sql',
  doc: 'One SELECT of DuckDB over otlp_logs, otlp_traces, otlp_metrics_gauge, otlp_metrics_sum, otlp_metrics_histogram, otlp_metrics_exp_histogram and otlp_metrics_summary.',
  arguments: { sql: { type: 'text', isRequired: true, doc: 'The statement.' } },
  asked: (given) => ({ sql: given.text('sql')! }),
};
