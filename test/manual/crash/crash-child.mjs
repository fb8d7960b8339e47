// A server that is going to be killed. Arguments: a JSON object of database, statements, function, URI, options, and a
// file of three letters, which outlives it: what it was doing. A dash is nothing of that kind.
//
//   0  s  starting                               r  starting, and replaying its journal
//   1  s  in the transaction of a seal           c  in the COMMIT of a seal
//   2  r  making a new segment, or removing one

import { openSync, writeSync } from 'node:fs';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { diskStorage } from '../../../dist/base/file-storage.js';
import { Recovery } from '../../../dist/control/recovery.js';
import { otlp } from '../../../dist/otlp.js';

const { database, setUp, serveFunction, uri, options, stateFile } = JSON.parse(process.argv[2]);
const state = openSync(stateFile, 'w');
writeSync(state, 's--');
const enter = (place, letter) => writeSync(state, letter, place);
let isReady = false;

const replay = Recovery.prototype.replay;
Recovery.prototype.replay = async function (...args) {
  enter(0, 'r');
  await replay.apply(this, args);
  enter(0, 's');
};

/** What a statement that has begun says about the seal that it is part of. */
const begins = [
  [/^BEGIN/, 's'],
  [/^COPY/, 's'],
  [/^COMMIT/, 'c'],
];
for (const method of ['run', 'runAndReadAll']) {
  const original = DuckDBConnection.prototype[method];
  DuckDBConnection.prototype[method] = async function (sql, ...rest) {
    const begun = begins.find(([pattern]) => pattern.test(sql));
    if (begun !== undefined && isReady) enter(1, begun[1]);
    try {
      return await original.call(this, sql, ...rest);
    } finally {
      if (/^(?:COMMIT|ROLLBACK|COPY)/.test(sql)) enter(1, '-');
    }
  };
}

let segments = 0;
const { create, remove, syncFolder } = diskStorage;
const isSegment = (path) => /[/\\]\d{16}\.journal$/.test(path);
diskStorage.create = (path) => {
  if (isSegment(path) && segments++ > 0) enter(2, 'r');
  return create.call(diskStorage, path);
};
diskStorage.remove = (path) => {
  if (isSegment(path)) enter(2, 'r');
  return remove.call(diskStorage, path);
};
diskStorage.syncFolder = async (path) => {
  await syncFolder.call(diskStorage, path);
  enter(2, '-');
};

const instance = await DuckDBInstance.create(database);
const otel = await otlp.attach(instance);
const connection = await otel.connect();
for (const sql of setUp) await connection.run(sql);
const literal = (value) => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value));
const listed = Object.entries(options).map(([name, value]) => `, ${name} := ${literal(value)}`);
const result = await connection.runAndReadAll(`FROM ${serveFunction}('${uri}'${listed.join('')})`);
const [server] = result.getRowObjectsJson();
const [{ replayed_rows_total: replayed }] = (
  await connection.runAndReadAll('FROM otlp_server_list()')
).getRowObjectsJson();
isReady = true;
enter(0, '-');
process.stdout.write(`${JSON.stringify({ uri: server.listen_uri, replayed: Number(replayed) })}\n`);

process.stdin.resume();
process.stdin.on('end', async () => {
  // Asked to end in order.
  await connection.run(`CALL otlp_stop('${server.listen_uri}')`);
  await otel.close();
  process.exit(0);
});
