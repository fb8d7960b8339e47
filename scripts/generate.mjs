// Built declarations (dist/) → the reference parts of README.md and docs/. `npm run generate` writes them; with --check
// (`npm run generated`) it writes nothing and fails when a file is not what it would write.
//
// A part of a file stands between <!-- generated:NAME --> and <!-- /generated:NAME -->; the rest is written by hand.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constructReference as logqlConstructReference } from '../packages/logql/scripts/constructs.mjs';
import { constructReference } from '../packages/promql/scripts/constructs.mjs';
import { traceqlConstructReference } from '../packages/traceql/scripts/constructs.mjs';

const root = new URL('..', import.meta.url);
const { failureKinds } = await built('base/failure.js');
const { sqlErrorCodes } = await built('base/sql-error.js');
const { serveOptions } = await built('schema/serve-options.js');
const { telemetryTables } = await built('schema/tables.js');
const { sealsTable } = await built('schema/seals.js');
const { leasesTable } = await built('schema/leases.js');
const { hostRules } = await built('host/production.js');
const { hostVariables, queryOptions, variableOf } = await built('host/serve-settings.js');
const { otlpService } = await built('otlp-service.js');
const { readOtlp } = await built('functions/read-otlp.js');
const { readOtap } = await built('functions/read-otap.js');
const { otapFileOptions, otlpFileOptions } = await built('files/file-options.js');
const { readableRows } = await built('functions/file-readers.js');
const { mcpTools, sqlTool } = await built('query/api/mcp/mcp-tools.js');
const { functionGroups } = await built('query/sql/allowed-functions.js');
const { metricFamilies, queryFamilies } = await built('control/metric-families.js');
const { QueryCounts } = await built('query/run/query-counts.js');
const noQueries = { running: [], reservedBytes: 0, limits: {}, counts: new QueryCounts() };
const functions = await declaredFunctions();

/** The variables of the service that are no parameters of a function. */
const hostMeanings = {
  config: '`--config`',
  database: 'the `database` argument',
  uri: '`--uri`; several with commas between',
  init: '`--init`',
  drainTimeoutMs: '`--drain-timeout-ms`',
  memoryLimit: '`--memory-limit`',
  quack: '`--quack`',
  quackToken: '`--quack-token`',
  queryUri: '`--query-uri`; several with commas between',
  logLevel: '`--log-level`; without it, `LOG_LEVEL` is looked at',
  production: '`--production`',
  productionExcept: '`--production-except`',
};

const partsByFile = {
  'README.md': {
    'first-log': () => fenced('sh', 'examples/first-log.sh'),
    'first-query': () => fenced('sql', 'examples/first-query.sql'),
    'library-example': () => fenced('js', 'examples/library.mjs'),
    functions: functionSummary,
    environment: environmentReference,
  },
  'docs/ducklake.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/iceberg.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/live.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/loki.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/notebook.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/mcp.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh'), 'mcp-tools': mcpToolReference },
  'docs/sql-over-http.md': {
    'first-log': () => fenced('sh', 'examples/first-log.sh'),
    'sql-functions': sqlFunctionReference,
  },
  'docs/tempo.md': { 'first-trace': () => fenced('sh', 'examples/first-trace.sh') },
  'docs/prometheus.md': { 'first-metric': () => fenced('sh', 'examples/first-metric.sh') },
  'docs/administration.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/retention.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/parquet.md': { 'first-log': () => fenced('sh', 'examples/first-log.sh') },
  'docs/deployment.md': { production: productionReference },
  'docs/functions.md': { functions: functionReference, 'file-readers': fileReaderReference },
  'docs/tables.md': { tables: tableReference },
  'docs/monitoring.md': { metrics: metricReference },
  'docs/errors.md': { 'failure-kinds': failureReference, 'sql-error-codes': sqlErrorReference },
  'packages/logql/docs/constructs.md': { constructs: logqlConstructReference },
  'packages/promql/docs/constructs.md': { constructs: constructReference },
  'packages/traceql/docs/constructs.md': { constructs: traceqlConstructReference },
};

const isCheck = process.argv.includes('--check');
const stale = [];
for (const [path, parts] of Object.entries(partsByFile)) {
  const current = readText(path);
  const generated = Object.entries(parts).reduce((text, [name, write]) => withPart(path, text, name, write()), current);
  if (generated === current) continue;
  stale.push(path);
  if (!isCheck) writeFileSync(new URL(path, root), generated);
}
if (isCheck && stale.length > 0) {
  console.error(`not what npm run generate writes: ${stale.join(', ')}`);
  process.exitCode = 1;
} else {
  console.log(`generated: ${isCheck ? 'all files are fresh' : stale.join(', ') || 'nothing to change'}`);
}

function productionReference() {
  const rows = Object.entries({ ...hostRules, ...otlpService.productionRules }).map(([rule, doc]) => [
    `\`${rule}\``,
    doc,
  ]);
  return table(['Rule', 'What must be so'], rows);
}

function mcpToolReference() {
  const rows = [...mcpTools, sqlTool].map(({ name, doc, arguments: declared }) => {
    const names = Object.entries(declared).map(([argument, { isRequired }]) =>
      isRequired ? `**\`${argument}\`**` : `\`${argument}\``,
    );
    return `| \`${name}\` | ${names.join(', ')} | ${doc} |`;
  });
  return ['| Tool | Arguments | Says |', '| --- | --- | --- |', ...rows].join('\n');
}

function sqlFunctionReference() {
  const rows = functionGroups.map(({ why, names }) => {
    const codes = names.split(' ').map((name) => `\`${name.replaceAll('|', '\\|')}\``);
    return `| ${why} | ${codes.join(' ')} |`;
  });
  return ['| Why | Functions |', '| --- | --- |', ...rows].join('\n');
}

function metricReference() {
  const rows = [...metricFamilies([]), ...queryFamilies(noQueries)].map(
    ({ name, type, doc }) => `| \`${name}\` | ${type} | ${doc} |`,
  );
  return ['| Metric | Type | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function readText(path) {
  return readFileSync(new URL(path, root), 'utf8');
}

async function built(path) {
  try {
    return await import(new URL(`dist/${path}`, root));
  } catch (error) {
    throw new Error(`cannot load dist/${path}, run npm run build first: ${error.message}`, { cause: error });
  }
}

function withPart(path, text, name, content) {
  const [open, close] = [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start === -1 || end < start) throw new Error(`${path} has no part between ${open} and ${close}`);
  return `${text.slice(0, start + open.length)}\n${content.trim()}\n${text.slice(end)}`;
}

/**
 * Every function of dist/functions: those that start and end servers, in that order, then those over query engines, queries, lists and scalars. Its
 * file is named as in SQL; the doc comment of its export begins with its signature.
 */
async function declaredFunctions() {
  const files = readdirSync(new URL('dist/functions/', root)).filter((file) =>
    /^(?:ot\w+-|promql|logql|traceql).*\.d\.ts$/.test(file),
  );
  const declared = await Promise.all(files.flatMap((file) => functionsOf(file.replace(/\.d\.ts$/, ''))));
  const lifecycle = [
    'otlp_serve',
    'otap_serve',
    'otlp_query_serve',
    'otlp_flush',
    'otlp_stop',
    'otlp_replay',
    'otlp_tls_reload',
    'otlp_token_reload',
    'otlp_retention',
    'otlp_partition_list',
    'otlp_pause',
    'otlp_resume',
    'otlp_maintain',
    'otlp_query_cancel',
  ];
  const rank = ({ declaration }) =>
    ['run', 'open', 'sql', 'rows', 'value'].findIndex((member) => member in declaration);
  const place = ({ declaration: { name } }) => lifecycle.indexOf(name);
  return declared
    .flat()
    .sort((a, b) => rank(a) - rank(b) || place(a) - place(b) || (a.declaration.name < b.declaration.name ? -1 : 1));
}

async function functionsOf(file) {
  const exported = await built(`functions/${file}.js`);
  const comments = readText(`dist/functions/${file}.d.ts`);
  const documented =
    /\/\*\*\s+(?:\* )?`(?<signature>[^`]*)`: (?<doc>.*?)\*\/\s*export declare (?:function|const) (?<name>\w+)/gs;
  return [...comments.matchAll(documented)].map(({ groups: { signature, doc, name } }) => {
    const value = exported[name];
    // A function with work to do is made for a registry of servers, of which its declaration shows nothing.
    const declaration = typeof value === 'function' ? value(undefined) : value;
    return {
      declaration,
      signature: signature.replaceAll(/\s*\n\s*\*?\s*/g, ' '),
      doc: sentence(doc.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim()),
    };
  });
}

function functionSummary() {
  return table(
    ['Function', 'What it does'],
    functions.map(({ signature, doc }) => [`\`${signature}\``, doc]),
  );
}

function functionReference() {
  return functions.map(functionSection).join('\n\n');
}

/** What a function takes and gives: equal texts where a reader would learn nothing new. */
function shape({ parameters = [], columns }) {
  return JSON.stringify([parameters.map(({ name }) => name), columns]);
}

function functionSection({ declaration, signature, doc }) {
  const { name, parameters = [], columns, fields } = declaration;
  const parts = [`## \`${signature}\``, doc];
  const twin = functions.find((other) => shape(other.declaration) === shape(declaration));
  if (parameters.length > 0 && twin.declaration !== declaration) {
    const given = parameters.flatMap(({ name: parameter, defaultSql }, i) =>
      defaultSql === twin.declaration.parameters[i].defaultSql
        ? []
        : [`, with \`${parameter}\` defaulting to \`${defaultSql.replaceAll("'", '')}\``],
    );
    parts.push(`Parameters and columns are like those of \`${twin.declaration.name}\`${given.join('')}.`);
    return parts.join('\n\n');
  }
  const ofQuery = parameters.filter((parameter) => 'doc' in parameter);
  const options = parameters.filter((parameter) => !('doc' in parameter) && parameter.name in serveOptions);
  const positional = parameters.filter((parameter) => !('doc' in parameter) && !(parameter.name in serveOptions));
  const queryRows = ofQuery.map(({ name: given, sqlType, defaultSql, defaultText, doc }) => [
    `\`${given}\`${defaultSql === undefined ? ' (positional)' : ''}`,
    sqlType,
    readable(defaultText ?? 'required'),
    doc,
  ]);
  const positionalRows = positional.map((parameter) => [
    `\`${parameter.name}\` (positional)`,
    parameter.sqlType,
    parameter.defaultSql === undefined ? 'required' : `\`${parameter.defaultSql.replaceAll("'", '')}\``,
    name.endsWith('_serve') ? 'Where to listen. Port 0 picks a free one.' : 'URI of the server.',
  ]);
  const optionRows = options.map((parameter) => {
    const { sqlType, defaultText, doc } = serveOptions[parameter.name];
    return [`\`${parameter.name}\``, sqlType, readable(defaultText), doc];
  });
  if (parameters.length > 0) {
    parts.push(table(['Parameter', 'Type', 'Default', 'Meaning'], [...positionalRows, ...optionRows, ...queryRows]));
  }
  if ('sql' in declaration && columns === undefined) {
    const { addedColumn } = declaration;
    const extra = addedColumn === undefined ? '' : `, and \`${addedColumn.name}\`: ${addedColumn.doc}`;
    parts.push(`Columns: those of the table, promoted ones included${extra}.`);
  }
  if (columns !== undefined) {
    const rows = columns.map((column) => [`\`${column.name}\``, column.type, column.doc]);
    parts.push(table(['Column', 'Type', 'Meaning'], rows));
  }
  if (fields !== undefined) {
    const struct = Object.entries(fields).map(([field, type]) => `${field} ${type}`);
    parts.push(`A scalar function. Returns \`STRUCT(${struct.join(', ')})\`; NULL for NULL.`);
  }
  return parts.join('\n\n');
}

/** One section for all readers: they differ in the rows that they return only. */
function fileReaderReference() {
  const [otlp, otap] = [readOtlp(), readOtap()];
  const rows = readableRows.map(({ tables }, i) => [
    `\`${otlp[i].name}\``,
    `\`${otap[i].name}\``,
    tables.length === 1
      ? `Those of \`${tables[0].name}\`.`
      : 'All metrics; `metric_type` says which, and columns that it lacks are NULL.',
  ]);
  const optionRows = Object.entries({ ...otlpFileOptions, ...otapFileOptions }).map(
    ([name, { sqlType, defaultText, doc }]) => [
      `\`${name}\`${name in otapFileOptions ? '' : ' (OTLP)'}`,
      sqlType,
      defaultText,
      doc,
    ],
  );
  const path = [
    '`path` (positional)',
    'VARCHAR or VARCHAR[]',
    'required',
    'A path, a pattern (`*`, `**`, `?`, `[…]`), or a list of them.',
  ];
  return [
    table(['OTLP files', 'OTAP files', 'Rows'], rows),
    table(['Parameter', 'Type', 'Default', 'Meaning'], [path, ...optionRows]),
  ].join('\n\n');
}

function environmentReference() {
  const ours = Object.entries(hostVariables).map(([name, variable]) => [`\`${variable}\``, '', hostMeanings[name]]);
  const options = Object.entries(otlpService.options).map(([name, { ofListener }]) => {
    const upper = name.toUpperCase();
    const list = ofListener ? `; several with commas between, one for each server` : '';
    return [`\`OTELDUCK_${upper}\``, `\`DUCKDB_OTLP_${upper}\``, `\`${name}\`${list}`];
  });
  const ofQueries = Object.keys(queryOptions(otlpService).options).map((name) => [
    `\`${variableOf(name)}\``,
    '',
    `\`${name in otlpService.queries.options ? name : name.replace(/^query_/, '')}\` of \`otlp_query_serve\``,
  ]);
  return table(['Variable', 'Accepted too', 'The same as'], [...ours, ...options, ...ofQueries]);
}

function tableReference() {
  return [...telemetryTables, sealsTable, leasesTable]
    .map(({ name, doc, columns, exactColumns = [] }) => {
      const rows = columns.map((column) => [`\`${column.name}\``, column.type, absentValue(column), column.doc]);
      const exact = exactColumns.map((column) => [`\`${column.name}\``, column.type, column.doc]);
      const kept =
        exact.length === 0
          ? ''
          : `\n\nWith \`fidelity := 'exact'\` also:\n\n${table(['Column', 'Type', 'Meaning'], exact)}`;
      return `## \`${name}\`\n\n${doc}\n\n${table(['Column', 'Type', 'When not sent', 'Meaning'], rows)}${kept}`;
    })
    .join('\n\n');
}

function absentValue({ name, type, absent }) {
  // The one column that decoders fill when the sender did not.
  if (name === 'service_name') return '`unknown`';
  if (absent === 'NULL') return 'NULL';
  if (type.endsWith('[]')) return '`[]`';
  return { VARCHAR: "`''`", BOOLEAN: '`false`', TIMESTAMP: '1970-01-01' }[type] ?? '`0`';
}

function failureReference() {
  const rows = Object.entries(failureKinds).map(([kind, { reason, http, grpc, retryable }]) => [
    `\`${kind}\``,
    `\`${reason}\``,
    String(http),
    `\`${grpc}\``,
    retryable ? 'yes' : 'no',
  ]);
  return table(['Kind', '`error`', 'HTTP', 'gRPC', 'May be sent again'], rows);
}

function sqlErrorReference() {
  const rows = Object.entries(sqlErrorCodes).map(([code, { meaning, remedy }]) => [`\`${code}\``, meaning, remedy]);
  return table(['Code', 'Meaning', 'What to do'], rows);
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function fenced(language, path) {
  return `\`\`\`${language}\n${readText(path).trim()}\n\`\`\``;
}

function sentence(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** `16777216` → `16777216` (16 MiB). */
function readable(defaultText) {
  const MiB = 2 ** 20;
  const value = Number(defaultText);
  if (!Number.isInteger(value)) return defaultText;
  if (value % MiB !== 0 || value === 0) return defaultText;
  return value % (1024 * MiB) === 0 ? `${value} (${value / MiB / 1024} GiB)` : `${value} (${value / MiB} MiB)`;
}
