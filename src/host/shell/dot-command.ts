// What a command that begins with a dot is, and what it sees of the shell.

import type { ArrivalFeed } from '../../plugin.js';
import type { Mode, ResultStyle } from '../output/mode.js';
import type { ShellSettings } from './shell-settings.js';
import type { TargetName } from './text-target.js';

/** The shell, as far as dot commands need it. */
export interface DotContext {
  readonly settings: ShellSettings;
  /** How wide text on the output may be. */
  readonly width: number;
  /** What plugins let people follow. */
  readonly arrivals: readonly ArrivalFeed[];
  write(text: string): Promise<void>;
  /** Rows of a query that the shell asks for itself. */
  query(sql: string, values?: readonly string[]): Promise<string[][]>;
  /** Runs a statement and shows its rows in a mode. */
  show(sql: string, mode: Mode, style?: Partial<ResultStyle>): Promise<void>;
  /** Shows the rows of a query that is asked again and again. */
  follow(sql: string, mode: Pick<Mode, 'write'>, style: Partial<ResultStyle>, pauseMs: number): Promise<void>;
  /** Shows the last result once more, all of it. */
  showLast(): Promise<void>;
  runFile(path: string): Promise<void>;
  redirect(target: TargetName | undefined, options?: { readonly isForOneResult?: boolean }): Promise<void>;
  /** Resolves with the exit code of a command of the operating system's shell; null after a signal. */
  runProgram(command: string): Promise<number | null>;
  /** Closes the database and opens another. */
  open(path: string, options: { readonly isReadOnly: boolean }): Promise<void>;
  /** Keeps what follows from files, programs and servers. There is no way back. */
  lock(): Promise<void>;
  exit(code: number): void;
}

export interface DotCommand {
  readonly usage: string;
  readonly doc: string;
  /** Whether it reaches beyond the database, which safe mode forbids. */
  readonly isUnsafe?: true;
  /** Gets what follows the name, as words and as it was typed. */
  run(shell: DotContext, words: readonly string[], text: string): Promise<void> | void;
}

export type DotCommands = Readonly<Record<string, DotCommand>>;

/** A command that switches one setting. */
export function onOff(doc: string, set: (settings: ShellSettings, isOn: boolean) => void): DotCommand {
  return {
    usage: 'on|off',
    doc,
    run({ settings }, [word]) {
      if (word !== 'on' && word !== 'off') throw new Error(`expected on or off, got ${word ?? 'nothing'}`);
      set(settings, word === 'on');
    },
  };
}

/** A command that sets a number, 0 or more. */
export function count(doc: string, set: (settings: ShellSettings, value: number) => void): DotCommand {
  return {
    usage: 'COUNT',
    doc,
    run({ settings }, [word]) {
      if (word === undefined || !/^\d+$/.test(word)) throw new Error(`expected a number, got ${word ?? 'nothing'}`);
      set(settings, Number(word));
    },
  };
}

export function required(word: string | undefined, what: string): string {
  if (word === undefined) throw new Error(`expected ${what}, got nothing`);
  return word;
}
