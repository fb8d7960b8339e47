// The commands that begin with a dot: one table of them, from which `.help` and completion are made too.

import { messageOf } from '../../base/failure.js';
import { nearestName } from '../../base/nearest-name.js';
import { displayWidth } from '../output/cell-text.js';
import { inColumns } from '../output/name-columns.js';
import { isModeName, modes } from '../output/result-modes.js';
import { ReaderGone } from '../output/text-sink.js';
import { AlreadyReported } from './already-reported.js';
import type { Shell } from './shell.js';
import { tail } from './tail.js';
import { CommandFull, type TargetName } from './text-target.js';

interface DotCommand {
  readonly usage: string;
  readonly doc: string;
  /** Gets what follows the name, as words and as it was typed. */
  run(shell: Shell, words: readonly string[], text: string): Promise<void> | void;
}

/** A command that switches one setting. */
function onOff(doc: string, set: (shell: Shell, isOn: boolean) => void): DotCommand {
  return {
    usage: 'on|off',
    doc,
    run(shell, [word]) {
      if (word !== 'on' && word !== 'off') throw new Error(`expected on or off, got ${word ?? 'nothing'}`);
      set(shell, word === 'on');
    },
  };
}

/** A command that sets a number, 0 or more. */
function count(doc: string, set: (shell: Shell, value: number) => void): DotCommand {
  return {
    usage: 'COUNT',
    doc,
    run(shell, [word]) {
      if (word === undefined || !/^\d+$/.test(word)) throw new Error(`expected a number, got ${word ?? 'nothing'}`);
      set(shell, Number(word));
    },
  };
}

function required(word: string | undefined, what: string): string {
  if (word === undefined) throw new Error(`expected ${what}, got nothing`);
  return word;
}

export const dotCommands: Readonly<Record<string, DotCommand>> = {
  bail: onOff('Stop an input at its first error', (shell, isOn) => {
    shell.settings.isBailing = isOn;
  }),
  cd: {
    usage: 'FOLDER',
    doc: 'Change the working directory',
    run: (_shell, [folder]) => process.chdir(required(folder, 'a folder')),
  },
  databases: { usage: '', doc: 'List the attached databases', run: listDatabases },
  echo: onOff('Show each command before it runs', (shell, isOn) => {
    shell.settings.isEchoed = isOn;
  }),
  exit: { usage: '[CODE]', doc: 'Leave, with this exit code', run: leave },
  headers: onOff('Show column names', (shell, isOn) => {
    shell.settings.hasHeaders = isOn;
  }),
  help: { usage: '[COMMAND]', doc: 'Show this list, or one line of it', run: help },
  maxrows: count('Most rows that mode duckbox shows; 0 shows all', (shell, value) => {
    shell.settings.maxRows = value;
  }),
  maxwidth: count("Width of mode duckbox; 0 is the terminal's", (shell, value) => {
    shell.settings.maxWidth = value;
  }),
  mode: { usage: '[MODE]', doc: `Form of results: ${Object.keys(modes).join(', ')}`, run: setMode },
  nullvalue: {
    usage: 'TEXT',
    doc: 'Text shown for NULL',
    run(shell, [text]) {
      shell.settings.nullText = required(text, 'a text');
    },
  },
  once: {
    usage: 'FILE | |COMMAND | -e | -x',
    doc: 'Send the next result to a file, a command, an editor or a spreadsheet',
    run: (shell, words, text) => shell.redirect(targetOf(words, text), { isForOneResult: true }),
  },
  output: {
    usage: '[FILE | |COMMAND | -e | -x]',
    doc: 'Send results to a file, a command, an editor or a spreadsheet, or to the screen again',
    run: (shell, words, text) => {
      return shell.redirect(words.length === 0 || text === 'stdout' ? undefined : targetOf(words, text));
    },
  },
  print: { usage: 'TEXT…', doc: 'Write a text', run: (shell, words) => shell.write(`${words.join(' ')}\n`) },
  quit: { usage: '', doc: 'Leave', run: (shell) => leave(shell, []) },
  read: {
    usage: 'FILE',
    doc: 'Run the commands of a file',
    run: (shell, [file]) => shell.runFile(required(file, 'a file')),
  },
  schema: { usage: '[LIKE]', doc: 'Show the CREATE statements of tables, views and indexes', run: showSchema },
  separator: {
    usage: 'TEXT',
    doc: 'Text between the columns of mode list',
    run(shell, [text]) {
      shell.settings.separator = required(text, 'a text');
    },
  },
  show: { usage: '', doc: 'Show the settings', run: showSettings },
  tables: { usage: '[LIKE]', doc: 'List tables and views', run: listTables },
  tail: {
    usage: 'KIND [WHERE …]',
    doc: 'Follow the rows that servers accept: logs, traces, metrics_gauge, …; Ctrl-C ends it',
    run: (shell, _words, text) => tail(shell, text),
  },
  timer: onOff('Show how long each statement took', (shell, isOn) => {
    shell.settings.isTimed = isOn;
  }),
};

/** Runs a line such as `.mode csv`. A name may be cut short while it stays the only one that begins so. */
export async function runDotCommand(shell: Shell, line: string): Promise<void> {
  const [typed = '', ...words] = wordsOf(line.slice(1));
  const text = line.replace(/^\.\s*\S*\s*/, '');
  const name = commandNamed(typed);
  try {
    await dotCommands[name]!.run(shell, words, text);
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

/** What `.once` and `.output` send to. A command may be quoted, as the duckdb command wants it, or not. */
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

function leave(shell: Shell, [code = '0']: readonly string[]): void {
  if (!/^\d{1,3}$/.test(code)) throw new Error(`expected an exit code, got ${code}`);
  shell.exit(Number(code));
}

async function help(shell: Shell, [topic]: readonly string[]): Promise<void> {
  const shown = topic === undefined ? Object.keys(dotCommands) : [commandNamed(topic.replace(/^\./, ''))];
  const usages = shown.map((name) => `.${name} ${dotCommands[name]!.usage}`.trimEnd());
  const width = Math.max(...usages.map(displayWidth));
  const lines = shown.map((name, index) => `${usages[index]!.padEnd(width)}  ${dotCommands[name]!.doc}\n`);
  const ending = topic === undefined ? 'Anything else is SQL; end it with a semicolon.\n' : '';
  await shell.write(lines.join('') + ending);
}

async function setMode(shell: Shell, [mode]: readonly string[]): Promise<void> {
  if (mode === undefined) {
    const names = Object.keys(modes);
    const width = Math.max(...names.map((name) => name.length));
    const lines = Object.entries(modes).map(([name, { doc }]) => {
      return `${name === shell.settings.mode ? '*' : ' '} ${name.padEnd(width)}  ${doc}\n`;
    });
    return await shell.write(lines.join(''));
  }
  if (!isModeName(mode)) {
    const nearest = nearestName(mode, Object.keys(modes));
    throw new Error(`unknown mode ${mode}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`);
  }
  shell.settings.mode = mode;
}

async function showSettings(shell: Shell): Promise<void> {
  const { settings } = shell;
  const word = (isOn: boolean) => (isOn ? 'on' : 'off');
  const shown: Readonly<Record<string, string>> = {
    bail: word(settings.isBailing),
    echo: word(settings.isEchoed),
    headers: word(settings.hasHeaders),
    maxrows: String(settings.maxRows),
    maxwidth: String(settings.maxWidth),
    mode: settings.mode,
    nullvalue: settings.nullText === undefined ? "each mode's own" : JSON.stringify(settings.nullText),
    separator: JSON.stringify(settings.separator),
    timer: word(settings.isTimed),
  };
  await shell.write(
    Object.entries(shown)
      .map(([name, value]) => `${name.padStart(10)}: ${value}\n`)
      .join(''),
  );
}

async function listDatabases(shell: Shell): Promise<void> {
  const rows = await shell.query(
    "SELECT database_name, coalesce(path, 'in memory') FROM duckdb_databases() WHERE NOT internal ORDER BY database_oid",
  );
  await shell.write(rows.map(([name, path]) => `${name}: ${path}\n`).join(''));
}

async function listTables(shell: Shell, [like = '%']: readonly string[]): Promise<void> {
  const rows = await shell.query(
    `SELECT concat_ws('.', CASE WHEN database_name NOT IN (current_database(), 'temp') THEN database_name END,
       CASE WHEN schema_name <> current_schema() THEN schema_name END, name)
     FROM (SELECT database_name, schema_name, table_name AS name FROM duckdb_tables() WHERE NOT internal
       UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal)
     WHERE name LIKE $1 ORDER BY ALL`,
    [like],
  );
  await shell.write(
    inColumns(
      rows.map(([name]) => name!),
      shell.width,
    ),
  );
}

async function showSchema(shell: Shell, [like = '%']: readonly string[]): Promise<void> {
  const rows = await shell.query(
    `SELECT sql FROM (SELECT 1 AS kind, table_name AS name, sql FROM duckdb_tables() WHERE NOT internal
       UNION ALL SELECT 2, view_name, sql FROM duckdb_views() WHERE NOT internal
       UNION ALL SELECT 3, table_name, sql FROM duckdb_indexes())
     WHERE name LIKE $1 AND sql IS NOT NULL ORDER BY kind, name, sql`,
    [like],
  );
  await shell.write(rows.map(([sql]) => `${sql!.trim().replace(/;?$/, ';')}\n`).join(''));
}
