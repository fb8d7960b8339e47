// Durations as Go's time.ParseDuration reads them: `1h30m`, `250ms`, `1.5s`.

const UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const WHOLE = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** Nanoseconds; undefined for a text that is no duration. */
export function goDurationNs(text: string): number | undefined {
  if (text === '0') return 0;
  if (!WHOLE.test(text)) return undefined;
  const ns = [...text.matchAll(PART)].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS_NS[unit!]!, 0);
  return text.startsWith('-') ? -ns : ns;
}
