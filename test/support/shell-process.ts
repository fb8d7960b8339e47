// The built command's shell as a child process, asked in SQL and answering in JSON.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageFolder } from '../../src/base/package-folder.js';

export type ShellRow = Readonly<Record<string, unknown>>;

export class ShellProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #stderr = '';
  #wake: () => void = () => undefined;
  #asked = 0;
  #hasEnded = false;

  /** Starts a shell on a database, in memory when no file is given; that of this checkout, unless another command is given. */
  constructor(
    database = ':memory:',
    { command = [process.execPath, join(packageFolder, 'bin/otelduck.cjs')], cwd = process.cwd() } = {},
  ) {
    const [program, ...args] = command as [string, ...string[]];
    const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
    this.#child = spawn(program, [...args, database, '--json'], { cwd, env, stdio: 'pipe' });
    this.#child.stdin.on('error', () => undefined); // it may have been killed
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#ended = once(this.#child, 'close').then(([code]) => {
      process.off('exit', kill);
      this.#hasEnded = true;
      this.#wake();
      return code as number | null;
    });
  }

  /** Rows of a statement. Rejects when it fails, which ends the shell, or when the shell has ended. One at a time. */
  async rows(sql: string): Promise<ShellRow[]> {
    const mark = `[{"asked":${++this.#asked}}]\n`;
    this.#child.stdin.write(`${sql};\nSELECT ${this.#asked} AS asked;\n`);
    while (!this.#stdout.endsWith(mark)) {
      if (this.#hasEnded) throw new Error(`the shell ended at ${sql.slice(0, 60)}: ${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const text = this.#stdout.slice(0, -mark.length);
    this.#stdout = '';
    return text.trim() === '' ? [] : (JSON.parse(text) as ShellRow[]);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends its input, as a person does who leaves: servers are stopped. Resolves with the exit code. */
  async leave(): Promise<number | null> {
    this.#child.stdin.end();
    return this.#ended;
  }
}
