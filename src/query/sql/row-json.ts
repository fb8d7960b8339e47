// Blocks of an answer → JSON: columns with their types, and rows as lists of values.

import { JsonWriter } from '../../base/json-writer.js';
import { quotedIdentifier } from '../../duckdb/sql-text.js';
import type { Report } from '../run/engine.js';
import { isNull, numberAt, textAt } from '../scan/block-values.js';
import type { BlockColumn, ColumnBlock } from '../scan/scanner.js';
import type { AnswerColumn } from './sql-engine.js';

/** How values of a type are read and written. */
interface ValueForm {
  /** SQL of what is read, over SQL of the value. */
  readonly sql: (value: string) => string;
  readonly write: (json: JsonWriter, column: BlockColumn, row: number) => void;
}

/** Not `infinity`, and no year before Christ. */
const IS_TIME = /^\d{4}-\d\d-\d\d [\d:.]+$/;
const RESERVED_AT_ONCE = 64 << 10;

const asIs = (value: string) => value;
const asText = (value: string) => `CAST(${value} AS VARCHAR)`;

const numbers: ValueForm = {
  sql: asIs,
  write(json, column, row) {
    const value = numberAt(column, row)!;
    json.value(Number.isFinite(value) ? value : String(value));
  },
};
const booleans: ValueForm = {
  sql: asIs,
  write: (json, column, row) => json.ascii(String(numberAt(column, row) === 1)),
};
/** Numbers that JavaScript's are too short for, and everything that has no form of its own. */
const texts: ValueForm = { sql: asText, write: (json, column, row) => json.value(textAt(column, row)) };
/** ISO 8601, in UTC. */
const times: ValueForm = {
  sql: asText,
  write(json, column, row) {
    const text = textAt(column, row)!;
    json.value(IS_TIME.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  },
};
const nested: ValueForm = {
  sql: (value) => asText(`to_json(${value})`),
  write(json, column, row) {
    const text = textAt(column, row)!;
    // Not what DuckDB writes for NaN within a list.
    if (isJson(text)) json.text(text);
    else json.value(text);
  },
};

const formsByType: ReadonlyMap<string, ValueForm> = new Map([
  ['BOOLEAN', booleans],
  ...['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'FLOAT', 'DOUBLE'].map(
    (type): [string, ValueForm] => [type, numbers],
  ),
  ['VARCHAR', { ...texts, sql: asIs }],
  ['BLOB', { ...texts, sql: (value) => `to_base64(${value})` }],
  ['JSON', nested],
  ...['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'].map((type): [string, ValueForm] => [type, times]),
  ['TIMESTAMP WITH TIME ZONE', { ...times, sql: (value) => asText(`timezone('UTC', ${value})`) }],
]);

function formOf(type: string): ValueForm {
  return formsByType.get(type) ?? (/^(?:STRUCT|MAP|UNION)\(|\[\d*\]$/.test(type) ? nested : texts);
}

/** The answer to a statement, as it comes. */
export class RowJson {
  readonly #json = new JsonWriter();
  readonly #columns: readonly AnswerColumn[];
  readonly #forms: readonly ValueForm[];
  readonly #limits: { readonly maxRows: number; readonly maxBytes: number };
  readonly #report: Report;
  #rows = 0;
  #reservedBytes = 0;
  #truncated: 'rows' | 'bytes' | undefined;

  constructor(
    columns: readonly AnswerColumn[],
    limits: { readonly maxRows: number; readonly maxBytes: number },
    report: Report,
  ) {
    this.#columns = columns;
    this.#forms = columns.map(({ type }) => formOf(type));
    this.#limits = limits;
    this.#report = report;
    this.#json.ascii('{"columns":');
    this.#json.value(columns);
    this.#json.ascii(',"rows":[');
  }

  /** Names for the columns, which may have the same. */
  get columnNames(): string {
    return this.#columns.map((_column, i) => quotedIdentifier(`c${i}`)).join(', ');
  }

  /** SQL of what is read of the columns under these names. */
  get selectList(): string {
    return this.#forms.map(({ sql }, i) => sql(quotedIdentifier(`c${i}`))).join(', ');
  }

  /** Adds rows. False once no more are wanted. */
  add(block: ColumnBlock): boolean {
    for (let row = 0; row < block.rowCount; row++) {
      if (this.#rows === this.#limits.maxRows) this.#truncated = 'rows';
      else if (this.#json.length >= this.#limits.maxBytes) this.#truncated = 'bytes';
      if (this.#truncated !== undefined) return false;
      this.#addRow(block, row);
    }
    return true;
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#json.ascii('],"truncated":');
    this.#json.value(this.#truncated ?? null);
    this.#json.ascii('}');
    return this.#json.finish();
  }

  #addRow({ columns }: ColumnBlock, row: number): void {
    this.#json.ascii(this.#rows++ === 0 ? '[' : ',[');
    columns.forEach((column, i) => {
      if (i > 0) this.#json.ascii(',');
      if (isNull(column, row)) this.#json.ascii('null');
      else this.#forms[i]!.write(this.#json, column, row);
    });
    this.#json.ascii(']');
    // The writer doubles its bytes.
    const bytes = 2 * this.#json.length - this.#reservedBytes;
    if (bytes <= RESERVED_AT_ONCE) return;
    this.#report.reserveBytes(bytes);
    this.#reservedBytes += bytes;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
