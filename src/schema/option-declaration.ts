// The kit with which options are declared once. SQL parameters, TypeScript types, error texts, environment variables
// and the reference tables of the README all come from the declarations.

import { SqlError } from '../base/sql-error.js';

/** How an option's values are given in SQL. HUGEINT holds what a UBIGINT can, and the negatives that we refuse. */
export type OptionSqlType = 'VARCHAR' | 'BOOLEAN' | 'UBIGINT' | 'BIGINT';

/** A value as DuckDB hands it over; null when the caller gave none. */
export type GivenValue = string | boolean | bigint | number | null;

export interface Option<T> {
  readonly sqlType: OptionSqlType;
  /** What the reference shows as default. */
  readonly defaultText: string;
  readonly doc: string;
  /** For a switch that is on by default: what turning it off does. */
  readonly offDoc?: string;
  /** Turns a given value into one that may be used, or throws the reason why it may not. */
  read(name: string, given: GivenValue): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

/** Options as a program gives them: any of them, each as its type says. */
export type GivenOptions<O extends Options> = {
  readonly [Name in keyof O]?: NonNullable<OptionValues<O>[Name]> | undefined;
};

/** Reads every option of `options` from `given`, by name. */
export function readOptions<O extends Options>(
  options: O,
  given: Readonly<Record<string, GivenValue>>,
): OptionValues<O> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, option.read(name, given[name] ?? null)]),
  ) as OptionValues<O>;
}

/** For texts that mean nothing when they are empty. */
export function notEmpty(name: string, value: string): void {
  if (value === '') throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must not be empty`);
}

/** A text, or null when it was not given. */
export function optionalText(declared: {
  defaultText: string;
  doc: string;
  check?: (name: string, value: string) => void;
}): Option<string | null> {
  return {
    sqlType: 'VARCHAR',
    defaultText: declared.defaultText,
    doc: declared.doc,
    read(name, given) {
      if (given === null) return null;
      const value = String(given);
      declared.check?.(name, value);
      return value;
    },
  };
}

/** A text. */
export function text(declared: {
  default: string;
  doc: string;
  check?: (name: string, value: string) => void;
}): Option<string> {
  return {
    sqlType: 'VARCHAR',
    defaultText: `\`${declared.default}\``,
    doc: declared.doc,
    read(name, given) {
      const value = given === null ? declared.default : String(given);
      declared.check?.(name, value);
      return value;
    },
  };
}

/** One of a few words, or null if not given and without default. */
export function word<W extends string, D extends W | null>(declared: {
  words: readonly W[];
  default: D;
  defaultText: string;
  doc: string;
}): Option<W | D> {
  return {
    sqlType: 'VARCHAR',
    defaultText: declared.defaultText,
    doc: declared.doc,
    read(name, given) {
      if (given === null) return declared.default;
      const found = declared.words.find((candidate) => candidate === String(given).toLowerCase());
      if (found === undefined) {
        const choices = declared.words.map((choice) => `'${choice}'`).join(' or ');
        throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must be ${choices}, got '${given}'`);
      }
      return found;
    },
  };
}

export function flag(
  declared: { default: false; doc: string } | { default: true; doc: string; offDoc: string },
): Option<boolean> {
  return {
    ...('offDoc' in declared ? { offDoc: declared.offDoc } : {}),
    sqlType: 'BOOLEAN',
    defaultText: String(declared.default),
    doc: declared.doc,
    read: (_name, given) => (given === null ? declared.default : given === true),
  };
}

/** A whole number from zero to `max`, where zero has a meaning of its own. */
export function wholeNumber<D extends number | null>(declared: {
  sqlType: 'UBIGINT' | 'BIGINT';
  max: number;
  default: D;
  defaultText?: string;
  doc: string;
}): Option<number | D> {
  return {
    sqlType: declared.sqlType,
    defaultText: declared.defaultText ?? String(declared.default),
    doc: declared.doc,
    read(name, given) {
      if (given === null) return declared.default;
      const value = Number(given);
      if (Number.isSafeInteger(value) && value >= 0 && value <= declared.max) return value;
      throw new SqlError(
        'OTLP_ARGUMENT_INVALID',
        `${name} must be a whole number from 0 to ${declared.max}, got ${given}`,
      );
    },
  };
}

/** A whole number, of which 0 means that there is no limit. */
export function limit(declared: { doc: string }): Option<number> {
  return wholeNumber({
    ...declared,
    sqlType: 'UBIGINT',
    max: Number.MAX_SAFE_INTEGER,
    default: 0,
    defaultText: '0, no limit',
  });
}

/** A positive whole number. */
export function positiveInteger<D extends number | null>(declared: {
  sqlType: 'UBIGINT' | 'BIGINT';
  default: D;
  defaultText?: string;
  doc: string;
}): Option<number | D> {
  return {
    sqlType: declared.sqlType,
    defaultText: declared.defaultText ?? String(declared.default),
    doc: declared.doc,
    read(name, given) {
      if (given === null) return declared.default;
      const value = Number(given);
      if (!(value > 0)) throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must be greater than zero, got ${given}`);
      if (!Number.isSafeInteger(value)) {
        throw new SqlError(
          'OTLP_ARGUMENT_INVALID',
          `${name} must be a whole number of at most ${Number.MAX_SAFE_INTEGER}, got ${given}`,
        );
      }
      return value;
    },
  };
}
