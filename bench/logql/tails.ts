// Subscribers of `tail` beside ingest at a rate: how long after its acknowledgement a line is in a frame, what is dropped, what
// acknowledgements take, and memory.

import { WebSocket } from 'ws';
import { HttpConnection } from '../../src/load/http-connection.js';
import { LatencyHistogram } from '../../src/load/latency-histogram.js';
import { LogRequests, RECORDS_PER_REQUEST } from '../data/log-requests.js';
import type { Service } from '../data/shop.js';
import { type OurServer, TOKEN } from '../end-to-end/our-server.js';
import { peakRssBytes, usageOf } from '../end-to-end/process-usage.js';

export interface TailPlan {
  readonly subscribers: number;
  /** How many of them never read. */
  readonly stalled: number;
  readonly recordsPerSecond: number;
  readonly seconds: number;
}

const CONNECTIONS = 8;
const SEND_TIMEOUT_MS = 60_000;
/** Histories are read some at a time before what comes is followed. */
const JOIN_MS = 3000;
/** Lines that were acknowledged in the last moment arrive a poll later. */
const LAST_FRAMES_MS = 2000;
/** Sockets that are opened at a time. */
const OPENED_AT_ONCE = 50;
const MiB = 2 ** 20;

/** What subscribers look for: errors of a service, however it writes them, or a text. */
function queryOf({ name, lineForm }: Service, subscriber: number): string {
  const selector = `{service_name="${name}"}`;
  if (subscriber % 3 === 0) return `${selector} |= "deadline exceeded"`;
  if (subscriber % 3 === 1 || (lineForm !== 'json' && lineForm !== 'logfmt'))
    return `${selector} | detected_level="error"`;
  return `${selector} | ${lineForm} | level="error"`;
}

export async function benchTails(ours: OurServer, plan: TailPlan): Promise<void> {
  const { subscribers, stalled, recordsPerSecond, seconds } = plan;
  const served = await ours.serve();
  const [queried] = await ours.sql(
    `FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true, max_connections := ${subscribers + 100})`,
  );
  const requests = new LogRequests({
    records: recordsPerSecond * seconds,
    startUs: Date.now() * 1000,
    endUs: (Date.now() + seconds * 1000) * 1000,
  });
  const acknowledgedMs = new Float64Array(requests.count);
  const lag = new LatencyHistogram();
  const counts = { frames: 0, lines: 0, early: 0, dropped: 0, closed: 0 };
  const onFrame = (data: Buffer) => {
    const nowMs = performance.now();
    const text = data.toString('latin1');
    counts.frames++;
    for (const [, time] of text.matchAll(/\["(\d{19})"/g)) {
      counts.lines++;
      const ackMs = acknowledgedMs[requests.requestAt(Number(BigInt(time!) / 1000n))];
      // A frame may be faster than the answer to the sender.
      if (ackMs === undefined || ackMs === 0) counts.early++;
      else lag.add(nowMs - ackMs);
    }
    for (const _ of text.matchAll(/"timestamp":"\d{19}"/g)) counts.dropped++;
  };
  const sockets: WebSocket[] = [];
  const url = String(queried!['listen_url']).replace('http', 'ws');
  for (let from = 0; from < subscribers; from += OPENED_AT_ONCE) {
    const opening = Array.from({ length: Math.min(OPENED_AT_ONCE, subscribers - from) }, async (_, i) => {
      const { services } = requests.shop;
      const query = queryOf(services[(from + i) % services.length]!, from + i);
      const socket = new WebSocket(`${url}/loki/api/v1/tail?query=${encodeURIComponent(query)}&limit=1`, {
        perMessageDeflate: false,
      });
      sockets.push(socket);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      socket.on('close', () => counts.closed++);
      if (from + i < stalled) socket.pause();
      else socket.on('message', onFrame);
    });
    await Promise.all(opening);
  }
  await new Promise((resolve) => setTimeout(resolve, JOIN_MS));
  const before = usageOf(ours.pid);
  const acks = await sendAtRate(`http://127.0.0.1:${served.port}`, requests, recordsPerSecond, acknowledgedMs);
  await new Promise((resolve) => setTimeout(resolve, LAST_FRAMES_MS));
  const after = usageOf(ours.pid);
  console.log(`${subscribers} subscribers (${stalled} never read), ${recordsPerSecond} records/s for ${seconds} s`);
  console.log(
    `lag from acknowledgement to frame: ${percentiles(lag)}; ${counts.lines} lines in ${counts.frames} frames, ${counts.early} before the acknowledgement`,
  );
  console.log(
    `dropped entries that clients were told of: ${counts.dropped}; connections that were closed: ${counts.closed}`,
  );
  console.log(`acknowledgements: ${percentiles(acks)}`);
  console.log(
    `RSS ${(before.rssBytes / MiB).toFixed(0)} MiB with all subscribers, ${(after.rssBytes / MiB).toFixed(0)} after, peak ${(peakRssBytes(ours.pid) / MiB).toFixed(0)}; CPU ${((after.cpuSeconds - before.cpuSeconds) / seconds).toFixed(2)} cores`,
  );
  for (const socket of sockets) socket.terminate();
}

/** Sends each request when it is due, on the next connection that is free. Latency counts from when it was due. */
async function sendAtRate(
  url: string,
  requests: LogRequests,
  recordsPerSecond: number,
  acknowledgedMs: Float64Array,
): Promise<LatencyHistogram> {
  const latency = new LatencyHistogram();
  const pauseMs = (RECORDS_PER_REQUEST / recordsPerSecond) * 1000;
  const startMs = performance.now();
  let next = 0;
  const settings = { contentType: 'application/x-protobuf', encoding: undefined, timeoutMs: SEND_TIMEOUT_MS };
  const sender = async () => {
    const connection = new HttpConnection({ url: new URL(url), token: TOKEN, ...settings });
    while (next < requests.count) {
      const request = next++;
      const dueMs = startMs + request * pauseMs;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const body = requests.bytes(request);
      const { outcome, status } = await connection.send({ signal: 'logs', bytes: () => body });
      if (outcome !== 'accepted') throw new Error(`${url} answered ${status}`);
      acknowledgedMs[request] = performance.now();
      latency.add(acknowledgedMs[request]! - dueMs);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return latency;
}

function percentiles(histogram: LatencyHistogram): string {
  const at = (percent: number) => histogram.percentileMs(percent).toFixed(0);
  return `p50 ${at(50)} ms, p99 ${at(99)} ms`;
}
