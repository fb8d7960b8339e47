// `otelduck load`: a plan → a report on standard output, with progress on a terminal meanwhile.

import { checkMetrics, checksText, readMetrics } from './check-metrics.js';
import type { LoadInvocation } from './load-command.js';
import { LoadGenerator, type Progress } from './load-generator.js';
import { reportText } from './load-report.js';

const PROGRESS_MS = 1000;
const CLEAR_LINE = '\r\x1b[2K';

export interface LoadStreams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Resolves with the exit code: 0 when the server has accepted something, and its metrics, if they are checked, say that all went well. */
export async function runLoad(
  { plan, isJson, metricsUrl }: LoadInvocation,
  { stdout, stderr }: LoadStreams,
): Promise<number> {
  const metricsBefore = metricsUrl === undefined ? undefined : await readMetrics(metricsUrl);
  const generator = new LoadGenerator(plan);
  const stop = () => generator.stop();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  let before: SeenProgress = { elapsedMs: 0, acceptedRecords: 0 };
  const show = () => {
    const { progress } = generator;
    stderr.write(CLEAR_LINE + progressText(progress, before));
    before = { elapsedMs: progress.elapsedMs, acceptedRecords: progress.total.acceptedRecords };
  };
  const timer = stderr.isTTY ? setInterval(show, PROGRESS_MS) : undefined;
  try {
    const result = await generator.run();
    clearInterval(timer);
    if (stderr.isTTY) stderr.write(CLEAR_LINE);
    const checks = metricsUrl === undefined ? [] : checkMetrics(metricsBefore!, await readMetrics(metricsUrl));
    const told = checks.length === 0 ? result : { ...result, checks };
    stdout.write(isJson ? `${JSON.stringify(told)}\n` : reportText(result) + checksText(checks));
    return result.total.accepted_requests > 0 && checks.every(({ found }) => found.length === 0) ? 0 : 1;
  } finally {
    clearInterval(timer);
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** What the line before told. */
interface SeenProgress {
  readonly elapsedMs: number;
  readonly acceptedRecords: number;
}

function progressText(progress: Progress, before: SeenProgress): string {
  const { elapsedMs, isWarmingUp, total, latency, waiting } = progress;
  const seconds = (elapsedMs - before.elapsedMs) / 1000;
  const rate = Math.round((total.acceptedRecords - before.acceptedRecords) / seconds);
  const statuses = [...total.statuses].map(([status, requests]) => `${status}: ${requests}`).join(' ');
  const state = isWarmingUp
    ? 'warming up'
    : `p50 ${latency.percentileMs(50).toFixed(1)} ms  p99 ${latency.percentileMs(99).toFixed(1)} ms`;
  const behind = waiting > 0 ? `  behind by ${waiting} requests` : '';
  return `${Math.round(elapsedMs / 1000)} s  ${rate.toLocaleString('en')} records/s  ${statuses}  ${state}${behind}`;
}
