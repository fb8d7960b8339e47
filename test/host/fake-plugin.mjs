// A plugin that only says that it serves: how it ends, and the rows to report then, come from the environment.
import { open } from 'node:fs';

const endings = {
  // A commit that the system keeps: opening a FIFO holds a thread of libuv's pool until somebody opens its other end.
  pool: () => new Promise(() => open(process.env.FAKE_FIFO, 'r', () => {})),
  // A call into DuckDB that waits.
  thread: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  timer: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
  slowly: () => new Promise((resolve) => setTimeout(resolve, 300)),
};

async function register(connection) {
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO otlp_serve(uri, token := 'generated-token', seal_max_age_ms := 5000, disable_auth := false,
       create_tables := true, grpc := NULL, transport := NULL) AS TABLE
     SELECT uri AS listen_uri, CASE WHEN uri LIKE '%:1' THEN error('cannot listen on ' || uri) ELSE token END AS auth_token,
       seal_max_age_ms AS seal_max_age_ms, disable_auth AS disable_auth, create_tables AS create_tables`,
  );
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO otlp_query_serve(uri, read_token := 'generated-token', apis := 'all') AS TABLE
     SELECT uri AS listen_uri, 'http://there' AS listen_url, read_token AS read_token, apis AS apis`,
  );
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO otlp_server_list() AS TABLE
     SELECT unnest(['otlp:a', 'otlp:b', 'otlp:localhost:4318']) AS listen_uri, [{'uri': 'one'}, {'uri': 'two'}] AS listeners`,
  );
}

export const fake = {
  name: 'fake',
  async attach(instance) {
    let isClosed = false;
    if (process.env.FAKE_FAILS) {
      process.once('SIGUSR2', () => {
        throw new Error('nobody catches this');
      });
    }
    return {
      async connect() {
        const connection = await instance.connect();
        await register(connection);
        return connection;
      },
      register,
      async close() {
        if (isClosed) return [];
        isClosed = true;
        await endings[process.env.FAKE_ENDS]?.();
        const droppedRows = Number(process.env.FAKE_DROPPED ?? 0);
        return [
          {
            name: 'otlp:localhost:4318',
            committedRows: Number(process.env.FAKE_COMMITTED ?? 0),
            droppedRows,
            ...(droppedRows > 0 ? { error: 'disk full' } : {}),
          },
        ];
      },
    };
  },
};
