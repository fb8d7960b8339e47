// Interface of dot commands, and of the shell as they see it.

import type { ArrivalFeed } from '../../plugin.js';
import type { Mode, ResultStyle } from '../output/mode.js';
import type { ShellSettings } from './shell-settings.js';
import type { TargetName } from './text-target.js';

/** The part of the shell that dot commands use. */
export interface DotContext {
  readonly settings: ShellSettings;
  /** Width available for output. */
  readonly width: number;
  /** Feeds of plugins that can be followed. */
  readonly arrivals: readonly ArrivalFeed[];
  write(text: string): Promise<void>;
  /** Rows of a query of the shell's own. */
  query(sql: string, values?: readonly string[]): Promise<string[][]>;
  /** Runs a statement and shows its rows in a mode. */
  show(sql: string, mode: Mode, style?: Partial<ResultStyle>): Promise<void>;
  /** Repeats a query and shows its rows. */
  follow(sql: string, mode: Pick<Mode, 'write'>, style: Partial<ResultStyle>, pauseMs: number): Promise<void>;
  /** Shows the whole last result again. */
  showLast(): Promise<void>;
  runFile(path: string): Promise<void>;
  redirect(target: TargetName | undefined, options?: { readonly isForOneResult?: boolean }): Promise<void>;
  /** Resolves with the exit code of a system command; null after a signal. */
  runProgram(command: string): Promise<number | null>;
  /** Closes the database and opens another. */
  open(path: string, options: { readonly isReadOnly: boolean }): Promise<void>;
  /** Enters safe mode, which forbids files, programs and servers. It cannot be left. */
  lock(): Promise<void>;
  exit(code: number): void;
}

export interface DotCommand {
  readonly usage: string;
  readonly doc: string;
  /** Whether it reaches beyond the database and is forbidden in safe mode. */
  readonly isUnsafe?: true;
  /** Receives the arguments as words, and as they were typed. */
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
