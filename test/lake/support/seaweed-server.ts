// SeaweedFS: S3, and an Iceberg REST catalog, on ports and in a folder of their own.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import { ServerProcess } from './server-process.js';
import { placeOf } from './test-servers.js';

export const S3_KEY = 'test-access-key-Xw3';
export const S3_SECRET = 'test-s3-secret-Kp9';
export const BUCKET = 'lake';
export const WAREHOUSE = 'ice';

/** Every listener of the program, so that none takes a port that belongs to somebody else. */
const PORT_FLAGS = [
  's3.port',
  's3.port.iceberg',
  's3.port.grpc',
  's3.port.lance',
  'master.port',
  'master.port.grpc',
  'volume.port',
  'volume.port.grpc',
  'filer.port',
  'filer.port.grpc',
  'admin.port',
  'admin.port.grpc',
] as const;

/** Beside each port it listens on a socket, in a folder that no flag moves, and leaves it there. */
const SOCKETS = '/tmp';
const SOCKET = /^seaweedfs-.*-(\d+)\.sock$/;

export class SeaweedServer {
  readonly s3Port: number;
  readonly icebergPort: number;
  readonly #ports: readonly number[];
  readonly #folder: string;
  readonly #process: ServerProcess;

  private constructor(ports: readonly number[], folder: string, process: ServerProcess) {
    [this.s3Port, this.icebergPort] = ports as [number, number];
    this.#ports = ports;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<SeaweedServer> {
    const folder = mkdtempSync(join(tmpdir(), 'otelduck-seaweed-'));
    mkdirSync(join(folder, 'data'));
    const ports = await freePorts(PORT_FLAGS.length);
    const [s3Port, icebergPort] = ports as [number, number];
    const server = await ServerProcess.start(
      placeOf('seaweedfs'),
      [
        'mini',
        `-dir=${join(folder, 'data')}`,
        '-ip=127.0.0.1',
        '-ip.bind=127.0.0.1',
        `-bucket=${BUCKET}`,
        `-tableBucket=${WAREHOUSE}`,
        '-admin.ui=false',
        '-webdav=false',
        '-master.telemetry=false',
        ...PORT_FLAGS.map((flag, i) => `-${flag}=${ports[i]}`),
      ],
      {
        cwd: folder,
        env: {
          ...process.env,
          HOME: folder,
          TMPDIR: folder,
          AWS_ACCESS_KEY_ID: S3_KEY,
          AWS_SECRET_ACCESS_KEY: S3_SECRET,
        },
      },
      async () => (await bucketStatus(s3Port)) !== 404 && (await askForToken(icebergPort)).ok,
    );
    return new SeaweedServer(ports, folder, server);
  }

  /** A token for the Iceberg catalog. */
  async bearerToken(): Promise<string> {
    return ((await (await askForToken(this.icebergPort)).json()) as { access_token: string }).access_token;
  }

  /** Has the Iceberg catalog make a snapshot a table's current one. */
  async setSnapshot(schema: string, table: string, snapshotId: string): Promise<void> {
    const token = await this.bearerToken();
    const path = `/v1/${WAREHOUSE}/namespaces/${schema}/tables/${table}`;
    const update = `{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":${snapshotId}}`;
    const response = await fetch(`http://127.0.0.1:${this.icebergPort}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: `{"requirements":[],"updates":[${update}]}`,
    });
    if (!response.ok) throw new Error(`cannot set snapshot: ${response.status} ${await response.text()}`);
  }

  async close(): Promise<void> {
    await this.#process.end('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
    for (const name of readdirSync(SOCKETS)) {
      if (this.#ports.includes(Number(SOCKET.exec(name)?.[1]))) rmSync(join(SOCKETS, name));
    }
  }
}

/** Forbidden to those without a key, once it is there. */
async function bucketStatus(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/${BUCKET}`, { signal: AbortSignal.timeout(1_000) })).status;
}

function askForToken(port: number): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/oauth/tokens`, {
    method: 'POST',
    signal: AbortSignal.timeout(1_000),
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: S3_KEY,
      client_secret: S3_SECRET,
      scope: 'PRINCIPAL_ROLE:ALL',
    }),
  });
}
