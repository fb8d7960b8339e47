// Dot commands that change how the shell behaves and how results look.

import { nearestName } from '../../base/nearest-name.js';
import { isModeName, modes } from '../output/result-modes.js';
import { count, type DotCommand, type DotCommands, type DotContext, onOff, required } from './dot-command.js';
import type { ShellSettings } from './shell-settings.js';

/** A command that sets a text of numbers: one character, or a word for one that cannot be typed. */
function separator(
  doc: string,
  words: Readonly<Record<string, string>>,
  set: (settings: ShellSettings, text: string) => void,
): DotCommand {
  return {
    usage: `CHARACTER${Object.keys(words)
      .map((word) => ` | ${word}`)
      .join('')}`,
    doc,
    run({ settings }, [word]) {
      const text = words[required(word, 'a character')] ?? word!;
      if (text.length > 1)
        throw new Error(
          `expected one character${Object.keys(words)
            .map((name) => ` or ${name}`)
            .join('')}, got ${word}`,
        );
      set(settings, text);
    },
  };
}

export const settingsCommands: DotCommands = {
  bail: onOff('Stop an input at its first error', (settings, isOn) => {
    settings.isBailing = isOn;
  }),
  columns: {
    usage: '',
    doc: 'Show rows as columns, in mode duckbox',
    run: ({ settings }) => {
      settings.isColumnWise = true;
    },
  },
  decimal_sep: separator('Character before decimals, in mode duckbox', {}, (settings, text) => {
    settings.decimalSeparator = text;
  }),
  echo: onOff('Show each command before it runs', (settings, isOn) => {
    settings.isEchoed = isOn;
  }),
  headers: onOff('Show column names', (settings, isOn) => {
    settings.hasHeaders = isOn;
  }),
  maxrows: count('Most rows that mode duckbox shows; 0 shows all', (settings, value) => {
    settings.maxRows = value;
  }),
  maxwidth: count("Width of mode duckbox; 0 is the terminal's", (settings, value) => {
    settings.maxWidth = value;
  }),
  mode: { usage: '[MODE [TABLE]]', doc: 'Form of results; without one, list them all', run: setMode },
  multiline: {
    usage: '',
    doc: 'Edit statements over several lines, as is always so: for scripts of the duckdb command',
    run: () => {},
  },
  nullvalue: {
    usage: 'TEXT',
    doc: 'Text shown for NULL',
    run({ settings }, [text]) {
      settings.nullText = required(text, 'a text');
    },
  },
  rows: {
    usage: '',
    doc: 'Show rows as rows again',
    run: ({ settings }) => {
      settings.isColumnWise = false;
    },
  },
  safe_mode: {
    usage: '',
    doc: 'Keep what follows from files, programs and servers, until the shell ends',
    run: (shell) => shell.lock(),
  },
  separator: {
    usage: 'TEXT',
    doc: 'Text between the columns of modes list, csv and tabs; .mode takes it back',
    run({ settings }, [text]) {
      settings.separator = required(text, 'a text');
    },
  },
  show: { usage: '', doc: 'Show the settings', run: showSettings },
  thousand_sep: separator(
    'Character between thousands, in mode duckbox',
    { space: ' ', none: '', off: '' },
    (settings, text) => {
      settings.thousandSeparator = text;
    },
  ),
  timer: onOff('Show how long each statement took', (settings, isOn) => {
    settings.isTimed = isOn;
  }),
};

async function setMode(shell: DotContext, [mode, table]: readonly string[]): Promise<void> {
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
  if (table !== undefined) {
    if (mode !== 'insert') throw new Error(`mode ${mode} has no table, got ${table}`);
    shell.settings.insertTable = table;
  }
  shell.settings.mode = mode;
  shell.settings.separator = undefined;
}

async function showSettings(shell: DotContext): Promise<void> {
  const { settings } = shell;
  const word = (isOn: boolean) => (isOn ? 'on' : 'off');
  const shown: Readonly<Record<string, string>> = {
    bail: word(settings.isBailing),
    decimal_sep: JSON.stringify(settings.decimalSeparator),
    echo: word(settings.isEchoed),
    headers: word(settings.hasHeaders),
    maxrows: String(settings.maxRows),
    maxwidth: String(settings.maxWidth),
    mode: settings.mode,
    nullvalue: settings.nullText === undefined ? "each mode's own" : JSON.stringify(settings.nullText),
    rendering: settings.isColumnWise ? 'columns' : 'rows',
    separator: settings.separator === undefined ? "each mode's own" : JSON.stringify(settings.separator),
    thousand_sep: JSON.stringify(settings.thousandSeparator),
    timer: word(settings.isTimed),
  };
  await shell.write(
    Object.entries(shown)
      .map(([name, value]) => `${name.padStart(12)}: ${value}\n`)
      .join(''),
  );
}
