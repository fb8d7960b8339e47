// Dot commands about databases and what is in them.

import { rmSync } from 'node:fs';
import { qualifiedName, quotedIdentifier, quotedString } from '../../duckdb/sql-text.js';
import { modes } from '../output/result-modes.js';
import { type TableOutline, tableBoxes } from '../output/table-boxes.js';
import { type DotCommands, type DotContext, required } from './dot-command.js';

export const catalogCommands: DotCommands = {
  databases: { usage: '', doc: 'List the attached databases', run: listDatabases },
  dump: { usage: '[LIKE …]', doc: 'Write the SQL that makes the tables and their rows', run: dump },
  import: {
    usage: '[--csv|--json|--parquet] [--NAME VALUE …] FILE TABLE',
    doc: "Insert a file's rows into a table, which is made if there is none; names and values are the reader's",
    isUnsafe: true,
    run: importFile,
  },
  indexes: { usage: '[LIKE]', doc: 'List the indexes of tables', run: listIndexes },
  open: {
    usage: '[--new|--readonly] [FILE]',
    doc: 'Close the database, with all servers, and open another; without a file, one in memory',
    isUnsafe: true,
    run: openDatabase,
  },
  schema: { usage: '[LIKE]', doc: 'Show the CREATE statements of tables, views and indexes', run: showSchema },
  tables: { usage: '[LIKE]', doc: 'Show tables and views with their columns', run: listTables },
};

async function listDatabases(shell: DotContext): Promise<void> {
  const rows = await shell.query(
    "SELECT database_name, coalesce(path, 'in memory') FROM duckdb_databases() WHERE NOT internal ORDER BY database_oid",
  );
  await shell.write(rows.map(([name, path]) => `${name}: ${path}\n`).join(''));
}

async function openDatabase(shell: DotContext, words: readonly string[]): Promise<void> {
  const options = words.filter((word) => word.startsWith('-'));
  const files = words.filter((word) => !word.startsWith('-'));
  for (const option of options) {
    if (option !== '--new' && option !== '--readonly') throw new Error(`unknown option ${option}`);
  }
  if (files.length > 1) throw new Error(`expected one file, got ${files.join(' ')}`);
  const path = files[0] ?? ':memory:';
  if (options.includes('--new') && path !== ':memory:') {
    await shell.open(':memory:', { isReadOnly: false }); // it may be the file that is open
    rmSync(path, { force: true });
    rmSync(`${path}.wal`, { force: true });
  }
  await shell.open(path, { isReadOnly: options.includes('--readonly') });
}

/** Readers by the ends of files' names, compressed or not. */
const readers: readonly (readonly [RegExp, string])[] = [
  [/\.parquet$/i, 'read_parquet'],
  [/\.(?:json|jsonl|ndjson)(?:\.\w+)?$/i, 'read_json'],
  [/(?:)/, 'read_csv'],
];

async function importFile(shell: DotContext, words: readonly string[]): Promise<void> {
  let reader: string | undefined;
  const parameters: string[] = [];
  const places: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!word.startsWith('--')) places.push(word);
    else if (['--csv', '--json', '--parquet'].includes(word)) reader = `read_${word.slice(2)}`;
    else {
      at++;
      parameters.push(
        `, ${quotedIdentifier(word.slice(2))} = ${parameterValue(required(words[at], `a value of ${word}`))}`,
      );
    }
  }
  const [file, table, ...others] = places;
  if (others.length > 0) throw new Error(`expected a file and a table, got ${places.join(' ')}`);
  const name = qualifiedName(...required(table, 'a file and a table').split('.'));
  reader ??= readers.find(([pattern]) => pattern.test(file!))![1];
  const rows = `FROM ${reader}(${quotedString(file!)}${parameters.join('')})`;
  const isThere = await shell.query(`FROM ${name} LIMIT 0`).then(
    () => true,
    () => false,
  );
  // As a statement of the person's, which shows how far it is, and which Ctrl-C ends.
  await shell.show(isThere ? `INSERT INTO ${name} ${rows}` : `CREATE TABLE ${name} AS ${rows}`, modes.trash);
}

/** Numbers, switches and lists as they are, all else as text. */
function parameterValue(text: string): string {
  return /^(?:-?\d+(?:\.\d+)?|true|false|[[{].*[\]}])$/is.test(text) ? text : quotedString(text);
}

async function listTables(shell: DotContext, [like = '%']: readonly string[]): Promise<void> {
  const rows = await shell.query(
    `SELECT t.database_name, t.schema_name, t.name, coalesce(t.row_count, ''), c.column_name,
       CASE WHEN c.data_type LIKE 'STRUCT(%' THEN 'struct' WHEN c.data_type LIKE 'ENUM(%' THEN 'enum' ELSE lower(c.data_type) END
     FROM (SELECT database_name, schema_name, table_name AS name, table_oid AS oid, estimated_size::VARCHAR AS row_count
         FROM duckdb_tables() WHERE NOT internal
       UNION ALL SELECT database_name, schema_name, view_name, view_oid, NULL FROM duckdb_views() WHERE NOT internal) t
     JOIN duckdb_columns() c ON c.database_name = t.database_name AND c.schema_name = t.schema_name AND c.table_name = t.name
     WHERE t.name LIKE $1 ORDER BY t.database_name <> current_database(), t.database_name, t.schema_name, t.name, c.column_index`,
    [like],
  );
  const schemas = new Map<
    string,
    Map<string, { name: string; rowCount: string; columns: { name: string; type: string }[] }>
  >();
  for (const [database, schema, name, rowCount, column, type] of rows as [
    string,
    string,
    string,
    string,
    string,
    string,
  ][]) {
    const place = `${database}.${schema}`;
    const tables = schemas.get(place) ?? new Map();
    schemas.set(place, tables);
    const table = tables.get(name) ?? { name, rowCount, columns: [] };
    tables.set(name, table);
    table.columns.push({ name: column, type });
  }
  for (const [place, tables] of schemas) {
    const outlines: TableOutline[] = [...tables.values()];
    await shell.write(`${place}\n${tableBoxes(outlines, shell.width)}`);
  }
}

async function listIndexes(shell: DotContext, [like = '%']: readonly string[]): Promise<void> {
  const rows = await shell.query('SELECT index_name FROM duckdb_indexes() WHERE table_name LIKE $1 ORDER BY ALL', [
    like,
  ]);
  await shell.write(rows.map(([name]) => `${name}\n`).join(''));
}

async function showSchema(shell: DotContext, [like = '%']: readonly string[]): Promise<void> {
  const rows = await shell.query(
    `SELECT sql FROM (SELECT 1 AS kind, table_name AS name, sql FROM duckdb_tables() WHERE NOT internal
       UNION ALL SELECT 2, view_name, sql FROM duckdb_views() WHERE NOT internal
       UNION ALL SELECT 3, table_name, sql FROM duckdb_indexes())
     WHERE name LIKE $1 AND sql IS NOT NULL ORDER BY kind, name, sql`,
    [like],
  );
  await shell.write(rows.map(([sql]) => statement(sql!)).join(''));
}

function statement(sql: string): string {
  return `${sql.trim().replace(/;?$/, ';')}\n`;
}

/** The current database, in an order in which what is needed comes first; rows as mode insert writes them. */
async function dump(shell: DotContext, patterns: readonly string[]): Promise<void> {
  const likes = patterns.length === 0 ? ['%'] : patterns;
  const isWanted = `(${likes.map((_, index) => `table_name LIKE $${index + 1}`).join(' OR ')})`;
  const here = 'database_name = current_database() AND NOT internal';
  const statements = (sql: string, values: readonly string[] = []) =>
    shell.query(sql, values).then((rows) => rows.map(([text]) => text!));
  await shell.write('BEGIN TRANSACTION;\n');
  if (patterns.length === 0) {
    const before = [
      `SELECT format('CREATE SCHEMA IF NOT EXISTS "{}"', schema_name) FROM duckdb_schemas() WHERE ${here} AND schema_name <> 'main' ORDER BY ALL`,
      `SELECT format('CREATE TYPE "{}"."{}" AS ENUM ({})', schema_name, type_name,
         array_to_string(list_transform(labels, l -> '''' || replace(l, '''', '''''') || ''''), ', '))
       FROM duckdb_types() WHERE ${here} AND logical_type = 'ENUM' ORDER BY type_oid`,
      'SELECT sql FROM duckdb_sequences() WHERE database_name = current_database() ORDER BY sequence_oid',
    ];
    for (const sql of before) for (const text of await statements(sql)) await shell.write(statement(text));
  }
  const tables = await shell.query(
    `SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE ${here} AND NOT temporary AND ${isWanted} ORDER BY table_oid`,
    likes,
  );
  for (const [schema, table, sql] of tables as [string, string, string][]) {
    await shell.write(statement(sql));
    const name = qualifiedName(schema, table);
    await shell.show(`FROM ${name}`, modes.insert, { insertTable: name });
  }
  const after = [
    `SELECT sql FROM duckdb_views() WHERE ${here} AND NOT temporary AND ${isWanted.replaceAll('table_name', 'view_name')} ORDER BY view_oid`,
    `SELECT sql FROM duckdb_indexes() WHERE database_name = current_database() AND sql IS NOT NULL AND ${isWanted} ORDER BY index_oid`,
  ];
  for (const sql of after) for (const text of await statements(sql, likes)) await shell.write(statement(text));
  await shell.write('COMMIT;\n');
}
