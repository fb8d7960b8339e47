// Table of all dot commands, which also generates `.help` and completion.

import { messageOf } from '../../base/failure.js';
import { nearestName } from '../../base/nearest-name.js';
import { displayWidth } from '../output/cell-text.js';
import { ReaderGone } from '../output/text-sink.js';
import { AlreadyReported } from './already-reported.js';
import { catalogCommands } from './catalog-commands.js';
import { type DotCommands, type DotContext, required } from './dot-command.js';
import { settingsCommands } from './settings-commands.js';
import { tail } from './tail.js';
import { CommandFull, type TargetName } from './text-target.js';

const shellCommands: DotCommands = {
  cd: {
    usage: 'FOLDER',
    doc: 'Change the working directory',
    isUnsafe: true,
    run: (_shell, [folder]) => process.chdir(required(folder, 'a folder')),
  },
  exit: { usage: '[CODE]', doc: 'Leave, with this exit code', run: leave },
  help: { usage: '[COMMAND]', doc: 'Show this list, or one line of it', run: help },
  last: {
    usage: '',
    doc: 'Show the last result once more, with all of its rows and columns',
    run: (shell) => shell.showLast(),
  },
  once: {
    usage: 'FILE | |COMMAND | -e | -x',
    doc: 'Send the next result to a file, a command, an editor or a spreadsheet',
    isUnsafe: true,
    run: (shell, words, text) => shell.redirect(targetOf(words, text), { isForOneResult: true }),
  },
  output: {
    usage: '[FILE | |COMMAND | -e | -x]',
    doc: 'Send results to a file, a command, an editor or a spreadsheet, or to the screen again',
    isUnsafe: true,
    run: (shell, words, text) => {
      return shell.redirect(words.length === 0 || text === 'stdout' ? undefined : targetOf(words, text));
    },
  },
  print: { usage: 'TEXT…', doc: 'Write a text', run: (shell, words) => shell.write(`${words.join(' ')}\n`) },
  quit: { usage: '', doc: 'Leave', run: (shell) => leave(shell, []) },
  read: {
    usage: 'FILE',
    doc: 'Run the commands of a file',
    isUnsafe: true,
    run: (shell, [file]) => shell.runFile(required(file, 'a file')),
  },
  shell: {
    usage: 'COMMAND…',
    doc: "Run a command of the operating system's shell",
    isUnsafe: true,
    run: runProgram,
  },
  system: { usage: 'COMMAND…', doc: 'The same as .shell', isUnsafe: true, run: runProgram },
  tail: {
    usage: 'KIND [WHERE …]',
    doc: 'Follow the rows that servers accept: logs, traces, metrics_gauge, …; Ctrl-C ends it',
    run: (shell, _words, text) => tail(shell, text),
  },
  version: { usage: '', doc: "Show DuckDB's version and the commit that it is of", run: showVersion },
};

export const dotCommands: DotCommands = Object.fromEntries(
  Object.entries({ ...settingsCommands, ...catalogCommands, ...shellCommands }).sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** Runs a line such as `.mode csv`. Names may be abbreviated to a unique prefix. */
export async function runDotCommand(shell: DotContext, line: string, isSafe: boolean): Promise<void> {
  const [typed = '', ...words] = wordsOf(line.slice(1));
  const text = line.replace(/^\.\s*\S*\s*/, '');
  const name = commandNamed(typed);
  const command = dotCommands[name]!;
  if (isSafe && command.isUnsafe) throw new Error(`.${name} cannot be used in safe mode`);
  try {
    await command.run(shell, words, text);
  } catch (error) {
    if (error instanceof AlreadyReported || error instanceof ReaderGone || error instanceof CommandFull) throw error;
    throw new Error(`.${name}: ${messageOf(error)}`, { cause: error });
  }
}

function commandNamed(typed: string): string {
  const names = Object.keys(dotCommands);
  if (names.includes(typed)) return typed;
  const begun = typed === '' ? [] : names.filter((name) => name.startsWith(typed));
  if (begun.length === 1) return begun[0]!;
  if (begun.length > 1) throw new Error(`.${typed} could be ${begun.map((name) => `.${name}`).join(' or ')}`);
  const nearest = nearestName(typed, names);
  const hint = nearest === undefined ? '' : `; did you mean .${nearest}?`;
  throw new Error(`unknown command .${typed}${hint} (.help lists all)`);
}

/** Words between spaces; quotes keep spaces, and double quotes understand \n and \t. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => {
    if (double !== undefined)
      return double.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t' })[char] ?? char);
    return single ?? bare!;
  });
}

/** Target of `.once` and `.output`. A command may be quoted, as in the duckdb command, or unquoted. */
function targetOf(words: readonly string[], text: string): TargetName {
  const word = required(words[0], 'a file');
  if (text.startsWith('|'))
    return { kind: 'command', command: required(text.slice(1).trim() || undefined, 'a command') };
  if (words.length > 1) throw new Error(`expected one file, got ${text}`);
  if (word.startsWith('|')) return { kind: 'command', command: word.slice(1) };
  if (word === '-e') return { kind: 'editor' };
  if (word === '-x') return { kind: 'spreadsheet' };
  if (word.startsWith('-')) throw new Error(`unknown option ${word}; a file of this name is ./${word}`);
  return { kind: 'file', path: word };
}

async function runProgram(shell: DotContext, _words: readonly string[], text: string): Promise<void> {
  const code = await shell.runProgram(required(text.trim() || undefined, 'a command'));
  if (code !== 0) throw new Error(code === null ? 'ended by a signal' : `exit code ${code}`);
}

async function showVersion(shell: DotContext): Promise<void> {
  const [[version, source, name]] = (await shell.query(
    'SELECT library_version, source_id, codename FROM pragma_version()',
  )) as [[string, string, string]];
  await shell.write(`DuckDB ${version} (${name}) ${source}, Node.js ${process.version}\n`);
}

function leave(shell: DotContext, [code = '0']: readonly string[]): void {
  if (!/^\d{1,3}$/.test(code)) throw new Error(`expected an exit code, got ${code}`);
  shell.exit(Number(code));
}

async function help(shell: DotContext, [topic]: readonly string[]): Promise<void> {
  const shown = topic === undefined ? Object.keys(dotCommands) : [commandNamed(topic.replace(/^\./, ''))];
  const usages = shown.map((name) => `.${name} ${dotCommands[name]!.usage}`.trimEnd());
  const width = topic === undefined ? HELP_WIDTH : displayWidth(usages[0]!);
  const lines = shown.map((name, index) => {
    const usage = usages[index]!;
    // A long usage gets its own line, so that the others can be narrower.
    const start = usage.length <= width ? usage.padEnd(width) : `${usage}\n${' '.repeat(width)}`;
    return `${start}  ${dotCommands[name]!.doc}\n`;
  });
  const ending = topic === undefined ? 'Anything else is SQL; end it with a semicolon.\n' : '';
  await shell.write(lines.join('') + ending);
}

const HELP_WIDTH = 26;
