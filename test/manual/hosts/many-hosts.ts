// Several processes that commit to one DuckLake, on PostgreSQL and S3, each with clients of its own; one that reads
// meanwhile, and one that alters tables. Processes are killed and started again, and one is stopped in order.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { freePorts } from '../../lake/support/free-ports.js';
import { extensionSettings, s3Path, s3Secret } from '../../lake/support/lake-database.js';
import type { PostgresServer } from '../../lake/support/postgres-server.js';
import type { SeaweedServer } from '../../lake/support/seaweed-server.js';
import { ShellProcess, type ShellRow } from '../../support/shell-process.js';
import { feed } from '../harness/feed.js';
import { HarnessDatabase, TOKEN } from '../harness/harness-database.js';
import { Ledger } from '../harness/ledger.js';
import { type Reconciliation, reconcile } from '../harness/reconcile.js';
import type { Reference } from '../harness/reference-rows.js';
import { type Wire, wires } from '../harness/wires.js';

export interface ManyHostsPlan {
  readonly postgres: PostgresServer;
  readonly seaweed: SeaweedServer;
  /** Names the lake. */
  readonly name: string;
  readonly hosts: number;
  readonly clientsPerHost: number;
  /** Kills of the first host. The last host is stopped in order after half of them. */
  readonly kills: number;
  /** Time between one event and the next. */
  readonly stepMs: number;
  readonly reference: Reference;
  /** Where journals are kept. */
  readonly folder: string;
}

export interface ManyHostsReport extends Reconciliation {
  readonly unanswered: number;
  /** Full scans by the reader, those that found anything that no reader may see, and the first such thing. */
  readonly looks: number;
  readonly wrongLooks: number;
  readonly firstWrongLook: string | undefined;
  /** Scans that ended in an error and were made again. */
  readonly failedLooks: number;
  /** Attempts in the seal lists that were committed, that others got in the way of, and that failed of anything else. */
  readonly seals: number;
  readonly conflicts: number;
  readonly otherFailures: readonly string[];
  readonly replayedRows: number;
  /** Longest attempt that was committed. */
  readonly slowestSealMs: number;
}

/** One wire a host. */
const hostWires = ['http', 'grpc', 'otap'] as const;
const SEAL_MAX_AGE_MS = 200;
/** Alterations of a table in the hope that one gets in the way of a seal. */
const MAX_ALTERATIONS = 60;

export async function manyHosts(plan: ManyHostsPlan): Promise<ManyHostsReport> {
  const { postgres, seaweed, name, reference } = plan;
  const connection = (await postgres.createDatabase(name))();
  const attach = [
    ...extensionSettings(),
    'LOAD ducklake',
    'LOAD postgres_scanner',
    s3Secret(seaweed.s3Port),
    `ATTACH 'ducklake:postgres:${connection}' AS lake (DATA_PATH '${s3Path(name)}')`,
  ];
  // The first who attaches makes the catalog; two at once would be in each other's way.
  const rival = await Onlooker.open(attach);
  const ledger = new Ledger();
  const ports = await freePorts(plan.hosts);
  const hosts = ports.map((port, i) => new Host(plan, i, port, attach, ledger));
  const reader = new Reader(attach, reference.recordsPerRequest);
  const lists: ShellRow[][] = [];
  try {
    await Promise.all(hosts.map((host) => host.start()));
    const reading = reader.read();
    for (const host of hosts) host.feed();
    for (let kill = 0; kill < plan.kills; kill++) {
      await pause(plan.stepMs);
      await hosts[0]!.killAndStart();
      if (kill === Math.floor((plan.kills - 1) / 2)) {
        lists.push(await hosts.at(-1)!.stop());
      }
    }
    await conflict(rival, hosts.slice(0, -1));
    await pause(plan.stepMs);
    for (const host of hosts.slice(0, -1)) {
      lists.push(await host.stop());
    }
    await reader.stop();
    await reading;
    const attempts = lists.flat();
    const failures = attempts
      .filter((attempt) => attempt['success'] === false)
      .map((attempt) => String(attempt['error']));
    const place = {
      database: () => ':memory:',
      setUp: () => attach,
      options: () => ({ catalog: 'lake' }),
      home: 'lake.main',
    };
    const database = await HarnessDatabase.open(place, plan.folder);
    try {
      return {
        ...(await reconcile(database, place.home, ledger, reference)),
        unanswered: ledger.unanswered,
        looks: reader.looks,
        wrongLooks: reader.wrong.length,
        firstWrongLook: reader.wrong[0],
        failedLooks: reader.failures.length,
        seals: attempts.length - failures.length,
        conflicts: failures.filter((error) => isConflict(error)).length,
        otherFailures: failures.filter((error) => !isConflict(error)),
        replayedRows: hosts.reduce((sum, host) => sum + host.replayedRows, 0),
        slowestSealMs: Math.max(...attempts.map((attempt) => Number(attempt['duration_ms']))),
      };
    } finally {
      await database.close();
    }
  } finally {
    await reader.stop();
    await Promise.all(hosts.map((host) => host.kill()));
    rival.close();
  }
}

const isConflict = (error: string) => /conflict/i.test(error);

/** Alters a table until one of the hosts has had to make a commit again. */
async function conflict(rival: Onlooker, hosts: readonly Host[]): Promise<void> {
  for (let i = 0; i < MAX_ALTERATIONS; i++) {
    for (const change of ['ADD COLUMN churn INTEGER', 'DROP COLUMN churn']) {
      await rival.run(`ALTER TABLE lake.otlp_logs ${change}`);
    }
    for (const host of hosts) if ((await host.attempts()).some((attempt) => attempt['success'] === false)) return;
  }
}

/** A process that serves, and the clients that send to it. */
class Host {
  replayedRows = 0;
  readonly #plan: ManyHostsPlan;
  readonly #index: number;
  readonly #port: number;
  readonly #attach: readonly string[];
  readonly #ledger: Ledger;
  readonly #wire: Wire;
  readonly #isDone = new AbortController();
  #feeding: Promise<void> | undefined;
  #shell: ShellProcess | undefined;

  constructor(plan: ManyHostsPlan, index: number, port: number, attach: readonly string[], ledger: Ledger) {
    this.#plan = plan;
    this.#index = index;
    this.#port = port;
    this.#attach = attach;
    this.#ledger = ledger;
    this.#wire = wires[hostWires[index % hostWires.length]!];
  }

  async start(): Promise<void> {
    this.#shell = new ShellProcess();
    for (const sql of this.#attach) await this.#shell.rows(sql);
    const { transport } = this.#wire.options(this.#port) as { transport?: string };
    // Only a journal keeps what was promised when its process is killed, and only the first host is.
    const journal = join(this.#plan.folder, `journal-${this.#plan.name}`);
    await this.#shell.rows(
      `FROM ${this.#wire.serveFunction}('${this.#uri}', catalog := 'lake', token := '${TOKEN}',
         ${transport === undefined ? '' : `transport := '${transport}',`}
         ${this.#index > 0 ? '' : `durability := 'journal', journal_path := '${journal}',`}
         seal_max_age_ms := ${SEAL_MAX_AGE_MS})`,
    );
    const [row] = await this.#shell.rows('SELECT replayed_rows_total AS replayed FROM otlp_server_list()');
    this.replayedRows += Number(row!['replayed'] ?? 0);
  }

  feed(): void {
    this.#feeding = feed(this.#ledger, {
      port: this.#port,
      grpcPort: this.#port,
      token: TOKEN,
      forms: this.#wire.forms,
      connections: this.#plan.clientsPerHost,
      recordsPerRequest: this.#plan.reference.recordsPerRequest,
      until: this.#isDone.signal,
    });
  }

  async killAndStart(): Promise<void> {
    await this.#shell!.kill();
    await this.start();
  }

  attempts(): Promise<ShellRow[]> {
    return this.#shell!.rows('FROM otlp_seal_list()');
  }

  /** Stops it in order, under load. Resolves with its attempts at seals but the last. */
  async stop(): Promise<ShellRow[]> {
    const attempts = await this.attempts();
    const [stopped] = await this.#shell!.rows(`FROM otlp_stop('${this.#uri}')`);
    if (Number(stopped!['dropped_rows']) !== 0) throw new Error(`rows were dropped: ${JSON.stringify(stopped)}`);
    this.#isDone.abort();
    await this.#feeding;
    const code = await this.#shell!.leave();
    if (code !== 0) throw new Error(`host ${this.#index} ended with ${code}`);
    return attempts;
  }

  /** Ends it at once, wherever it is. */
  async kill(): Promise<void> {
    this.#isDone.abort();
    await this.#shell?.kill();
    await this.#feeding;
  }

  get #uri(): string {
    return `${this.#wire.scheme}:127.0.0.1:${this.#port}`;
  }
}

/** A DuckDB that knows nothing of otelduck. */
class Onlooker {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(attach: readonly string[]): Promise<Onlooker> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const sql of attach) await connection.run(sql);
    return new Onlooker(instance, connection);
  }

  async run(sql: string): Promise<ShellRow[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJson();
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

/** Looks at the lake again and again, each time at one snapshot. */
class Reader {
  looks = 0;
  readonly wrong: string[] = [];
  /** Errors of looks. Maintenance may remove what DuckLake is about to read from its catalog, and another look helps. */
  readonly failures: string[] = [];
  #rowsBefore = 0;
  readonly #attach: readonly string[];
  readonly #recordsPerRequest: number;
  #isDone = false;
  #reading: Promise<void> | undefined;

  constructor(attach: readonly string[], recordsPerRequest: number) {
    this.#attach = attach;
    this.#recordsPerRequest = recordsPerRequest;
  }

  read(): Promise<void> {
    this.#reading = this.#look();
    this.#reading.catch(() => undefined);
    return this.#reading;
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await this.#reading;
  }

  async #look(): Promise<void> {
    let onlooker = await Onlooker.open(this.#attach);
    try {
      while (!this.#isDone) {
        const found = await onlooker.run(this.#sql).catch((error: Error) => {
          this.failures.push(error.message);
          return undefined;
        });
        if (found === undefined) {
          // What follows on the same instance may fail in the same way.
          onlooker.close();
          onlooker = await Onlooker.open(this.#attach);
          continue;
        }
        this.looks++;
        const { rows, ...wrong } = found[0]!;
        const isRight = Object.values(wrong).every((count) => Number(count) === 0) && Number(rows) >= this.#rowsBefore;
        if (!isRight) this.wrong.push(JSON.stringify({ ...found[0], before: this.#rowsBefore }));
        this.#rowsBefore = Number(rows);
      }
    } finally {
      onlooker.close();
    }
  }

  /** Rows, and what there must be none of: records twice, parts of requests, and rows that no seal has recorded. */
  get #sql(): string {
    const records = this.#recordsPerRequest;
    return `
      WITH logs AS (SELECT service_name, regexp_extract(body, 'seq=(\\d+)', 1)::BIGINT AS number FROM lake.otlp_logs),
      requests AS (SELECT count(*) AS records FROM logs GROUP BY service_name, number // ${records}),
      recorded AS (SELECT coalesce(sum(row_count) FILTER (table_name = 'otlp_logs'), 0)::BIGINT AS logs,
        coalesce(sum(row_count) FILTER (table_name = 'otlp_traces'), 0)::BIGINT AS spans FROM lake.otlp_seals)
      SELECT count(*)::INTEGER AS rows, count(*) - count(DISTINCT (service_name, number)) AS twice,
        (SELECT count(*) FROM requests WHERE records <> ${records}) AS torn,
        count(*) - (SELECT logs FROM recorded) AS logs_beyond_seals,
        (SELECT count(*) FROM lake.otlp_traces) - (SELECT spans FROM recorded) AS spans_beyond_seals
      FROM logs`;
  }
}
