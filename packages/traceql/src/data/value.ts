// Values of TraceQL. The JavaScript type tells the TraceQL type: bigint is an int, number a float, undefined is nil.

/** A span of time in nanoseconds. */
export class Duration {
  readonly ns: number;

  constructor(ns: number) {
    this.ns = ns;
  }
}

/** A status or kind. There is one object for each, so that they can be compared with `===`. */
export class Keyword {
  readonly type: 'status' | 'kind';
  readonly name: string;

  private constructor(type: 'status' | 'kind', name: string) {
    this.type = type;
    this.name = name;
  }

  static readonly statuses: readonly Keyword[] = ['unset', 'ok', 'error'].map((name) => new Keyword('status', name));
  static readonly kinds: readonly Keyword[] = [
    'unspecified',
    'internal',
    'server',
    'client',
    'producer',
    'consumer',
  ].map((name) => new Keyword('kind', name));
}

export type ElementType = 'string' | 'int' | 'float' | 'boolean';

/** An attribute with several values of one type. */
export class ArrayValue {
  readonly elementType: ElementType;
  readonly values: readonly (string | bigint | number | boolean)[];

  constructor(elementType: ElementType, values: readonly (string | bigint | number | boolean)[]) {
    this.elementType = elementType;
    this.values = values;
  }
}

export type Value = undefined | string | bigint | number | boolean | Duration | Keyword | ArrayValue;

/** The status for OTLP's StatusCode. What OTLP does not know counts as unset. */
export function statusOf(code: number): Keyword {
  return Keyword.statuses[code] ?? Keyword.statuses[0]!;
}

/** The kind for OTLP's SpanKind. What OTLP does not know counts as unspecified. */
export function kindOf(code: number): Keyword {
  return Keyword.kinds[code] ?? Keyword.kinds[0]!;
}
