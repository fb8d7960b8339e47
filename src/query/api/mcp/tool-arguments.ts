// Arguments of tools, declared once: what agents are told of them (JSON Schema), and how a call's are read.

import { Failure } from '../../../base/failure.js';

interface ArgumentBase {
  readonly doc: string;
  readonly isRequired?: true;
}

export type ToolArgument = ArgumentBase &
  (
    | { readonly type: 'text'; readonly choices?: readonly string[] }
    | { readonly type: 'number'; readonly default: number; readonly min: number; readonly max: number }
    /** A time, or how long ago, such as `15m`. */
    | { readonly type: 'time'; readonly default?: string }
  );
export type ToolArguments = Readonly<Record<string, ToolArgument>>;

/** Longer ones are no names, words or queries. */
const MAX_CHARACTERS = 16_384;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const TIME_DOC = 'How long ago, such as 15m, 6h or 2d, or a time in ISO 8601.';

export function inputSchema(declared: ToolArguments) {
  const properties = Object.entries(declared).map(([name, argument]) => [name, schemaOf(argument)]);
  const required = Object.entries(declared).flatMap(([name, { isRequired }]) => (isRequired ? [name] : []));
  return { type: 'object' as const, properties: Object.fromEntries(properties), required, additionalProperties: false };
}

function schemaOf(argument: ToolArgument): object {
  switch (argument.type) {
    case 'number':
      return {
        type: 'integer',
        description: argument.doc,
        default: argument.default,
        minimum: argument.min,
        maximum: argument.max,
      };
    case 'time':
      return {
        type: 'string',
        description: `${argument.doc} ${TIME_DOC}`,
        ...(argument.default === undefined ? {} : { default: argument.default }),
      };
    case 'text':
      return { type: 'string', description: argument.doc, ...(argument.choices && { enum: argument.choices }) };
  }
}

/** What a call was given. */
export class GivenArguments {
  readonly #declared: ToolArguments;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #nowMs: number;

  /** Throws what is wrong with the arguments. */
  constructor(declared: ToolArguments, given: Readonly<Record<string, unknown>>, nowMs: number) {
    this.#declared = declared;
    this.#given = given;
    this.#nowMs = nowMs;
    for (const [name, value] of Object.entries(given)) {
      const argument = declared[name];
      if (argument === undefined) {
        throw invalid(`there is no argument ${name}: there are ${Object.keys(declared).join(', ')}`);
      }
      if (value !== null && value !== undefined) check(name, argument, value);
    }
    for (const [name, { isRequired }] of Object.entries(declared)) {
      if (isRequired && (given[name] ?? '') === '') throw invalid(`${name} must be given`);
    }
  }

  /** Undefined where none was given, or an empty one, as models send for nothing. */
  text(name: string): string | undefined {
    return (this.#given[name] as string | null | undefined) || undefined;
  }

  number(name: string): number {
    return (this.#given[name] as number | null | undefined) ?? (this.#declared[name] as { default: number }).default;
  }

  /** In milliseconds since 1970; the default, or undefined, where none was given. */
  timeMs(name: string): number | undefined {
    const given = this.text(name) ?? (this.#declared[name] as { default?: string }).default;
    return given === undefined ? undefined : timeMs(name, given, this.#nowMs);
  }
}

function check(name: string, argument: ToolArgument, value: unknown): void {
  if (argument.type === 'number') {
    const { min, max } = argument;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return;
    throw invalid(`${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
  }
  if (typeof value !== 'string') throw invalid(`${name} must be a text, got ${JSON.stringify(value)}`);
  if (value.length > MAX_CHARACTERS)
    throw invalid(`${name} must have at most ${MAX_CHARACTERS} characters, got ${value.length}`);
  if (argument.type === 'text' && argument.choices !== undefined && value !== '' && !argument.choices.includes(value)) {
    throw invalid(`${name} must be one of ${argument.choices.join(', ')}, got ${JSON.stringify(value)}`);
  }
}

function timeMs(name: string, text: string, nowMs: number): number {
  const [, amount, unit] = /^(\d{1,9})\s*([smhdw])$/.exec(text.trim()) ?? [];
  const parsed = unit === undefined ? Date.parse(text) : nowMs - Number(amount) * UNITS_MS[unit]!;
  if (Number.isFinite(parsed)) return parsed;
  throw invalid(`${name} must be how long ago, such as 15m, or a time in ISO 8601, got ${JSON.stringify(text)}`);
}

function invalid(message: string): Failure {
  return new Failure('malformed', message);
}
