// A server program as a child process: started, asked until it answers, and ended with the tests.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

export class ServerProcess {
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
    process.once('exit', () => child.kill('SIGKILL'));
  }

  /** Starts a program and resolves once `isReady` resolves with true. Rejects with its output if it ends before. */
  static async start(
    program: string,
    args: readonly string[],
    options: SpawnOptions,
    isReady: () => Promise<boolean>,
  ): Promise<ServerProcess> {
    const server = new ServerProcess(spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
    const endMs = performance.now() + START_TIMEOUT_MS;
    while (!(await isReady().catch(() => false))) {
      if (server.hasEnded || performance.now() > endMs) {
        await server.end('SIGKILL');
        throw new Error(`${program} did not start: ${server.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return server;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal and resolves when the process has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exit;
  }
}
