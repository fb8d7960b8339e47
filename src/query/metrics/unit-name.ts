// Units in UCUM notation → the words that Prometheus's names end with.

/** Words of units in front of a slash. A unit that is not listed stays as it is. */
const wordByUnit = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['1', ''],
  ['%', 'percent'],
]);

/** Words of units behind a slash. */
const wordByPerUnit = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

export interface UnitWords {
  /** Empty for none. */
  readonly main: string;
  /** With `per_` in front; empty for none. */
  readonly per: string;
}

/** `By/s` → `bytes` and `per_second`. A half in braces is a remark and has no word. */
export function unitWords(unit: string): UnitWords {
  const slash = unit.indexOf('/');
  const main = wordOf(slash === -1 ? unit : unit.slice(0, slash), wordByUnit);
  const per = slash === -1 ? '' : wordOf(unit.slice(slash + 1), wordByPerUnit);
  return { main, per: per === '' ? '' : `per_${per}` };
}

/** The unit as metadata says it: `By/s` → `bytes_per_second`. */
export function unitName(unit: string): string {
  const { main, per } = unitWords(unit);
  const words = [escapedWord(main), escapedWord(per)].filter((word) => word !== '').join('_');
  return words.replace(/^_|_$/g, '');
}

/** With `_` for every run of what a name cannot hold, and none in front. */
export function escapedWord(word: string): string {
  return word.replaceAll(/[^A-Za-z0-9:]+/gu, '_').replace(/^_/, '');
}

function wordOf(half: string, words: ReadonlyMap<string, string>): string {
  const unit = half.trim();
  if (/[{}]/.test(unit)) return '';
  return words.get(unit) ?? unit;
}
