import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/check-layers.mjs', import.meta.url));

const soundTree = {
  'src/main.ts': "import { start } from './host/start.js';\nstart();\n",
  'src/host/start.ts': "import { DuckDBInstance } from '../duckdb/node-api.js';\nimport '../base/failure.js';\n",
  'src/server/server.ts': "import type { DuckDBConnection } from '@duckdb/node-api';\n",
  'src/duckdb/node-api.ts': "import type * as NodeApi from '@duckdb/node-api';\n",
  'src/duckdb/vector.ts': "import duckdb from '@duckdb/node-bindings';\nimport { Heap } from '../buffer/heap.js';\n",
  'src/buffer/heap.ts': "import {\n  type Column,\n} from '../schema/column.js';\n",
  'src/schema/column.ts': "import { Failure } from '../base/failure.js';\nimport { Table } from './table.js';\n",
  'src/schema/table.ts': "import type { Column } from './column.js';\n",
  'src/base/failure.ts': 'export class Failure extends Error {}\n',
  'src/server/grpc/call.ts': "import '../listener.js';\nimport './frames/reader.js';\n",
  'src/server/grpc/frames/reader.ts': "import '../message.js';\n",
  'src/server/grpc/message.ts': 'export const message = 1;\n',
  'src/server/listener.ts': 'export const listener = 1;\n',
  'packages/logql/src/value.ts': "import type { Labels } from '#promql/data/labels';\nimport 'promql-parser';\n",
  'packages/logql/dist/value.d.ts': "import type { Labels } from 'promql/data/labels';\n",
};

test('a tree that keeps every rule passes', () => {
  expect(checkLayers(soundTree)).toMatchObject({ status: 0, stderr: '' });
});

for (const { name, broken, finding } of [
  {
    name: 'an import of a composer',
    broken: { 'src/buffer/heap.ts': "const a = 1;\nimport {\n  stop,\n} from '../server/server.js';\n" },
    finding:
      "src/buffer/heap.ts:2: '../server/server.js': buffer may import from its own folder and from those after it",
  },
  {
    name: 'an import of a composer for its types',
    broken: { 'src/base/failure.ts': "import type { Column } from '../schema/column.js';\n" },
    finding: "src/base/failure.ts:1: '../schema/column.js': base may import from its own folder",
  },
  {
    name: 'an import of a composer at run time',
    broken: { 'src/buffer/heap.ts': "export const later = () => import('../server/server.js');\n" },
    finding: "src/buffer/heap.ts:1: '../server/server.js': buffer may import",
  },
  {
    name: 'an import of a folder inside by the one around it, where the folder inside composes',
    broken: { 'src/server/listener.ts': "import './grpc/call.js';\n" },
    finding:
      "src/server/listener.ts:1: './grpc/call.js': server may import from its own folder and from those after it",
  },
  {
    name: 'an import of an equal',
    broken: { 'src/server/grpc/call.ts': "import '../http/answer.js';\n", 'src/server/http/answer.ts': 'export {};\n' },
    finding: "src/server/grpc/call.ts:1: '../http/answer.js': server/grpc may import from its own folder",
  },
  {
    name: 'a re-export of a composer',
    broken: { 'src/schema/column.ts': "export { Heap } from '../buffer/heap.js';\n" },
    finding: "src/schema/column.ts:1: '../buffer/heap.js': schema may import",
  },
  {
    name: "DuckDB's API outside its layers",
    broken: { 'src/server/server.ts': "import { DuckDBInstance } from '../duckdb/node-api.js';\n" },
    finding: "src/server/server.ts:1: '../duckdb/node-api.js': only main, host, otlp, duckdb may use it",
  },
  {
    name: "DuckDB's API not from where it is loaded",
    broken: { 'src/host/start.ts': "import { type DuckDBConnection } from '@duckdb/node-api';\n" },
    finding: "src/host/start.ts:1: '@duckdb/node-api': only its types may be imported",
  },
  {
    name: "DuckDB's bindings in the host",
    broken: { 'src/host/start.ts': "import duckdb from '@duckdb/node-bindings';\n" },
    finding: "src/host/start.ts:1: '@duckdb/node-bindings': only src/duckdb may import it",
  },
  // The host named columns, functions and options of the plugin that it comes with.
  {
    name: 'an option table of a plugin in the host',
    broken: { 'src/host/start.ts': "import type { Column } from '../schema/column.js';\n" },
    finding:
      "src/host/start.ts:1: '../schema/column.js': the host knows plugins by src/plugin.ts, and imports only from host, load, duckdb, plugin, base",
  },
  {
    name: 'a function of a plugin that the host names',
    broken: { 'src/host/shell/tail.ts': "const rows = 1;\nexport const sql = 'FROM otlp_tail()';\n" },
    finding:
      "src/host/shell/tail.ts:2: 'otlp_tail': the host knows plugins by src/plugin.ts, and names nothing of theirs",
  },
  {
    name: 'a barrel',
    broken: { 'src/schema/index.ts': "import './column.js';\n" },
    finding: 'src/schema/index.ts: a folder has no index.ts',
  },
  {
    name: 'a folder that nobody gave a place',
    broken: { 'src/util/text.ts': 'export const text = 1;\n' },
    finding: 'src/util/text.ts: util has no place in the order of layers',
  },
  {
    name: 'an import from outside src/',
    broken: { 'src/schema/column.ts': "import '../../test/oracle.js';\n" },
    finding: "src/schema/column.ts:1: '../../test/oracle.js': an import stays inside src/",
  },
  {
    name: 'a cycle in one folder',
    broken: {
      'src/schema/column.ts': "import { type Table, name } from './table.js';\n",
      'src/schema/table.ts': "import { Column } from './column.js';\n",
    },
    finding: 'src/schema/column.ts: a cycle of imports: schema/column.ts → schema/table.ts → schema/column.ts',
  },
  // What is installed under these names is somebody else's: the engines are not published.
  {
    name: 'an engine by its bare name',
    broken: { 'src/schema/column.ts': "import { parse } from 'promql';\n" },
    finding: "src/schema/column.ts:1: 'promql': an engine is imported as '#promql'",
  },
  {
    name: 'a part of an engine by its bare name, in another engine, at run time',
    broken: { 'packages/logql/src/value.ts': "export const later = () => import('promql/data/labels');\n" },
    finding: "packages/logql/src/value.ts:1: 'promql/data/labels': an engine is imported as '#promql/data/labels'",
  },
]) {
  test(`${name} is found`, () => {
    const { status, stderr } = checkLayers({ ...soundTree, ...broken });
    expect(stderr).toContain(finding);
    expect(status).toBe(1);
  });
}

function checkLayers(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'otelduck-layers-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return spawnSync(process.execPath, [script, root], { encoding: 'utf8', timeout: 30_000 });
  } finally {
    rmSync(root, { recursive: true });
  }
}
