// A plan → requests, sent when they are due whether or not earlier ones were answered, and their outcomes. Latency counts
// from when a request was due, so that time spent waiting for a slow server is measured too.

import { performance } from 'node:perf_hooks';
import type { Connection } from './connection.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { LoadPlan } from './load-plan.js';
import { type LoadReport, report } from './load-report.js';
import { type DueRequest, dueRequest, pauseMs } from './load-schedule.js';
import { openConnection } from './open-connection.js';
import { prepareBodies, type RequestBodies } from './request-bodies.js';
import { Tally } from './tally.js';

/** After an attempt in vain to connect, so that a server that is not there is not asked in a busy loop. */
const RECONNECT_MS = 100;
/** How long after the end requests may leave that were due before it. */
const OVERTIME_MS = 1000;

export interface Progress {
  readonly elapsedMs: number;
  readonly isWarmingUp: boolean;
  /** Of the whole run. */
  readonly total: Tally;
  readonly latency: LatencyHistogram;
  readonly waiting: number;
}

interface Sender {
  readonly connection: Connection;
  readonly bodies: ReadonlyMap<string, RequestBodies>;
  idleSinceMs: number;
}

export class LoadGenerator {
  readonly #plan: LoadPlan;
  readonly #senders: readonly Sender[];
  /** Those who wait for something to be due, the longest-waiting first. */
  readonly #idle: Sender[];
  readonly #total = new Tally();
  readonly #measured = new Tally();
  readonly #latency = new LatencyHistogram();
  /** How late requests left that no connection had to be waited for. */
  readonly #lateness = new LatencyHistogram();
  readonly #endMs: number;
  #startMs = 0;
  #next = 0;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Stopped before the plan's time was over. */
  #wasStopped = false;
  #lastAnswerMs = 0;
  #ended: () => void = () => undefined;

  /** Encodes what will be sent. */
  constructor(plan: LoadPlan) {
    this.#plan = plan;
    const takeBodies = prepareBodies(plan);
    this.#senders = Array.from({ length: plan.connections }, (_, index) => ({
      connection: openConnection(plan, index),
      bodies: takeBodies(),
      idleSinceMs: 0,
    }));
    this.#idle = [...this.#senders];
    this.#endMs = plan.warmUpMs + plan.durationMs;
  }

  get progress(): Progress {
    const elapsedMs = performance.now() - this.#startMs;
    const due = this.#plan.isClosedLoop
      ? this.#next
      : Math.ceil(Math.min(elapsedMs, this.#endMs) / pauseMs(this.#plan));
    return {
      elapsedMs,
      isWarmingUp: elapsedMs < this.#plan.warmUpMs,
      total: this.#total,
      latency: this.#latency,
      waiting: Math.max(0, due - this.#next),
    };
  }

  /** Sends until the plan's time is over or `stop()` is called, waits for answers, and resolves with the result. */
  async run(): Promise<LoadReport> {
    this.#startMs = performance.now();
    for (const sender of this.#senders) sender.idleSinceMs = this.#startMs;
    const machine = new MeasuredProcess();
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    const warm = setTimeout(() => machine.restart(), this.#plan.warmUpMs);
    const stop = setTimeout(() => this.#sendNoMore(), this.#endMs + OVERTIME_MS);
    this.#pump();
    await ended;
    clearTimeout(warm);
    clearTimeout(stop);
    const usage = machine.read();
    for (const { connection } of this.#senders) connection.close();
    const { total, waiting } = this.progress;
    return report(this.#plan, {
      total,
      measured: this.#measured,
      neverSent: waiting,
      latency: this.#latency,
      lateness: this.#lateness,
      elapsedMs: Math.max(this.#lastAnswerMs, this.#wasStopped ? 0 : this.#endMs) - this.#plan.warmUpMs,
      usage,
    });
  }

  /** Ends the run before its time. Safe to call twice. */
  stop(): void {
    this.#wasStopped ||= !this.#isStopped;
    this.#sendNoMore();
  }

  #sendNoMore(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (this.#underWay === 0) this.#ended();
  }

  /** Sends what is due on connections that are idle, and comes back when more is. */
  #pump(): void {
    clearTimeout(this.#timer);
    while (!this.#isStopped && this.#idle.length > 0) {
      const nowMs = performance.now() - this.#startMs;
      const due = dueRequest(this.#plan, this.#next);
      const dueMs = this.#plan.isClosedLoop ? nowMs : due.dueMs;
      if (dueMs >= this.#endMs) {
        this.#sendNoMore();
        return;
      }
      if (dueMs > nowMs) {
        this.#timer = setTimeout(() => this.#pump(), dueMs - nowMs);
        return;
      }
      void this.#send(this.#idle.shift()!, { ...due, dueMs }, this.#next++);
    }
  }

  async #send(sender: Sender, due: DueRequest, request: number): Promise<void> {
    const { signal, service, firstSequence, dueMs } = due;
    const bodies = sender.bodies.get(signal)!;
    const isMeasured = dueMs >= this.#plan.warmUpMs;
    const sentMs = performance.now() - this.#startMs;
    if (isMeasured) this.#lateness.add(sentMs - Math.max(dueMs, sender.idleSinceMs));
    let sentBytes = 0;
    this.#underWay++;
    const answer = await sender.connection.send({
      signal,
      bytes: (part) => {
        const bytes = bodies.bytes(request, service, firstSequence, part);
        sentBytes = bytes.length;
        return bytes;
      },
    });
    this.#underWay--;
    const answeredMs = performance.now() - this.#startMs;
    this.#lastAnswerMs = answeredMs;
    const records = bodies.recordsOf(request);
    this.#total.count(answer, records, sentBytes);
    if (isMeasured) {
      this.#measured.count(answer, records, sentBytes);
      this.#latency.add(answeredMs - dueMs);
    }
    if (this.#isStopped) {
      if (this.#underWay === 0) this.#ended();
      return;
    }
    if (answer.outcome === 'unanswered') setTimeout(() => this.#release(sender), RECONNECT_MS);
    else this.#release(sender);
  }

  #release(sender: Sender): void {
    sender.idleSinceMs = performance.now() - this.#startMs;
    this.#idle.push(sender);
    this.#pump();
  }
}

/** CPU time, and how busy the event loop was, since the last restart. */
class MeasuredProcess {
  #cpu = process.cpuUsage();
  #loop = performance.eventLoopUtilization();

  restart(): void {
    this.#cpu = process.cpuUsage();
    this.#loop = performance.eventLoopUtilization();
  }

  read(): { readonly cpuSeconds: number; readonly eventLoopUtilization: number } {
    const { user, system } = process.cpuUsage(this.#cpu);
    const { utilization } = performance.eventLoopUtilization(this.#loop);
    return { cpuSeconds: (user + system) / 1e6, eventLoopUtilization: utilization };
  }
}
