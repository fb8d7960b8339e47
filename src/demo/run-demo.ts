// The made-up shop at work: some hours of its telemetry at once, then what happens as it happens.

import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../base/failure.js';
import { type Fault, faults, Shop } from './shop.js';
import { type ExportRequests, ShopTelemetry } from './shop-telemetry.js';

const MINUTE_US = 60_000_000;
/** Anomalies of the last hour are told from what was usual before it. */
const HISTORY_US = 180 * MINUTE_US;
/** Telemetry that is sent in one request of each signal. */
const HISTORY_STEP_US = 10 * MINUTE_US;
/** A trace begins every 3 s, and is sent when it has ended. */
const STEP_US = 3_000_000;
const DELAY_US = 2_000_000;

/** Each fault lasts for a while, one after the other; the first in the list had begun before the demo did. */
const FAULT_LASTS_US = 12 * MINUTE_US;
const FAULT_EVERY_US = 20 * MINUTE_US;
const FIRST_BEGAN_US = 8 * MINUTE_US;
const order: readonly Fault[] = [
  'error cascade',
  'missing instance',
  'noisy neighbour',
  'slow dependency',
  'deploy regression',
];

export interface Demo {
  /** What goes wrong in the shop when the demo begins, for its user. */
  readonly story: readonly string[];
  /** Resolves when the hours before the start were accepted. Rejects with why they were not. */
  readonly filled: Promise<void>;
  /** Resolves when nothing is being sent any more. */
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** Where OTLP/HTTP is taken, such as `http://localhost:4318`. */
  readonly url: string;
  readonly seed?: number;
  /** Told once when the shop cannot send any more. */
  readonly failed: (message: string) => void;
}

export function runDemo({ url, seed = 1, failed }: DemoOptions): Demo {
  const startUs = Math.floor((Date.now() * 1000 - DELAY_US) / STEP_US) * STEP_US;
  const telemetry = new ShopTelemetry(new Shop(seed), startUs - HISTORY_US, (timeUs) => faultAt(timeUs - startUs));
  const stopping = new AbortController();
  const { signal } = stopping;
  const fill = async () => {
    for (let endUs = startUs - HISTORY_US; endUs < startUs; ) {
      endUs = Math.min(startUs, endUs + HISTORY_STEP_US);
      await send(url, telemetry.until(endUs), signal);
    }
  };
  const goOn = async () => {
    let endUs = startUs;
    while (!signal.aborted) {
      const nowUs = Date.now() * 1000 - DELAY_US;
      if (nowUs < endUs + STEP_US) {
        await pause((endUs + STEP_US - nowUs) / 1000, undefined, { signal });
        continue;
      }
      // A machine that has slept has hours to send.
      endUs += Math.min(Math.floor((nowUs - endUs) / STEP_US) * STEP_US, HISTORY_STEP_US);
      await send(url, telemetry.until(endUs), signal);
    }
  };
  const filled = fill();
  const ended = filled.then(goOn).catch((error: unknown) => {
    if (!signal.aborted) failed(`the demo cannot send telemetry to ${url}: ${messageOf(error)}`);
  });
  return {
    story: storyOf(order[0]!),
    filled,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** The fault at a time, in µs from the start. */
export function faultAt(sinceStartUs: number): Fault | undefined {
  const shifted = sinceStartUs + FIRST_BEGAN_US;
  const turn = Math.floor(shifted / FAULT_EVERY_US);
  if (shifted - turn * FAULT_EVERY_US >= FAULT_LASTS_US) return undefined;
  // The hours before were quiet but for the last of them, so that there is something that was usual.
  if (turn < -2) return undefined;
  return order[(turn + order.length) % order.length]!;
}

function storyOf(fault: Fault): readonly string[] {
  const minutes = FIRST_BEGAN_US / MINUTE_US;
  return [
    'Demo: a made-up shop of six services sends its traces, logs and metrics, three hours of them at once.',
    `Something goes wrong in it every ${FAULT_EVERY_US / MINUTE_US} minutes; since ${minutes} minutes ago it is: ${fault} (${faults[fault]}).`,
  ];
}

async function send(url: string, requests: ExportRequests, signal: AbortSignal): Promise<void> {
  for (const [path, request] of Object.entries(requests)) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal,
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${answer}`);
  }
}
