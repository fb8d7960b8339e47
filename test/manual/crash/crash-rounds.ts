// A server under load, killed again and again, and what its target holds in the end ↔ what its clients were told.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packageFolder } from '../../../src/base/package-folder.js';
import { telemetryTables } from '../../../src/schema/tables.js';
import { freePorts } from '../../lake/support/free-ports.js';
import { feed } from '../harness/feed.js';
import { HarnessDatabase, TOKEN } from '../harness/harness-database.js';
import { Ledger } from '../harness/ledger.js';
import { type Reconciliation, reconcile } from '../harness/reconcile.js';
import type { Reference } from '../harness/reference-rows.js';
import type { Place } from '../harness/targets.js';
import type { Ports, Wire } from '../harness/wires.js';
import { holes, unrecorded } from './whole-seals.js';

export interface CrashPlan {
  readonly wire: Wire;
  readonly target: Place;
  /** Whether all tables of a seal are committed or none. */
  readonly isAtomic: boolean;
  readonly durability: 'memory' | 'journal';
  /** Tenants that the telemetry is of; 0 where there are none. */
  readonly tenants: number;
  readonly clients: number;
  readonly rounds: number;
  readonly reference: Reference;
  /** Where target and journal live; emptied at the start. */
  readonly folder: string;
}

export interface CrashReport extends Reconciliation {
  readonly kills: number;
  /** Kills by what the server was doing: two of these at once, or none. */
  readonly inRecovery: number;
  readonly inSeal: number;
  readonly inCommit: number;
  readonly inRotation: number;
  readonly replayedRows: number;
  readonly unanswered: number;
  /** Committed requests that came after some that are not. */
  readonly holes: number;
  /** Rows by which tables differ from what `otlp_seals` tells of them. */
  readonly unrecorded: number;
  /** Rows that are not of the tenant that sent them. */
  readonly misplaced: number;
}

/** Small segments, so that rotation is never far. */
const JOURNAL_MAX_BYTES = 2 << 20;
/** Seals are in progress for much of the time. */
const SEAL_MAX_AGE_MS = 60;
/** A killed server gets up to this long before, once it listens. */
const LONGEST_LIFE_MS = 1200;
/** About as long as it takes to open a database and to replay. */
const LONGEST_START_MS = 900;
/** A life goes on without a seal after this long. */
const LONGEST_SEAL_MS = 10_000;
/** What a kill waits for, by turns. It may be over by the time of the kill, and nothing of it may come. */
const moments = {
  journal: ['seal', 'recovery', 'rotation', 'commit', 'start', 'any'],
  memory: ['seal', 'commit', 'any'],
} as const;
type Moment = (typeof moments)['journal'][number];
/** Until what a killed server has said is read, and before the next one listens. */
const LAST_ANSWERS_MS = 50;
/** Rounds beyond those that were asked for, as long as no seal was hit. */
const MAX_MORE_ROUNDS = 6;
const START_TIMEOUT_MS = 60_000;

export async function crashRounds(plan: CrashPlan): Promise<CrashReport> {
  const { wire, folder, reference } = plan;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [port, second] = (await freePorts(2)) as [number, number];
  const ports = { port, grpcPort: wire.name === 'both' ? second : port };
  const ledger = new Ledger();
  const counts = { kills: 0, inRecovery: 0, inSeal: 0, inCommit: 0, inRotation: 0, replayedRows: 0 };
  const isDone = new AbortController();
  const feeding = feed(ledger, {
    ...ports,
    token: TOKEN,
    forms: wire.forms,
    connections: plan.clients,
    recordsPerRequest: reference.recordsPerRequest,
    tenants: tenantNames(plan),
    until: isDone.signal,
  });
  try {
    const sealsHit = () => counts.inSeal + counts.inCommit;
    while (counts.kills < plan.rounds || (sealsHit() === 0 && counts.kills < plan.rounds + MAX_MORE_ROUNDS)) {
      const server = new CrashingServer(plan, ports);
      const turns = moments[plan.durability];
      await server.lifeUntil(counts.kills < plan.rounds ? turns[counts.kills % turns.length]! : 'seal');
      const doing = await server.kill();
      await pause(LAST_ANSWERS_MS);
      ledger.life++;
      counts.kills++;
      if (isDoing.recovery(doing)) counts.inRecovery++;
      if (isDoing.seal(doing)) counts.inSeal++;
      if (isDoing.commit(doing)) counts.inCommit++;
      if (isDoing.rotation(doing)) counts.inRotation++;
      counts.replayedRows += server.replayedRows;
    }
    const last = new CrashingServer(plan, ports);
    await last.listening();
    counts.replayedRows += last.replayedRows;
    isDone.abort();
    await feeding;
    await last.end();
  } finally {
    isDone.abort();
    await feeding;
  }
  if (segmentsIn(folder) > 0) throw new Error(`a clean stop left segments in ${journalOf(folder)}`);
  return { ...counts, unanswered: ledger.unanswered, ...(await committed(plan, ledger)) };
}

/** What a program finds that opens the target afterwards. */
async function committed(plan: CrashPlan, ledger: Ledger) {
  const { wire, target, isAtomic, folder, reference } = plan;
  const database = await HarnessDatabase.open(target, folder);
  try {
    // Makes the views over Parquet.
    await database.stop(await database.serve(wire, tenantOptions(plan)));
    return {
      ...(await reconcile(database, target.home, ledger, reference)),
      holes: await holes(database, target.home, ledger, reference.recordsPerRequest, isAtomic),
      unrecorded: isAtomic ? await unrecorded(database, target.home) : 0,
      misplaced: await misplaced(database, target.home, tenantNames(plan)),
    };
  } finally {
    await database.close();
  }
}

function tenantNames({ tenants }: Pick<CrashPlan, 'tenants'>): readonly string[] {
  return Array.from({ length: tenants }, (_, i) => `tenant-${i + 1}`);
}

function tenantOptions({ tenants }: Pick<CrashPlan, 'tenants'>): Readonly<Record<string, string>> {
  return tenants === 0 ? {} : { tenants: 'header' };
}

/** Rows of a service, whose connection was of one tenant, that are of another. */
async function misplaced(database: HarnessDatabase, home: string, tenants: readonly string[]): Promise<number> {
  if (tenants.length === 0) return 0;
  const counts = telemetryTables.map(({ name }) => {
    const service = "CAST(regexp_extract(service_name, '\\d+') AS BIGINT)";
    const expected = `[${tenants.map((tenant) => `'${tenant}'`).join(', ')}][${service} % ${tenants.length} + 1]`;
    return `SELECT count(*) AS rows FROM ${home}.${name} WHERE tenant_id IS DISTINCT FROM ${expected}`;
  });
  const [row] = await database.rows(`SELECT sum(rows) AS rows FROM (${counts.join(' UNION ALL ')})`);
  return Number(row!['rows']);
}

/** What a server's state file says. */
const isDoing = {
  seal: (state: string) => state[1] === 's',
  commit: (state: string) => state[1] === 'c',
  rotation: (state: string) => state[2] === 'r',
  recovery: (state: string) => state[0] === 'r',
} as const;

const journalOf = (folder: string) => join(folder, 'journal');

function segmentsIn(folder: string): number {
  if (!existsSync(journalOf(folder))) return 0; // killed before it was made
  return readdirSync(journalOf(folder)).filter((name) => /^\d+\.journal$/.test(name)).length;
}

class CrashingServer {
  replayedRows = 0;
  readonly #process: ChildProcess;
  readonly #stateFile: string;
  readonly #listening: Promise<void>;
  #stderr = '';

  constructor(plan: CrashPlan, { port, grpcPort }: Ports) {
    const { wire, target, durability, folder } = plan;
    this.#stateFile = join(folder, 'state');
    const options = {
      token: TOKEN,
      ...wire.options(grpcPort),
      ...target.options(folder),
      ...tenantOptions(plan),
      ...(durability === 'memory'
        ? {}
        : { durability, journal_path: journalOf(folder), journal_max_bytes: JOURNAL_MAX_BYTES }),
      seal_max_age_ms: SEAL_MAX_AGE_MS,
    };
    const task = {
      database: target.database(folder),
      setUp: target.setUp(folder),
      serveFunction: wire.serveFunction,
      uri: `${wire.scheme}:127.0.0.1:${port}`,
      options,
      stateFile: this.#stateFile,
    };
    this.#process = spawn(
      process.execPath,
      [join(packageFolder, 'test/manual/crash/crash-child.mjs'), JSON.stringify(task)],
      { env: { ...process.env, UV_THREADPOOL_SIZE: '32' }, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#listening = this.#said();
    this.#listening.catch(() => undefined);
  }

  listening(): Promise<void> {
    return this.#listening;
  }

  /** Waits for the moment of a kill, or for as long as it may take to come. */
  async lifeUntil(moment: Moment): Promise<void> {
    if (moment === 'start') {
      await Promise.race([pause(100 + Math.random() * LONGEST_START_MS), this.#listening]);
      return;
    }
    if (moment === 'recovery') {
      let isListening = false;
      this.#listening
        .finally(() => {
          isListening = true;
        })
        .catch(() => undefined);
      await this.#until(isDoing.recovery, () => isListening);
      return;
    }
    await this.#listening;
    await this.#aSeal();
    await pause(Math.random() * LONGEST_LIFE_MS);
    if (moment === 'any') return;
    const endMs = performance.now() + LONGEST_LIFE_MS;
    await this.#until(isDoing[moment], () => performance.now() > endMs);
  }

  /** Waits for a seal to begin and to end, so that there is something that must not get lost. */
  async #aSeal(): Promise<void> {
    const endMs = performance.now() + LONGEST_SEAL_MS;
    const isOver = () => performance.now() > endMs;
    const isSealing = (state: string) => isDoing.seal(state) || isDoing.commit(state);
    await this.#until(isSealing, isOver);
    await this.#until((state) => !isSealing(state), isOver);
  }

  async #until(isThere: (state: string) => boolean, isOver: () => boolean): Promise<void> {
    while (!isOver() && !isThere(this.#state())) await new Promise(setImmediate);
  }

  /** Kills it, and resolves with its state. */
  async kill(): Promise<string> {
    if (this.#process.exitCode !== null) throw new Error(`the server ended by itself: ${this.#stderr}`);
    this.#process.kill('SIGKILL');
    if (this.#process.signalCode === null) await once(this.#process, 'exit');
    return this.#state();
  }

  /** Stops it in order. */
  async end(): Promise<void> {
    this.#process.stdin!.end();
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
    if (this.#process.exitCode !== 0) throw new Error(`the server did not end in order: ${this.#stderr}`);
  }

  #state(): string {
    try {
      return readFileSync(this.#stateFile, 'utf8');
    } catch {
      return '';
    }
  }

  async #said(): Promise<void> {
    const timeout = setTimeout(() => this.#process.kill('SIGKILL'), START_TIMEOUT_MS);
    try {
      let text = '';
      for await (const chunk of this.#process.stdout!.setEncoding('utf8')) {
        text += chunk;
        if (!text.includes('\n')) continue;
        this.replayedRows = (JSON.parse(text) as { replayed: number }).replayed;
        return;
      }
      throw new Error(`the server ended before it listened: ${this.#stderr}`);
    } finally {
      clearTimeout(timeout);
    }
  }
}
