// How a host shows people what the functions and tables have. Only names of columns stand here: results are recognised by them.

import type { DisplayHints } from '../plugin.js';

export const otlpDisplay: DisplayHints = {
  // When, who, how bad, what: enough to know a log, a span or a point of a metric among others.
  tellingColumns: [
    'time_unix_nano',
    'start_time_unix_nano',
    'service_name',
    'severity_text',
    'body',
    'name',
    'duration_time_unix_nano',
    'status_code',
    'double_value',
    'int_value',
    'count',
    'sum',
    'unit',
  ],
  // The columns of otlp_trace.
  waterfall: { depth: 'depth', name: 'name', start: 'start_ms', duration: 'duration_ms' },
};
