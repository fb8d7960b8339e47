// A server that is going to be killed. Arguments: a JSON object of database, statements, function, URI, options, and a
// file that it keeps one letter in, which outlives it: what it was doing.
//
//   r  recovering, or opening     s  in the transaction of a seal, before its COMMIT
//   -  nothing but ingest         c  in COMMIT

import { openSync, writeSync } from 'node:fs';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { otlp } from '../../../dist/otlp.js';

const { database, setUp, serveFunction, uri, options, stateFile } = JSON.parse(process.argv[2]);
const state = openSync(stateFile, 'w');
let isReady = false;
const enter = (letter) => writeSync(state, isReady ? letter : 'r', 0);
enter('-');

/** What a statement that has begun, and one that has ended, says about the seal that it is part of. */
const begins = [
  [/^BEGIN/, 's'],
  [/^COPY/, 's'],
  [/^COMMIT/, 'c'],
];
for (const method of ['run', 'runAndReadAll']) {
  const original = DuckDBConnection.prototype[method];
  DuckDBConnection.prototype[method] = async function (sql, ...rest) {
    const begun = begins.find(([pattern]) => pattern.test(sql));
    if (begun !== undefined) enter(begun[1]);
    try {
      return await original.call(this, sql, ...rest);
    } finally {
      if (/^(?:COMMIT|ROLLBACK|COPY)/.test(sql)) enter('-');
    }
  };
}

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
enter('-');
process.stdout.write(`${JSON.stringify({ uri: server.listen_uri, replayed: Number(replayed) })}\n`);

process.stdin.resume();
process.stdin.on('end', async () => {
  // Asked to end in order.
  await connection.run(`CALL otlp_stop('${server.listen_uri}')`);
  await otel.close();
  process.exit(0);
});
