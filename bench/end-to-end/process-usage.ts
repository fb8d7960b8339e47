// CPU time and memory of a process, as Linux tells them.

import { readFileSync } from 'node:fs';

/** Clock ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 100;

export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The program's name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024,
  };
}

/** The most memory that a process has had since it started. */
export function peakRssBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024;
}

/** Watches a process from now on. */
export class UsageMeter {
  readonly #pid: number;
  readonly #startCpuSeconds: number;
  readonly #timer: NodeJS.Timeout;
  #maxRssBytes = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#startCpuSeconds = usageOf(pid).cpuSeconds;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): { readonly cpuSeconds: number; readonly maxRssBytes: number } {
    clearInterval(this.#timer);
    this.#sample();
    return { cpuSeconds: usageOf(this.#pid).cpuSeconds - this.#startCpuSeconds, maxRssBytes: this.#maxRssBytes };
  }

  #sample(): void {
    this.#maxRssBytes = Math.max(this.#maxRssBytes, usageOf(this.#pid).rssBytes);
  }
}
