import { askJson } from '../http.js';

export type SqlValue = string | number | boolean | null | object;

export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** What cut the answer. */
  readonly truncated: 'rows' | 'bytes' | null;
}

export function askSql(sql: string, signal: AbortSignal): Promise<SqlResult> {
  const headers = { 'content-type': 'application/json' };
  return askJson('/api/v1/sql', { method: 'POST', headers, body: JSON.stringify({ sql }), signal });
}

/** Integers that JavaScript's numbers are too short for come as texts. */
const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
const TIME = /^(?:TIMESTAMP|DATE)/;

export function isNumeric(type: string): boolean {
  return NUMBER.test(type) && !type.endsWith(']');
}

export function isTime(type: string): boolean {
  return TIME.test(type) && !type.endsWith(']');
}

export function numberIn(value: SqlValue | undefined): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
