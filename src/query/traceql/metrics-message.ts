// Series → the time series of Tempo's API.

import { type Exemplar, type MetricsGrid, type MetricsSeries, timeMsOf } from '#traceql';
import { Int64, type Message } from '../traces/otlp-message.js';
import { valueMessages } from './value-message.js';

/** A TimeSeries, with the steps that have a value. */
export function seriesMessage({ labels, values, exemplars }: MetricsSeries, grid: MetricsGrid): Message {
  const samples: Message[] = [];
  values.forEach((value, step) => {
    if (!Number.isNaN(value)) samples.push({ timestampMs: new Int64(BigInt(timeMsOf(grid, step))), value });
  });
  return {
    labels: valueMessages(labels),
    samples,
    ...(exemplars.length > 0 && { exemplars: exemplars.map(exemplarMessage) }),
  };
}

/** An InstantSeries, of a grid with one step. */
export function instantMessage({ labels, values }: MetricsSeries): Message {
  return { labels: valueMessages(labels), value: values[0]! };
}

function exemplarMessage({ labels, value, unixNs }: Exemplar): Message {
  return { labels: valueMessages(labels), value, timestampMs: new Int64(unixNs / 1_000_000n) };
}
