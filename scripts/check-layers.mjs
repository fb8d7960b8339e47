// Files of src/ and packages/ → yes, or each import that breaks a rule, with the rule. `npm run layers`; takes another root as argument.
//
// TypeScript's own parser is not asked: its compiler is a native program, and after formatting every import begins a line.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * From composer to part. A name is a folder of src/, or a file in it; a folder inside one that has no line of its own belongs
 * to the folder around it. Names in one line are each other's equals, and do not import each other.
 */
const layers = [
  ['main'],
  ['host'],
  ['host/shell'],
  ['host/output'],
  ['otlp'],
  ['otlp-service'],
  ['serve'],
  ['functions'],
  ['control'],
  ['query/api/mcp'],
  ['query/api/prometheus', 'query/api/loki', 'query/api/tempo', 'query/api/sql', 'query/api/pages'],
  ['query/promql', 'query/logql', 'query/traceql', 'query/sql'],
  ['query/metrics', 'query/logs', 'query/traces'],
  ['query/run'],
  ['query/scan'],
  ['receive'],
  ['live'],
  ['ingest'],
  ['server/read'],
  ['server/grpc', 'server/http'],
  ['server'],
  ['server/identity', 'server/tls'],
  ['seal', 'upkeep'],
  ['journal'],
  ['catalog'],
  ['files'],
  ['decode'],
  ['decode/otap'],
  ['decode/json', 'decode/protobuf'],
  ['decode/arrow'],
  ['decode/rows'],
  ['decode/compression'],
  ['decode/text'],
  ['duckdb'],
  ['buffer'],
  ['load', 'demo', 'agents'],
  ['schema'],
  ['plugin'],
  ['base'],
];
const layerNames = layers.flat();

/** The one file that loads DuckDB's API, and the outermost folders and files that may use it. All may name the API's types. */
const NODE_API = 'duckdb/node-api.ts';
const DUCKDB_USERS = new Set(['main', 'host', 'otlp', 'duckdb']);
/** The one folder that may use what lies below the API, where a mistake is garbage rows or a crash. */
const BINDINGS_USER = 'duckdb';

/**
 * The host knows plugins by their contract alone: what it may import, and names that only a plugin may say. The load generator
 * is a command of its own, and knows no plugin either.
 */
const HOST = 'host';
const HOST_IMPORTS = new Set([HOST, 'load', 'duckdb', 'plugin', 'base']);
const PLUGIN_NAME = /\bot(?:lp|ap)_\w+/g;

/**
 * The engines of packages/, which are not published under these names: once otelduck is installed, a bare name is somebody else's
 * package. The `imports` of package.json say what a name with # means.
 */
const ENGINE = /^(?:promql|logql|traceql)(?=\/|$)/;
/** Folders of packages/ whose files are made or installed. */
const NOT_SOURCE = /(?:^|\/)(?:node_modules|dist[^/]*)\//;

const IMPORT = /^(?:import|export)\b(?<clause>[^'";]*?)\bfrom\s*'(?<from>[^']+)'|^import\s*'(?<bare>[^']+)'/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*'(?<from>[^']+)'/g;

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const sourceFolder = join(root, 'src');
const files = typeScriptIn(sourceFolder);
const packagesFolder = join(root, 'packages');
const packageFiles = existsSync(packagesFolder)
  ? typeScriptIn(packagesFolder).filter((file) => !NOT_SOURCE.test(file))
  : [];
if (files.length === 0) throw new Error(`there are no TypeScript files in ${sourceFolder}`);

const importsByFile = new Map(files.map((file) => [file, readImports(sourceFolder, file)]));
const findings = [
  ...files.flatMap(misplaced),
  ...files.flatMap(pluginNames),
  ...[...importsByFile.values()].flat().flatMap(broken),
  ...[...importsByFile.values()].flat().flatMap((imported) => bareEngine('src', imported)),
  ...packageFiles.flatMap((file) =>
    readImports(packagesFolder, file).flatMap((imported) => bareEngine('packages', imported)),
  ),
  ...cycles(),
];

for (const finding of findings) console.error(finding);
if (findings.length > 0) {
  console.error(`\n${files.length + packageFiles.length} files, rules of layers broken: ${findings.length}`);
  process.exitCode = 1;
} else {
  console.log(`layers: ${files.length + packageFiles.length} files, every import points to a part`);
}

function typeScriptIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'))
    .sort();
}

function readImports(folder, file) {
  const text = readFileSync(join(folder, file), 'utf8');
  const found = [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC_IMPORT)];
  return found.map(({ index, groups }) => {
    const specifier = groups.from ?? groups.bare;
    return {
      file,
      specifier,
      line: text.slice(0, index).split('\n').length,
      isTypeOnly: /^\s*type\b(?!\s*,)/.test(groups.clause ?? ''),
      target: specifier.startsWith('.') ? targetOf(file, specifier) : undefined,
    };
  });
}

/** The file of src/ that a relative specifier means; what the compiler makes of it is called .js. */
function targetOf(file, specifier) {
  return posix.normalize(posix.join(posix.dirname(file), specifier)).replace(/\.js$/, '.ts');
}

/** The innermost folder or file that has a line above, or the outermost where none has. */
function layerOf(file) {
  const parts = file.replace(/\.ts$/, '').split('/');
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('/');
    if (layerNames.includes(name)) return name;
  }
  return outermost(file);
}

function outermost(file) {
  return file.split('/')[0].replace(/\.ts$/, '');
}

function rankOf(file) {
  return layers.findIndex((names) => names.includes(layerOf(file)));
}

function misplaced(file) {
  const found = [];
  if (posix.basename(file) === 'index.ts') {
    found.push(`${place(file)}: a folder has no index.ts; import the file that is meant`);
  }
  if (rankOf(file) === -1)
    found.push(`${place(file)}: ${layerOf(file)} has no place in the order of layers: ${order()}`);
  return found;
}

/** Functions, tables and options of a plugin that the host names, in comments too: those would be wrong for another plugin. */
function pluginNames(file) {
  if (outermost(file) !== HOST) return [];
  const text = readFileSync(join(sourceFolder, file), 'utf8');
  return [...text.matchAll(PLUGIN_NAME)].map(({ 0: name, index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${place(file)}:${line}: '${name}': the host knows plugins by src/plugin.ts, and names nothing of theirs`;
  });
}

function broken(imported) {
  const { file, specifier, line, target, isTypeOnly } = imported;
  const wrong = (rule) => [`${place(file)}:${line}: '${specifier}': ${rule}`];
  if (target === undefined) return brokenPackageRule(imported).flatMap(wrong);
  if (target.startsWith('../')) return wrong('an import stays inside src/');
  const from = rankOf(file);
  const to = rankOf(target);
  if (from === -1 || to === -1) return [];
  if (target === NODE_API && !isTypeOnly && !DUCKDB_USERS.has(outermost(file))) {
    return wrong(`only ${[...DUCKDB_USERS].join(', ')} may use it; others may import types from @duckdb/node-api`);
  }
  if (outermost(file) === HOST && !HOST_IMPORTS.has(outermost(target))) {
    return wrong(`the host knows plugins by src/plugin.ts, and imports only from ${[...HOST_IMPORTS].join(', ')}`);
  }
  const isAllowed = layerOf(file) === layerOf(target) || to > from;
  return isAllowed ? [] : wrong(`${layerOf(file)} may import from its own folder and from those after it: ${order()}`);
}

function brokenPackageRule({ file, specifier, isTypeOnly }) {
  if (!specifier.startsWith('@duckdb/')) return [];
  const layer = outermost(file);
  if (specifier !== '@duckdb/node-api')
    return layer === BINDINGS_USER ? [] : [`only src/${BINDINGS_USER} may import it`];
  return isTypeOnly ? [] : [`only its types may be imported; all else comes from src/${NODE_API}`];
}

function bareEngine(folder, { file, specifier, line }) {
  return ENGINE.test(specifier)
    ? [
        `${folder}/${file}:${line}: '${specifier}': an engine is imported as '#${specifier}': the bare name is another's package`,
      ]
    : [];
}

/**
 * Each cycle once, at the file of it that is met first. Types do not count: they are gone when modules are evaluated, and a
 * part may name the type of the one that composes it, in its own folder.
 */
function cycles() {
  const found = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (done.has(file)) return;
    const start = path.indexOf(file);
    if (start !== -1) {
      found.push(`${place(file)}: a cycle of imports: ${[...path.slice(start), file].join(' → ')}`);
      return;
    }
    path.push(file);
    for (const { target, isTypeOnly } of importsByFile.get(file) ?? []) {
      if (target !== undefined && !isTypeOnly) visit(target);
    }
    path.pop();
    done.add(file);
  };
  files.forEach(visit);
  return found;
}

function order() {
  return layers.map((names) => names.join(' and ')).join(', ');
}

function place(file) {
  return `src/${file}`;
}
