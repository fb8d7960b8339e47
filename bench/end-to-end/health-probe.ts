// Asks /healthz on a connection of its own, as an orchestrator would, for as long as a server is under load.

import http from 'node:http';
import { LatencyHistogram } from '../../src/load/latency-histogram.js';

const PAUSE_MS = 25;

export class HealthProbe {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  readonly latency = new LatencyHistogram();
  failures = 0;
  #isStopped = false;
  #asking: Promise<void>;

  constructor(port: number) {
    this.#port = port;
    this.#asking = this.#ask();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#asking;
    this.#agent.destroy();
  }

  async #ask(): Promise<void> {
    while (!this.#isStopped) {
      const startMs = performance.now();
      if ((await this.#status()) === 200) this.latency.add(performance.now() - startMs);
      else this.failures++;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #status(): Promise<number | undefined> {
    return new Promise((resolve) => {
      http
        .get({ agent: this.#agent, host: '127.0.0.1', port: this.#port, path: '/healthz' }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        })
        .on('error', () => resolve(undefined));
    });
  }
}
