// Attributes that become columns of their own, in every kind of catalog.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportPath, GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, statusIn } from '../grpc/otap-client.js';
import { encodeJson } from '../oracle/encode-json.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import type { Message } from '../oracle/message.js';
import { readProtobuf } from '../oracle/protobuf-messages.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { eventually } from '../support/eventually.js';
import { type OtelDatabase, openDatabase } from '../support/otel-database.js';
import { spansRequest } from '../support/telemetry.js';
import { attachIceberg, fileFolder, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';
import { SeaweedServer } from './support/seaweed-server.js';

const NEVER_MS = 3_600_000;
const folder = fileFolder();

interface Place {
  readonly database: OtelDatabase;
  /** Options that name the tables' home. */
  readonly home: { readonly catalog?: string; readonly schema: string };
  /** The same home in SQL. */
  readonly name: string;
}

const log = (resource: Message, scope: Message = {}): Message => ({
  resource_logs: [
    {
      resource: { attributes: attributes(resource) },
      scope_logs: [
        { scope: { name: 's', attributes: attributes(scope) }, log_records: [{ body: { string_value: '0' } }] },
      ],
    },
  ],
});

/** Attributes with values of every type, given as the oneof of AnyValue. */
function attributes(values: Message): Message[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { string_value: value } : (value as Message),
  }));
}

/** Every kind of catalog shares these. */
function promotes(open: () => Promise<Place>): void {
  test('attributes are columns of all tables, and stay in the JSON', async () => {
    const { database, home, name } = await open();
    const server = await database.serve({
      ...home,
      seal_max_age_ms: NEVER_MS,
      promote_resource_attributes: 'host.name, k8s.pod.name',
      promote_scope_attributes: 'library.kind',
    });
    expect(await server.counters('promoted_columns_total')).toEqual({ promoted_columns_total: String(3 * 7) });
    await server.post(
      numberedLogs({ count: 20, resource: { 'host.name': 'a' }, scope: { 'library.kind': 'web', other: 'x' } }),
    );
    await server.post(numberedLogs({ first: 20, count: 5 }));
    await server.post(spansRequest(2), { path: '/v1/traces' });
    expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
    expect(
      await database.rows(
        `SELECT host_name, k8s_pod_name, library_kind, resource_attributes, scope_attributes, count(*)::INTEGER AS n
         FROM ${name}.otlp_logs GROUP BY ALL ORDER BY n`,
      ),
    ).toEqual([
      {
        ...{ host_name: null, k8s_pod_name: null, library_kind: null },
        resource_attributes: '{"service.name":"shop"}',
        scope_attributes: null,
        n: 5,
      },
      {
        ...{ host_name: 'a', k8s_pod_name: null, library_kind: 'web' },
        resource_attributes: '{"host.name":"a","service.name":"shop"}',
        scope_attributes: '{"library.kind":"web","other":"x"}',
        n: 20,
      },
    ]);
    const types = await database.rows(
      `SELECT DISTINCT column_type FROM (DESCRIBE ${name}.otlp_metrics_summary)
       WHERE column_name IN ('host_name', 'k8s_pod_name', 'library_kind')`,
    );
    expect(types).toEqual([{ column_type: 'VARCHAR' }]);
    expect(await database.value(`SELECT count(*)::INTEGER FROM ${name}.otlp_traces WHERE host_name IS NULL`)).toBe(2);
  });

  test('columns come to tables that have rows, and stay when nobody promotes any more', async () => {
    const { database, home, name } = await open();
    const resource = { 'host.name': 'a', zone: 'z' };
    let first = 0;
    for (const options of [
      {},
      { promote_resource_attributes: 'host.name' },
      { promote_resource_attributes: 'zone,host.name' },
      {},
    ]) {
      const server = await database.serve({ ...home, seal_max_age_ms: NEVER_MS, ...options });
      await server.post(numberedLogs({ first, count: 20, resource }));
      first += 20;
      expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
    }
    expect(await database.rows(sums(`${name}.otlp_logs`))).toEqual([allBelow(80)]);
    expect(
      await database.rows(
        `SELECT body::INTEGER // 20 AS part, host_name, zone, count(*)::INTEGER AS n FROM ${name}.otlp_logs GROUP BY ALL ORDER BY 1`,
      ),
    ).toEqual([
      { part: 0, host_name: null, zone: null, n: 20 },
      { part: 1, host_name: 'a', zone: null, n: 20 },
      { part: 2, host_name: 'a', zone: 'z', n: 20 },
      { part: 3, host_name: null, zone: null, n: 20 },
    ]);
  });

  test('a column of that name is used in whatever case it is written, and not if it is no VARCHAR', async () => {
    const { database, home, name } = await open();
    await (await database.serve(home)).stop();
    for (const table of ['otlp_logs', 'otlp_traces']) {
      await database.rows(`ALTER TABLE ${name}.${table} ADD COLUMN "Host_Name" VARCHAR`);
    }
    const server = await database.serve({ ...home, promote_resource_attributes: 'host.name' });
    await server.post(encodeProtobuf('logs', log({ 'host.name': 'a' })));
    await server.stop();
    expect(await database.rows(`SELECT "Host_Name" AS h FROM ${name}.otlp_logs`)).toEqual([{ h: 'a' }]);

    await database.rows(`ALTER TABLE ${name}.otlp_traces ADD COLUMN size INTEGER`);
    await expect(database.serve({ ...home, promote_resource_attributes: 'size' })).rejects.toThrow(
      /otlp_traces is not available: expected column size to be VARCHAR, found INTEGER/,
    );
    await expect(
      database.serve({ ...home, create_tables: false, promote_resource_attributes: 'absent' }),
    ).rejects.toThrow(/is not available: expected a column absent VARCHAR, found none/);
  });

  test('servers that start at the same time, of which one has rows, promote each its own', async () => {
    const { database, home, name } = await open();
    const early = await database.serve({ ...home, seal_max_age_ms: 10 });
    let sent = 0;
    let isStarting = true;
    const sending = (async () => {
      while (isStarting) {
        expect((await early.post(numberedLogs({ first: sent, count: 10 }))).status).toBe(202);
        sent += 10;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const connections = await Promise.all(Array.from({ length: 3 }, () => database.otel.connect()));
    const started = await Promise.all(
      connections.map((connection, i) =>
        database.rows(
          `FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, schema := '${home.schema}',
             ${home.catalog === undefined ? '' : `catalog := '${home.catalog}',`} seal_max_age_ms := ${NEVER_MS},
             promote_resource_attributes := 'shared,own.${i}')`,
          connection,
        ),
      ),
    ).finally(() => {
      isStarting = false;
      return sending;
    });
    for (const [i, [row]] of started.entries()) {
      const response = await fetch(`${row!['listen_url']}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: numberedLogs({ first: sent, count: 10, resource: { shared: 's', [`own.${i}`]: `value ${i}` } }),
      });
      expect(response.status).toBe(202);
      sent += 10;
    }
    for (const [row] of started) {
      const [stopped] = await database.rows(`FROM otlp_stop('${row!['listen_uri']}')`);
      expect(stopped).toMatchObject({ dropped_rows: '0' });
    }
    await eventually(async () => expect((await early.flush())['error']).toBeNull());
    expect(await database.rows(sums(`${name}.otlp_logs`))).toEqual([allBelow(sent)]);
    expect(
      await database.rows(
        `SELECT own_0, own_1, own_2, count(*)::INTEGER AS n FROM ${name}.otlp_logs WHERE shared = 's' GROUP BY ALL ORDER BY ALL`,
      ),
    ).toEqual([
      { own_0: 'value 0', own_1: null, own_2: null, n: 10 },
      { own_0: null, own_1: 'value 1', own_2: null, n: 10 },
      { own_0: null, own_1: null, own_2: 'value 2', n: 10 },
    ]);
    for (const connection of connections) connection.closeSync();
  });
}

describe('in a DuckDB file', () => {
  promotes(async () => {
    const database = await openDatabase(join(folder, `${randomUUID()}.db`));
    await database.rows('CREATE SCHEMA telemetry');
    return { database, home: { schema: 'telemetry' }, name: 'telemetry' };
  });
});

lakeSuite('in a lake', ['extensions'], () => {
  promotes(async () => {
    const path = join(folder, randomUUID());
    const database = await openLakeDatabase([`ATTACH 'ducklake:${path}.ducklake' AS lake (DATA_PATH '${path}/')`]);
    return { database, home: { catalog: 'lake', schema: 'main' }, name: 'lake.main' };
  });
});

lakeSuite('in an Iceberg REST catalog', ['extensions', 'seaweedfs'], () => {
  let seaweed: SeaweedServer;
  let schemas = 0;
  beforeAll(async () => {
    seaweed = await SeaweedServer.start();
  });
  afterAll(() => seaweed?.close());
  promotes(async () => {
    const schema = `promoted_${++schemas}`;
    const database = await openLakeDatabase(attachIceberg(seaweed));
    // SeaweedFS makes the table bucket a moment after it is up.
    await eventually(() => database.rows(`CREATE SCHEMA IF NOT EXISTS ice.${schema}`));
    return { database, home: { catalog: 'ice', schema }, name: `ice.${schema}` };
  });
});

describe('keys', () => {
  for (const [key, column] of [
    ['k8s.pod/name', 'k8s_pod_name'],
    ['a~b', 'a_b'],
    ['Camel.Case', 'camel_case'],
    ['it\'s "quoted"', 'it_s__quoted_'],
    ['$.path[0]', '__path_0_'],
    ['0', '0'],
    ['select', 'select'],
    ['straße', 'stra_e'],
    ['日本', '__'],
    ['back\\slash', 'back_slash'],
    ['with space', 'with_space'],
    ['*', '_'],
  ] as const) {
    test(`${key} is column ${column}`, async () => {
      const database = await openDatabase();
      const server = await database.serve({ promote_resource_attributes: key, promote_scope_attributes: `s.${key}` });
      await server.post(encodeProtobuf('logs', log({ [key]: 'value', other: 'x' }, { [`s.${key}`]: 'of scope' })));
      await server.stop();
      expect(await database.rows(`SELECT "${column}" AS r, "s_${column}" AS s FROM otlp_logs`)).toEqual([
        { r: 'value', s: 'of scope' },
      ]);
    });
  }

  for (const [options, message] of [
    [
      { promote_resource_attributes: 'service.name' },
      'cannot promote attribute service.name: otlp_logs has a column service_name already',
    ],
    [{ promote_resource_attributes: 'Body' }, 'cannot promote attribute Body: otlp_logs has a column body already'],
    [
      { promote_scope_attributes: 'is-monotonic' },
      'cannot promote attribute is-monotonic: otlp_metrics_sum has a column is_monotonic already',
    ],
    [{ promote_resource_attributes: 'a.b,c,a.b' }, 'cannot promote attribute a.b: column a_b is promoted twice'],
    [{ promote_resource_attributes: 'a.b,A_B' }, 'cannot promote attribute A_B: column a_b is promoted twice'],
    [
      { promote_resource_attributes: 'zone', promote_scope_attributes: 'zone' },
      'cannot promote attribute zone: column zone is promoted twice',
    ],
    [
      { promote_resource_attributes: Array.from({ length: 65 }, (_, i) => `key${i}`).join() },
      'at most 64 attributes can be promoted, got 65',
    ],
  ] as const) {
    test(message, async () => {
      const database = await openDatabase();
      await expect(database.serve(options)).rejects.toThrow(message);
      expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
    });
  }

  test('none, in lists with nothing but commas and spaces', async () => {
    const database = await openDatabase();
    const server = await database.serve({ promote_resource_attributes: ' , ,,', promote_scope_attributes: '' });
    expect(await server.counters('promoted_columns_total')).toEqual({ promoted_columns_total: '0' });
  });
});

describe('values', () => {
  const resource: Message = {
    text: 'plain "text", über\n',
    empty: '',
    yes: { bool_value: true },
    large: { int_value: 9_007_199_254_740_993n },
    fraction: { double_value: 0.1 },
    whole: { double_value: 3 },
    list: { array_value: { values: [{ string_value: 'a' }, { int_value: 1n }] } },
    map: { kvlist_value: { values: [{ key: 'k', value: { string_value: 'v' } }] } },
    bytes: { bytes_value: Buffer.from([1, 2, 3]) },
    nan: { double_value: Number.NaN },
    unset: {},
  };
  const expected = {
    text: 'plain "text", über\n',
    empty: '',
    yes: 'true',
    large: '9007199254740993',
    fraction: '0.1',
    whole: '3',
    list: '["a",1]',
    map: '{"k":"v"}',
    bytes: 'AQID',
    nan: null,
    unset: null,
  };
  const request = log(resource, resource);
  const bytes = encodeProtobuf('logs', request);

  const wires: Record<string, (database: OtelDatabase, options: Record<string, string>) => Promise<void>> = {
    'OTLP/HTTP in protobuf': async (database, options) => {
      const server = await database.serve(options);
      expect((await server.post(bytes)).status).toBe(202);
      await server.stop();
    },
    'OTLP/HTTP in JSON': async (database, options) => {
      const server = await database.serve(options);
      const headers = { 'content-type': 'application/json' };
      expect((await server.post(encodeJson('logs', request), { headers })).status).toBe(202);
      await server.stop();
    },
    'OTLP/gRPC': async (database, options) => {
      const server = await database.serve({ ...options, transport: 'grpc' });
      expect((await new GrpcClient(server.port).unary(exportPath.logs, bytes)).code).toBe('OK');
      await server.stop();
    },
    OTAP: async (database, options) => {
      const server = await database.serve(options, 'otap:127.0.0.1:0');
      const stream = new GrpcClient(server.port).stream(arrowPath.logs);
      stream.send(new OtapEncoder('logs').encode(readProtobuf('logs', bytes)));
      expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
      await server.stop();
    },
  };
  for (const [wire, send] of Object.entries(wires)) {
    test(`of every type, over ${wire}`, async () => {
      const database = await openDatabase();
      const keys = Object.keys(resource);
      await send(database, { promote_resource_attributes: keys.join() });
      expect(await database.rows(`SELECT ${keys.map((key) => `"${key}"`).join()} FROM otlp_logs`)).toEqual([expected]);
      await database.rows('CREATE SCHEMA of_scope');
      await send(database, { promote_scope_attributes: keys.join(), schema: 'of_scope' });
      expect(await database.rows(`SELECT ${keys.map((key) => `"${key}"`).join()} FROM of_scope.otlp_logs`)).toEqual([
        expected,
      ]);
    });
  }
});
