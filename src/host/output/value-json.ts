// A value of a result → JSON text. Integers and decimals keep every digit, JSON columns are passed on as they are, and
// what JSON has no form for is a string: NaN and the infinities as in OTLP/JSON, times and blobs as SQL shows them.

import type {
  DuckDBArrayValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBType,
  DuckDBUnionValue,
} from '@duckdb/node-api';
import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBVariantValue,
} from '../../duckdb/node-api.js';
import { isUnnamed } from './result-rows.js';
import { textOfType, unionMembers, unnamedField, type ValueText } from './value-text.js';

const numericTypes: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.BIGNUM,
  DuckDBTypeId.DECIMAL,
]);

export function isNumeric(type: DuckDBType): boolean {
  return numericTypes.has(type.typeId) || type.typeId === DuckDBTypeId.DOUBLE || type.typeId === DuckDBTypeId.FLOAT;
}

export function jsonOfType(type: DuckDBType, timeZone: string): ValueText {
  const json = jsonOfPresent(type, timeZone);
  return (value) => (value === null ? 'null' : json(value));
}

function jsonOfPresent(type: DuckDBType, timeZone: string): ValueText {
  if (type.alias === 'JSON') return (value) => onOneLine(String(value));
  if (numericTypes.has(type.typeId) || type.typeId === DuckDBTypeId.BOOLEAN) return String;
  const text = textOfType(type, timeZone);
  if (isNumeric(type)) {
    return (value) => {
      if (Number.isFinite(value)) return text(value);
      return Number.isNaN(value) ? '"NaN"' : (value as number) > 0 ? '"Infinity"' : '"-Infinity"';
    };
  }
  if (type.typeId === DuckDBTypeId.VARIANT) {
    return (value) => {
      if (!(value instanceof DuckDBVariantValue) || value.value === null) return 'null';
      return value.type === undefined ? JSON.stringify(text(value)) : jsonOfType(value.type, timeZone)(value.value);
    };
  }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const element = jsonOfType(type.valueType, timeZone);
    return (value) => `[${(value as DuckDBListValue | DuckDBArrayValue).items.map(element).join(',')}]`;
  }
  if (type instanceof DuckDBStructType && isUnnamed(type)) {
    const fields = type.entryTypes.map((field) => jsonOfType(field, timeZone));
    return (value) =>
      `[${fields.map((json, index) => unnamedField(value as DuckDBStructValue, index, json, 'null')).join(',')}]`;
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, index) => ({
      name,
      label: JSON.stringify(name),
      json: jsonOfType(type.entryTypes[index]!, timeZone),
    }));
    return (value) => {
      const { entries } = value as DuckDBStructValue;
      return `{${fields.map(({ name, label, json }) => `${label}:${json(entries[name] ?? null)}`).join(',')}}`;
    };
  }
  if (type instanceof DuckDBMapType) {
    const key = textOfType(type.keyType, timeZone);
    const item = jsonOfType(type.valueType, timeZone);
    return (value) =>
      `{${(value as DuckDBMapValue).entries.map((entry) => `${JSON.stringify(key(entry.key))}:${item(entry.value)}`).join(',')}}`;
  }
  if (type instanceof DuckDBUnionType) {
    const members = unionMembers(type, (member) => jsonOfType(member, timeZone));
    return (value) => {
      const { tag, value: member } = value as DuckDBUnionValue;
      return `{${JSON.stringify(tag)}:${members.get(tag)!(member)}}`;
    };
  }
  return (value) => JSON.stringify(text(value));
}

/** Line breaks in valid JSON stand between tokens only, and a row of `jsonlines` must not have any. */
function onOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}
