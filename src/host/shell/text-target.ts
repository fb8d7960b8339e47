// Argument of `.once` and `.output` → a sink: a file, the standard input of a command, or a file that a program opens.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSink, ReaderGone, StreamSink, type TextSink } from '../output/text-sink.js';

export type TargetName =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'editor' | 'spreadsheet' };

/** A sink that is closed after the last write. */
export interface TextTarget extends TextSink {
  close(): Promise<void>;
}

/** The command stopped reading, as in `.once |head -1`. */
export class CommandFull extends Error {}

/** Exit codes of a POSIX shell that could not run the command. */
const NOT_RUN_CODES: readonly (number | null)[] = [126, 127];

export function openTarget(name: TargetName): Promise<TextTarget> {
  switch (name.kind) {
    case 'file':
      return FileSink.open(name.path);
    case 'command':
      return CommandSink.start(name.command);
    case 'editor':
      return OpenedFile.create('result.txt', editorCommand(process.env));
    case 'spreadsheet':
      return OpenedFile.create('result.csv', process.platform === 'darwin' ? 'open' : 'xdg-open');
  }
}

/** The user's editor, found like in the duckdb command. */
export function editorCommand(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['DUCKDB_EDITOR'] || environment['EDITOR'] || environment['VISUAL'] || 'vi';
}

/** Starts a user's command, whose output is shown. */
export function startCommand(command: string, stdin: 'pipe' | 'inherit'): ChildProcess {
  return spawn(command, { shell: true, stdio: [stdin, 'inherit', 'inherit'] });
}

/** Resolves with the command's exit code, null after a signal. */
export async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

class CommandSink implements TextTarget {
  readonly #command: string;
  readonly #child: ChildProcess;
  readonly #sink: StreamSink;
  readonly #end: Promise<number | null>;

  private constructor(command: string, child: ChildProcess) {
    this.#command = command;
    this.#child = child;
    this.#sink = new StreamSink(child.stdin!);
    this.#end = endOf(child);
    this.#end.catch(() => {}); // close() tells
  }

  static async start(command: string): Promise<CommandSink> {
    const child = startCommand(command, 'pipe');
    await once(child, 'spawn');
    return new CommandSink(command, child);
  }

  async write(text: string): Promise<void> {
    try {
      await this.#sink.write(text);
    } catch (error) {
      // After a failed write the stream is destroyed, and later writes fail with another error.
      if (error instanceof ReaderGone || this.#child.stdin!.destroyed) throw new CommandFull();
      throw error;
    }
  }

  /** Resolves when the command has ended, so that its output precedes other output. */
  async close(): Promise<void> {
    this.#child.stdin!.end();
    const code = await this.#end;
    if (NOT_RUN_CODES.includes(code)) throw new Error(`cannot run ${this.#command}: the shell's exit code is ${code}`);
  }
}

/** A file that a program opens when it is complete. It is kept, because some programs return before they have read it. */
class OpenedFile implements TextTarget {
  readonly #path: string;
  readonly #file: FileSink;
  readonly #program: string;

  private constructor(path: string, file: FileSink, program: string) {
    this.#path = path;
    this.#file = file;
    this.#program = program;
  }

  static async create(name: string, program: string): Promise<OpenedFile> {
    const path = join(await mkdtemp(join(tmpdir(), 'otelduck-')), name);
    return new OpenedFile(path, await FileSink.open(path), program);
  }

  write(text: string): Promise<void> {
    return this.#file.write(text);
  }

  async close(): Promise<void> {
    await this.#file.close();
    const code = await endOf(startCommand(`${this.#program} ${this.#path}`, 'inherit'));
    if (code !== 0) throw new Error(`cannot open ${this.#path}: ${this.#program} ended with exit code ${code}`);
  }
}
