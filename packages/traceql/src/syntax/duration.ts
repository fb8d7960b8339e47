// Durations as text: Prometheus's form (`1d12h`), then Go's (`1.5h`, `100us`). Printed as Go does.

const NS = 1;
const MICROSECOND = 1000 * NS;
const MILLISECOND = 1000 * MICROSECOND;
const SECOND = 1000 * MILLISECOND;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PROMETHEUS_FORM = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const PROMETHEUS_UNITS = [365 * DAY, 7 * DAY, DAY, HOUR, MINUTE, SECOND, MILLISECOND];

const GO_PART = /(\d*\.?\d*)(ns|us|µs|μs|ms|s|m|h)/y;
const GO_UNITS: Readonly<Record<string, number>> = {
  ns: NS,
  us: MICROSECOND,
  µs: MICROSECOND,
  μs: MICROSECOND,
  ms: MILLISECOND,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};

/** The largest int64, which a duration in nanoseconds cannot exceed: 292 years. */
const MAX_NS = 2 ** 63;

/** Nanoseconds, or undefined for what is no duration or too long. */
export function parseDuration(text: string): number | undefined {
  const ns = parsePrometheusForm(text) ?? parseGoForm(text);
  return ns === undefined || ns >= MAX_NS ? undefined : ns;
}

function parsePrometheusForm(text: string): number | undefined {
  const match = PROMETHEUS_FORM.exec(text);
  if (match === null || text === '') return undefined;
  return PROMETHEUS_UNITS.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
}

function parseGoForm(text: string): number | undefined {
  let ns = 0;
  let offset = 0;
  while (offset < text.length) {
    GO_PART.lastIndex = offset;
    const match = GO_PART.exec(text);
    if (match === null || !/\d/.test(match[1]!)) return undefined;
    ns += Math.trunc(Number(match[1]) * GO_UNITS[match[2]!]!);
    offset = GO_PART.lastIndex;
  }
  return offset === 0 ? undefined : ns;
}

/** As Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s`. */
export function printDuration(ns: number): string {
  if (ns < 0) return `-${printDuration(-ns)}`;
  if (ns === 0) return '0s';
  if (ns < MICROSECOND) return `${ns}ns`;
  if (ns < MILLISECOND) return `${ns / MICROSECOND}µs`;
  if (ns < SECOND) return `${ns / MILLISECOND}ms`;
  const hours = Math.floor(ns / HOUR);
  const minutes = Math.floor((ns % HOUR) / MINUTE);
  const seconds = `${printSeconds(ns % MINUTE)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** Seconds with their nanoseconds, from whole numbers: a division would print `1.0000000010000001`. */
function printSeconds(ns: number): string {
  const fraction = String(ns % SECOND).padStart(9, '0');
  return `${Math.floor(ns / SECOND)}.${fraction}`.replace(/\.?0+$/, '') || '0';
}
