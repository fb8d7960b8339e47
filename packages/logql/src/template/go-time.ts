import { type TimeZone, utc } from './time-zone.js';

/** A time in a zone, to the nanosecond: Go's `time.Time`. */
export class GoTime {
  /** What Go gives for a time that cannot be read: the first of January of the year 1. */
  static readonly zero = new GoTime(-62_135_596_800n * 1_000_000_000n, utc);

  /** Since 1970. */
  readonly unixNs: bigint;
  readonly zone: TimeZone;

  constructor(unixNs: bigint, zone: TimeZone) {
    this.unixNs = unixNs;
    this.zone = zone;
  }

  in(zone: TimeZone): GoTime {
    return new GoTime(this.unixNs, zone);
  }

  /** Whole seconds since 1970, rounded down. */
  get unixSeconds(): bigint {
    return (this.unixNs - this.nanosecond) / 1_000_000_000n;
  }

  /** Of the second. */
  get nanosecond(): bigint {
    return ((this.unixNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  }

  get offsetSeconds(): number {
    return this.zone.offsetSeconds(Number(this.unixSeconds));
  }

  /** The time of the zone's clocks, in the fields of a date in UTC. */
  get clock(): Date {
    return new Date((Number(this.unixSeconds) + this.offsetSeconds) * 1000);
  }

  /** `2024-01-02 03:04:05.5 +0000 UTC` */
  get text(): string {
    return formatTime(this, '2006-01-02 15:04:05.999999999 -0700 MST');
  }
}

/** Of a year. */
export const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];
/** Of a week. */
export const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The parts of Go's reference time, `Mon Jan 2 15:04:05 MST 2006`, in the spellings that a layout can have. */
export const reference = new RegExp(
  [
    'January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|__2|_2(?!006)|2|3|4|5|PM|pm',
    '-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,]0+(?![0-9])|[.,]9+(?![0-9])',
  ].join('|'),
  'g',
);

export function monthName(month: number): string {
  return months[month]!;
}

export function dayName(day: number): string {
  return days[day]!;
}

/** The time in a layout of Go's. */
export function formatTime(time: GoTime, layout: string): string {
  const clock = time.clock;
  return layout.replaceAll(reference, (part) => partText(part, time, clock));
}

function partText(part: string, time: GoTime, clock: Date): string {
  switch (part) {
    case 'January':
      return monthName(clock.getUTCMonth());
    case 'Jan':
      return monthName(clock.getUTCMonth()).slice(0, 3);
    case '1':
      return String(clock.getUTCMonth() + 1);
    case '01':
      return padded(clock.getUTCMonth() + 1, 2);
    case 'Monday':
      return dayName(clock.getUTCDay());
    case 'Mon':
      return dayName(clock.getUTCDay()).slice(0, 3);
    case '2':
      return String(clock.getUTCDate());
    case '02':
      return padded(clock.getUTCDate(), 2);
    case '_2':
      return String(clock.getUTCDate()).padStart(2);
    case '002':
      return padded(dayOfYear(clock), 3);
    case '__2':
      return String(dayOfYear(clock)).padStart(3);
    case '15':
      return padded(clock.getUTCHours(), 2);
    case '3':
      return String(clock.getUTCHours() % 12 || 12);
    case '03':
      return padded(clock.getUTCHours() % 12 || 12, 2);
    case '4':
      return String(clock.getUTCMinutes());
    case '04':
      return padded(clock.getUTCMinutes(), 2);
    case '5':
      return String(clock.getUTCSeconds());
    case '05':
      return padded(clock.getUTCSeconds(), 2);
    case '2006':
      return padded(clock.getUTCFullYear(), 4);
    case '06':
      return padded(clock.getUTCFullYear() % 100, 2);
    case 'PM':
      return clock.getUTCHours() >= 12 ? 'PM' : 'AM';
    case 'pm':
      return clock.getUTCHours() >= 12 ? 'pm' : 'am';
    case 'MST':
      return time.zone.abbreviation(Number(time.unixSeconds));
    default:
      return /^[.,]/.test(part) ? fractionText(part, time.nanosecond) : offsetText(part, time.offsetSeconds);
  }
}

export function dayOfYear(clock: Date): number {
  const midnight = Date.UTC(clock.getUTCFullYear(), clock.getUTCMonth(), clock.getUTCDate());
  return (midnight - Date.UTC(clock.getUTCFullYear(), 0, 1)) / 86_400_000 + 1;
}

/** `.000` has as many digits as it says, `.999` loses the zeros at its end. */
function fractionText(part: string, nanosecond: bigint): string {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .padEnd(part.length - 1, '0')
    .slice(0, part.length - 1);
  if (part[1] === '0') return part[0] + digits;
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '' : part[0] + kept;
}

function offsetText(part: string, seconds: number): string {
  if (part.startsWith('Z') && seconds === 0) return 'Z';
  const total = Math.abs(seconds);
  const fields = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60].map((field) => padded(field, 2));
  const count = part.replaceAll(/[^0-9]/g, '').length / 2;
  return (seconds < 0 ? '-' : '+') + fields.slice(0, count).join(part.includes(':') ? ':' : '');
}

function padded(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
