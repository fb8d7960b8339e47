// JSON text of attributes → values with TraceQL's types.

import { ArrayValue, type Attributes, type ElementType, type Value } from '#traceql';
import { type JsonValue, parseObject } from './json-value.js';

const NO_ATTRIBUTES: Attributes = new Map();

/** Attributes of texts, each text read once while it is remembered: spans share resources and scopes. */
export class AttributeTexts {
  readonly #maxTexts: number;
  readonly #known = new Map<string, Attributes>();

  constructor(maxTexts: number) {
    this.#maxTexts = maxTexts;
  }

  attributes(text: string | undefined): Attributes {
    if (text === undefined) return NO_ATTRIBUTES;
    let attributes = this.#known.get(text);
    if (attributes === undefined) {
      attributes = attributesOf(text);
      if (this.#known.size >= this.#maxTexts) this.#known.clear();
      this.#known.set(text, attributes);
    }
    return attributes;
  }
}

export function attributesOf(text: string | undefined): Attributes {
  return text === undefined ? NO_ATTRIBUTES : typedAttributes(parseObject(text));
}

export function typedAttributes(members: Iterable<readonly [string, JsonValue]>): Attributes {
  const attributes = new Map<string, Value>();
  for (const [name, json] of members) {
    const value = typedValue(json);
    if (value !== undefined) attributes.set(name, value);
  }
  return attributes;
}

/** Undefined for what TraceQL has no type for. */
export function typedValue(json: JsonValue): Value {
  if (json === null || json instanceof Map) return undefined;
  if (Array.isArray(json)) return arrayValue(json);
  return json as string | bigint | number | boolean;
}

function arrayValue(elements: readonly JsonValue[]): ArrayValue | undefined {
  const types = new Set(elements.map(elementType));
  // A double without a fraction is written as an integer is.
  if (types.size === 2 && types.has('int') && types.has('float')) return new ArrayValue('float', elements.map(Number));
  const [type] = types;
  if (types.size !== 1 || type === undefined) return undefined;
  return new ArrayValue(type, elements as readonly (string | bigint | number | boolean)[]);
}

function elementType(element: JsonValue): ElementType | undefined {
  switch (typeof element) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'boolean';
    default:
      return undefined;
  }
}
