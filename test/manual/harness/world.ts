// What a scenario acts on: a target of its own, servers of one wire, and a ledger of what was sent.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type FeedOptions, feed } from './feed.js';
import { HarnessDatabase, type RunningServer, TOKEN } from './harness-database.js';
import { Ledger } from './ledger.js';
import { failureCounts, type Reconciliation, reconcile } from './reconcile.js';
import type { Reference } from './reference-rows.js';
import type { Target } from './targets.js';
import type { Ports, Wire } from './wires.js';

export interface Size {
  readonly connections: number;
  /** Of each connection. */
  readonly requests: number;
}

export interface WorldOutcome {
  readonly ledger: Ledger;
  readonly reconciliation: Reconciliation;
  /** What should not have been. */
  readonly complaints: readonly string[];
}

type FedOptions = Partial<Pick<FeedOptions, 'requests' | 'signals' | 'connections' | 'dieAfterRequests' | 'until'>>;

/** Encoded bytes of a record, roughly: what the smallest form takes. */
const RECORD_BYTES = 60;
/** A server waits ten seconds for requests that do not end. None of ours takes so long. */
const STOP_SECONDS = 9;

export class World {
  readonly wire: Wire;
  readonly target: Target;
  readonly size: Size;
  readonly reference: Reference;
  readonly ledger = new Ledger();
  readonly #folder: string;
  readonly #complaints = new Set<string>();
  #database: HarnessDatabase;

  private constructor(
    wire: Wire,
    target: Target,
    size: Size,
    reference: Reference,
    folder: string,
    database: HarnessDatabase,
  ) {
    this.wire = wire;
    this.target = target;
    this.size = size;
    this.reference = reference;
    this.#folder = folder;
    this.#database = database;
  }

  /** Makes a folder of its own in `folder`. */
  static async open(wire: Wire, target: Target, size: Size, reference: Reference, folder: string): Promise<World> {
    const own = join(folder, `${wire.name}-${target.name}`);
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { recursive: true });
    return new World(wire, target, size, reference, own, await HarnessDatabase.open(target, own));
  }

  get database(): HarnessDatabase {
    return this.#database;
  }

  /** Room for about one request of all connections, in any of the wire's forms. */
  get smallBufferBytes(): number {
    const largest = this.wire.forms.some(({ compression }) => compression === 'none') ? 20 : 1;
    return RECORD_BYTES * largest * this.reference.recordsPerRequest;
  }

  serve(options: Readonly<Record<string, string | number>>, ports?: Ports): Promise<RunningServer> {
    return this.#database.serve(this.wire, options, ports);
  }

  feed({ port, grpcPort }: RunningServer, options: FedOptions): Promise<void> {
    const { recordsPerRequest } = this.reference;
    const { connections } = this.size;
    return feed(this.ledger, {
      port,
      grpcPort,
      token: TOKEN,
      forms: this.wire.forms,
      connections,
      recordsPerRequest,
      ...options,
    });
  }

  /** Feeds a server for as long as `work` takes. */
  async whileFed(server: RunningServer, work: () => Promise<void>): Promise<void> {
    const isDone = new AbortController();
    const feeding = this.feed(server, { until: isDone.signal });
    try {
      await work();
    } finally {
      isDone.abort();
      await feeding;
    }
  }

  /** Stops a server, which must lose nothing by that. */
  async stop(server: Pick<RunningServer, 'uri'>): Promise<void> {
    const startMs = performance.now();
    const { status, dropped_rows: droppedRows } = await this.#database.stop(server);
    const seconds = (performance.now() - startMs) / 1000;
    this.expect(seconds < STOP_SECONDS, `a stop took ${seconds.toFixed(1)} s`);
    this.expect(String(status) === `Stopped listening on ${server.uri}`, `a stop came to: ${status}`);
    this.expect(Number(droppedRows) === 0, `a stop dropped ${droppedRows} rows`);
  }

  /** As a program does that is started anew. */
  async reopen(): Promise<void> {
    await this.#database.close();
    this.#database = await HarnessDatabase.open(this.target, this.#folder);
  }

  expect(isTrue: boolean, complaint: string): void {
    if (!isTrue) this.#complaints.add(complaint);
  }

  /** Every request of every connection was taken in the end. */
  expectAccepted(requestsPerConnection: number): void {
    const expected = requestsPerConnection * this.size.connections;
    this.expect(this.ledger.accepted() === expected, `${this.ledger.accepted()} requests were accepted of ${expected}`);
  }

  /** Stops what runs, reconciles, and removes everything. */
  async finish(): Promise<WorldOutcome> {
    try {
      for (const server of await this.#database.servers()) {
        this.expect(server['seal_last_error'] === null, `a seal failed: ${server['seal_last_error']}`);
        await this.stop({ uri: String(server['listen_uri']) });
      }
      const reconciliation = await reconcile(this.#database, this.target.home, this.ledger, this.reference);
      for (const name of failureCounts) {
        this.expect(reconciliation[name] === 0, `${name}: ${reconciliation[name]}`);
      }
      return { ledger: this.ledger, reconciliation, complaints: [...this.#complaints] };
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
