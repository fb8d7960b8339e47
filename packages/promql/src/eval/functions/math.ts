import type { FunctionName } from '../../syntax/functions.js';

/** Functions of one number, which are applied to each float of a vector. Histograms are dropped. */
export const floatFunctions = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => (value * Math.PI) / 180,
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
} as const satisfies Partial<Record<FunctionName, (value: number) => number>>;

/** A time in seconds since 1970 → a part of its date, in UTC. Years before 1970 and after 275760 too. */
export const dateFunctions = {
  days_in_month: (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  day_of_month: (date) => date.getUTCDate(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_year: (date) => {
    const firstDay = Date.UTC(date.getUTCFullYear(), 0, 1);
    return Math.floor((date.getTime() - firstDay) / 86_400_000) + 1;
  },
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
} as const satisfies Partial<Record<FunctionName, (date: Date) => number>>;

/** Seconds are cut to whole ones. */
export function dateOf(seconds: number): Date {
  return new Date(Math.trunc(seconds) * 1000);
}
