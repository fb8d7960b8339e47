// An entry → its level, by Loki's rules: what a label says, the severity number, or the line.

import type { Label, Labels } from '#promql/data/labels';

export const DETECTED_LEVEL = 'detected_level';
export const SEVERITY_NUMBER = 'severity_number';
export const SEVERITY_TEXT = 'severity_text';

const UNKNOWN = 'unknown';

/** Labels, and fields of JSON and logfmt lines, that say a level: the first that there is counts. */
export const LEVEL_FIELDS = [
  'level',
  'LEVEL',
  'Level',
  'log.level',
  'severity',
  'SEVERITY',
  'Severity',
  'SeverityText',
  'lvl',
  'LVL',
  'Lvl',
  'severity_text',
  'Severity_Text',
  'SEVERITY_TEXT',
];
const levelFields = new Set(LEVEL_FIELDS);
/** Attributes that give one of the labels above hold one of these. */
export const LEVEL_WORDS = [['evel'], ['EVEL'], ['vl'], ['VL'], ['everity'], ['EVERITY']];

export const LEVELS: Readonly<Record<string, string>> = {
  trace: 'trace',
  trc: 'trace',
  debug: 'debug',
  dbg: 'debug',
  info: 'info',
  inf: 'info',
  information: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'critical',
  fatal: 'fatal',
};

/** Objects of a line that are searched: the line itself and what is in it. */
const MAX_JSON_DEPTH = 2;

/** The level of an entry that has no `detected_level` of its own. */
export function detectedLevel(stream: Labels, metadata: readonly Label[], line: string): string {
  const told = levelOfStream(stream) ?? firstOf(metadata);
  if (told !== undefined) return normalizedLevel(told);
  const severity = metadata.find(([name]) => name === SEVERITY_NUMBER)?.[1];
  return severity === undefined ? levelOfLine(line) : levelOfSeverity(Number(severity));
}

/** What a label of the stream says of the level of all its entries. */
export function levelOfStream(stream: Labels): string | undefined {
  return firstOf(stream.entries);
}

/** The word for a level; a text that is none stays as it is. */
export function normalizedLevel(level: string): string {
  return LEVELS[level.toLowerCase()] ?? level;
}

export function levelOfSeverity(number: number): string {
  if (!(number >= 1 && number <= 24)) return UNKNOWN;
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][Math.ceil(number / 4) - 1]!;
}

function firstOf(labels: readonly Label[]): string | undefined {
  let place = LEVEL_FIELDS.length;
  let found: string | undefined;
  for (const [name, value] of labels) {
    if (!levelFields.has(name)) continue;
    const at = LEVEL_FIELDS.indexOf(name);
    if (at >= place) continue;
    place = at;
    found = value;
  }
  return found;
}

export function levelOfLine(line: string): string {
  const field = isObject(line) ? jsonField(line) : line.includes('=') ? logfmtField(line) : undefined;
  return LEVELS[field?.toLowerCase() ?? ''] ?? firstWord(line);
}

function isObject(line: string): boolean {
  return /^\s*\{/.test(line) && line.trimEnd().endsWith('}');
}

function jsonField(line: string): string | undefined {
  try {
    return levelIn(JSON.parse(line) as object, 0);
  } catch {
    return undefined;
  }
}

function levelIn(object: object, depth: number): string | undefined {
  for (const [key, value] of Object.entries(object)) {
    if (typeof value === 'string' && levelFields.has(key)) return value;
    if (typeof value !== 'object' || value === null || Array.isArray(value) || depth + 1 >= MAX_JSON_DEPTH) continue;
    const found = levelIn(value, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function logfmtField(line: string): string | undefined {
  const pair = /[\0- ]*([^\0- ="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\0- "]*)))?/gy;
  let place = LEVEL_FIELDS.length;
  let found: string | undefined;
  for (let match = pair.exec(line); match !== null && place > 0; match = pair.exec(line)) {
    const [, key, quoted, bare] = match;
    const at = LEVEL_FIELDS.findIndex((field) => field.toLowerCase() === key!.toLowerCase());
    if (at === -1 || at >= place) continue;
    place = at;
    found = quoted ?? bare ?? '';
  }
  return found;
}

const LEVEL_WORD =
  /(?<=^|[ \t\n[({"'=|])(trace|debug|fatal|critical|error|err|warning|warn|info)(?=$|[ \t\n[\](){}:,!"'=|])/;

function firstWord(line: string): string {
  return LEVELS[LEVEL_WORD.exec(line.toLowerCase())?.[1] ?? ''] ?? UNKNOWN;
}
