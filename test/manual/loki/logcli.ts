// Commands of logcli whose output must be the same with both servers.

import type { Times } from './questions.js';

export function logcliCommands({ startMs, endMs }: Times): readonly (readonly string[])[] {
  const [from, to] = [startMs, endMs].map((ms) => new Date(ms).toISOString());
  const range = [`--from=${from}`, `--to=${to}`];
  const quiet = ['--quiet', '--output=jsonl'];
  return [
    ['query', ...quiet, ...range, '--limit=50', '{job="varlogs"} |= "GET"'],
    ['query', ...quiet, ...range, '--limit=50', '--forward', '{service_name="worker"} | logfmt | level="error"'],
    ['query', ...quiet, ...range, '--limit=2000', '--batch=100', '{service_name="nginx"}'],
    ['query', '--quiet', ...range, '--step=1m', 'sum by (service_name) (rate({service_name=~".+"}[1m]))'],
    ['instant-query', '--quiet', `--now=${to}`, 'sum by (detected_level) (count_over_time({service_name=~".+"}[20m]))'],
    ['labels', '--quiet', ...range],
    ['labels', '--quiet', ...range, 'service_name'],
    ['series', '--quiet', ...range, '{service_name=~".+"}'],
    ['detected-fields', '--quiet', ...range, '{service_name="worker"}'],
  ];
}
