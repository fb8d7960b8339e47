// Numbers and times as people read them: three digits that matter, a thin space before the unit.

const SPACE = '\u202f';

function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 3).replace(/\.?0+$/, '');
}

/** 1234567 → 1.23 M */
export function count(value: number): string {
  const size = Math.abs(value);
  if (size < 10_000) return Number.isInteger(value) ? value.toLocaleString('en').replaceAll(',', SPACE) : digits(value);
  if (size < 999_500) return `${digits(value / 1e3)}${SPACE}k`;
  if (size < 999_500_000) return `${digits(value / 1e6)}${SPACE}M`;
  return `${digits(value / 1e9)}${SPACE}G`;
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size === 0) return `0${SPACE}ms`;
  if (size < 0.001) return `${digits(ms * 1e6)}${SPACE}ns`;
  if (size < 0.9995) return `${digits(ms * 1000)}${SPACE}µs`;
  if (size < 999.5) return `${digits(ms)}${SPACE}ms`;
  if (size < 60_000) return `${digits(ms / 1000)}${SPACE}s`;
  if (size < 3_600_000) return `${Math.floor(ms / 60_000)}${SPACE}min ${Math.round((ms % 60_000) / 1000)}${SPACE}s`;
  if (size < 86_400_000)
    return `${Math.floor(ms / 3_600_000)}${SPACE}h ${Math.round((ms % 3_600_000) / 60_000)}${SPACE}min`;
  return `${digits(ms / 86_400_000)}${SPACE}d`;
}

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  if (share === 0) return `0${SPACE}%`;
  if (share < 0.0001) return `<${SPACE}0.01${SPACE}%`;
  return `${digits(share * 100)}${SPACE}%`;
}

export function perSecond(rate: number): string {
  const size = Math.abs(rate);
  if (size !== 0 && size < 0.995 / 60) return `${count(rate * 3600)}${SPACE}/h`;
  if (size !== 0 && size < 0.995) return `${count(rate * 60)}${SPACE}/min`;
  return `${count(rate)}${SPACE}/s`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${digits(size)}${SPACE}${units[unit]}`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** 14:05:09, in the time of the browser. */
export function clockTime(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function clockTimeMs(ms: number): string {
  return `${clockTime(ms)}.${String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, '0')}`;
}

export function dayAndTime(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(ms)}`;
}

/** 14:05:09.123, with the day where that is not today. */
export function moment(ms: number): string {
  return new Date(ms).toDateString() === new Date().toDateString() ? clockTimeMs(ms) : `${dayAndTime(ms).slice(5)}`;
}

export function ago(ms: number, nowMs = Date.now()): string {
  const past = nowMs - ms;
  if (past < 1500) return 'now';
  if (past < 60_000) return `${Math.round(past / 1000)}${SPACE}s ago`;
  if (past < 3_600_000) return `${Math.round(past / 60_000)}${SPACE}min ago`;
  if (past < 86_400_000) return `${Math.round(past / 3_600_000)}${SPACE}h ago`;
  return `${Math.round(past / 86_400_000)}${SPACE}d ago`;
}

/** A number of a query's answer, of which the unit is not known. */
export function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '−Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e15)) return value.toExponential(2).replace('e+', 'e');
  return count(value).replace('-', '−');
}

/** Nanoseconds since 1970 as a text → milliseconds, with what is smaller behind the point. */
export function millis(nanoseconds: string): number {
  const split = Math.max(0, nanoseconds.length - 6);
  return Number(nanoseconds.slice(0, split) || '0') + Number(nanoseconds.slice(split)) / 1e6;
}
