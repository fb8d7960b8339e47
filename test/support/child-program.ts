// A program of its own that uses the built package, for what cannot be tried in the process that runs the tests.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ANSWER_TIMEOUT_MS = 30_000;

/** Given to every program: the package, and `say(value)`, which prints a line for `ChildProgram.line()`. */
const PREAMBLE = `
  import { DuckDBInstance } from '@duckdb/node-api';
  import { otlp } from './dist/otlp.js';
  const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
  const rowsOf = async (connection, sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
`;

export class ChildProgram {
  readonly process: ChildProcess;
  stderr = '';
  #stdout = '';
  #exit: { code: number | null; signal: string | null } | undefined;
  #wake: () => void = () => undefined;

  /** Runs an ES module's text in the package's folder. It is killed when the test ends. */
  constructor(text: string, environment: Readonly<Record<string, string | undefined>> = {}) {
    if (!existsSync(`${ROOT}dist/otlp.js`)) throw new Error('the package must be built first: npm run build');
    this.process = spawn(process.execPath, ['--input-type=module', '--eval', PREAMBLE + text], {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      this.process.kill('SIGKILL');
    });
    this.process.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stdout += chunk;
      this.#wake();
    });
    this.process.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
    this.process.on('close', (code, signal) => {
      this.#exit = { code, signal };
      this.#wake();
    });
  }

  /** The next value that the program has said. */
  async line<T>(): Promise<T> {
    await this.#when(() => this.#stdout.includes('\n'), 'a line');
    const end = this.#stdout.indexOf('\n');
    const line = this.#stdout.slice(0, end);
    this.#stdout = this.#stdout.slice(end + 1);
    return JSON.parse(line) as T;
  }

  /** Resolves when the program has ended and all that it wrote has been read. */
  async exited(): Promise<{ code: number | null; signal: string | null }> {
    await this.#when(() => this.#exit !== undefined, 'the end of the program');
    return this.#exit!;
  }

  #when(isMet: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why} ${what}, got: ${this.#stdout}${this.stderr}`));
      const timeout = setTimeout(() => fail('waited in vain for'), ANSWER_TIMEOUT_MS);
      this.#wake = () => {
        if (isMet()) resolve();
        else if (this.#exit !== undefined) fail('the program ended before');
        else return;
        clearTimeout(timeout);
      };
      this.#wake();
    });
  }
}
