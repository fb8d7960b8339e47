// One server: wires listeners → ingest → sealer → target. Its lifecycle is start(), flush(), stop().

import { randomUUID } from 'node:crypto';
import { Failure, messageOf } from '../base/failure.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { openTarget } from '../catalog/open-target.js';
import type { SealTarget } from '../catalog/seal-target.js';
import { askedHome } from '../catalog/table-home.js';
import type { Database, LogLevel } from '../duckdb/database.js';
import { FrozenRows } from '../duckdb/frozen-rows.js';
import { Admission } from '../ingest/admission.js';
import { Ingest } from '../ingest/ingest.js';
import type { Journal } from '../journal/journal.js';
import type { Feeder, LiveRows } from '../live/live-rows.js';
import type { DeadLetterRoom } from '../schema/dead-letter-options.js';
import { speaksTls } from '../schema/tls-options.js';
import type { ListedLetter, ReplayResult } from '../seal/dead-letter.js';
import { HeldLetters } from '../seal/held-letters.js';
import { type FlushResult, Sealer } from '../seal/sealer.js';
import type { Authorization } from '../server/identity/authorization.js';
import type { TokenFile } from '../server/identity/token-file.js';
import type { ListenUri } from '../server/listen-uri.js';
import type { TlsIdentity } from '../server/tls/tls-identity.js';
import type { Job } from '../upkeep/job.js';
import type { JobScheduler } from '../upkeep/job-scheduler.js';
import { MaintenanceSchedule } from '../upkeep/maintenance-schedule.js';
import { replayJob } from '../upkeep/replay-job.js';
import { RetentionJob } from '../upkeep/retention-job.js';
import { CommitPolicy } from './commit-policy.js';
import { databaseFile } from './database-file.js';
import { JournalGuard } from './journal-guard.js';
import type { Listeners } from './listeners.js';
import type { MetricFamily } from './metrics-text.js';
import { newListeners } from './new-listener.js';
import { type OpenAuthorization, openAuthorization } from './open-authorization.js';
import { type OpenJournal, openJournal } from './open-journal.js';
import { openTls } from './open-tls.js';
import { Pauses } from './pauses.js';
import { Recovery } from './recovery.js';
import type { ServeRequest } from './serve-request.js';
import { ServerAddress } from './server-address.js';
import { type ServerEventLog, ServerEvents } from './server-events.js';

/** Attempts at the final commit, and the pause between them. Rows that still cannot be committed are dropped and reported. */
const FINAL_COMMIT_ATTEMPTS = 3;
const FINAL_COMMIT_PAUSE_MS = 250;
/** Rows count as stuck when the last successful seal is older than this many times `seal_max_age_ms`. */
const STUCK_AFTER_AGES = 3;
/** Seals that were paused for as many times `seal_max_age_ms` count as forgotten: rows fill the memory meanwhile. */
const FORGOTTEN_AFTER_AGES = 10;

export interface StopResult {
  /** Rows committed by the final commit. */
  readonly committedRows: number;
  readonly droppedRows: number;
  /** Rows that could not be committed. They stay in the journal for the next start. */
  readonly journaledRows: number;
  /** Why rows were dropped, or stay in the journal. */
  readonly error: string | undefined;
}

/** What a server shares with the others of its DuckDB instance. */
export interface Surroundings {
  /** Reads its rows. */
  readonly live: LiveRows;
  /** Runs what servers do in the background. */
  readonly scheduler: JobScheduler;
  readonly tell: ServerEventLog;
  /** Of all servers, at this moment. */
  metrics(): readonly MetricFamily[];
}

/** What a server starts with, already open. */
interface ServerStart {
  readonly address: ServerAddress;
  readonly tls: TlsIdentity | undefined;
  readonly access: OpenAuthorization<Authorization>;
  readonly target: SealTarget;
  readonly opened: OpenJournal | undefined;
  readonly room: DeadLetterRoom;
  readonly surroundings: Surroundings;
  readonly memoryLimitBytes: number;
  readonly told: ServerEvents;
  log(level: LogLevel, message: string): void;
}

export class IngestServer {
  readonly request: ServeRequest;
  readonly ingest: Ingest;
  readonly sealer: Sealer;
  readonly maintenance: MaintenanceSchedule;
  readonly retention: RetentionJob;
  /** Undefined where dead letters are replayed only when somebody asks. */
  readonly replays: Job | undefined;
  readonly pauses: Pauses;
  readonly listeners: Listeners;
  readonly target: SealTarget;
  /** Undefined where connections are not encrypted. */
  readonly tls: TlsIdentity | undefined;
  /** Undefined where tokens are options. */
  readonly tokenFile: TokenFile | undefined;
  /** Replays rows of earlier runs, if the server has a journal. */
  readonly recovery: Recovery | undefined;
  /** Address of the first listener. */
  readonly #address: ServerAddress;
  readonly #opened: OpenJournal | undefined;
  readonly #told: ServerEvents;
  readonly #guard: JournalGuard | undefined;
  /** Rows that the target rejected for good, where there is no journal to keep them. */
  readonly #heldLetters: HeldLetters;
  readonly #serverId: string;
  readonly #endReading: () => void;
  /** Ends replays of dead letters in progress, whoever asked for them. */
  readonly #endReplays: () => void;
  readonly #replayDeadLetters: () => Promise<ReplayResult>;
  #stopped: Promise<StopResult> | undefined;
  /** The final commit of a stop and the cleanup after it. */
  #ending: Promise<StopResult> | undefined;

  private constructor(
    request: ServeRequest,
    parts: {
      address: ServerAddress;
      tls: TlsIdentity | undefined;
      access: OpenAuthorization<Authorization>;
      ingest: Ingest;
      sealer: Sealer;
      maintenance: MaintenanceSchedule;
      retention: RetentionJob;
      replays: Job | undefined;
      pauses: Pauses;
      listeners: Listeners;
      target: SealTarget;
      opened: OpenJournal | undefined;
      recovery: Recovery | undefined;
      told: ServerEvents;
      guard: JournalGuard | undefined;
      heldLetters: HeldLetters;
      serverId: string;
      endReading: () => void;
      endReplays: () => void;
      replayDeadLetters: () => Promise<ReplayResult>;
    },
  ) {
    this.request = request;
    this.#address = parts.address;
    this.tls = parts.tls;
    this.tokenFile = parts.access.file;
    this.ingest = parts.ingest;
    this.sealer = parts.sealer;
    this.maintenance = parts.maintenance;
    this.retention = parts.retention;
    this.replays = parts.replays;
    this.pauses = parts.pauses;
    this.listeners = parts.listeners;
    this.target = parts.target;
    this.#opened = parts.opened;
    this.recovery = parts.recovery;
    this.#told = parts.told;
    this.#guard = parts.guard;
    this.#heldLetters = parts.heldLetters;
    this.#serverId = parts.serverId;
    this.#endReading = parts.endReading;
    this.#endReplays = parts.endReplays;
    this.#replayDeadLetters = parts.replayDeadLetters;
  }

  /** Makes or verifies the tables, then listens. Rejects with nothing left running. */
  static async start(database: Database, request: ServeRequest, surroundings: Surroundings): Promise<IngestServer> {
    const { options } = request;
    const address = new ServerAddress(request.listeners[0].uri, speaksTls(options) ? 'https' : 'http');
    const told = new ServerEvents(address, surroundings.tell);
    const log = (level: LogLevel, message: string) => {
      // A lost log line must not fail the work that it describes.
      database.writeLog(level, `${address.listenUri}: ${message}`).catch(() => undefined);
    };
    const room: DeadLetterRoom = {
      maxBytes: options.dead_letter_max_bytes,
      whenFull: options.dead_letter_when_full,
      evicted: ({ bytes, error }) => told.tell('dead_letter_evicted', { bytes, error }),
    };
    const tls = await openTls(options, () => databaseFile(database, askedHome(options, request.caller).catalog));
    let access: OpenAuthorization<Authorization> | undefined;
    let opened: OpenJournal | undefined;
    let target: SealTarget | undefined;
    try {
      access = await openAuthorization(request.token, options);
      opened = await openJournal(database, request, {
        log: (message) => log('WARNING', message),
        failed: (error) => told.tell('journal_failed', { error }),
        room,
      });
      target = await openTarget(database, options, request.caller);
      const memoryLimitBytes = await database.memoryLimitBytes();
      const start = { address, tls, access, target, opened, room, surroundings, memoryLimitBytes, log, told };
      return await IngestServer.#startOn(request, start);
    } catch (error) {
      target?.close();
      await opened?.journal.close();
      access?.file?.close();
      tls?.close();
      throw error;
    }
  }

  static async #startOn(
    request: ServeRequest,
    { address, tls, access, target, opened, room, surroundings, memoryLimitBytes, log, told }: ServerStart,
  ): Promise<IngestServer> {
    const { options } = request;
    const { live, metrics, scheduler } = surroundings;
    const journal = opened?.journal;
    const serverId = journal?.serverId ?? randomUUID();
    const last = await target.lastSeal(serverId, journal?.firstSequence);
    const admission = new Admission(options);
    const maintenance = new MaintenanceSchedule(target.maintenance, options.max_buffered_bytes, {
      scheduler,
      hooks: {
        admittedBytes: () => admission.admittedBytes,
        unsupported: (error) =>
          log('WARNING', `${target.catalogName} has no maintenance, so it will not be tried: ${error}`),
      },
    });
    const heldLetters = new HeldLetters(options.max_decoded_bytes, room);
    const freeze = (rows: SignalRows) => FrozenRows.copyOf(rows);
    const policy = new CommitPolicy({ address, serverId, admission, maintenance, opened, heldLetters, told, log });
    const sealer = new Sealer(target, freeze, options, policy, { lastSequence: last.sealSequence, memoryLimitBytes });
    told.held = sealer;
    const feeder: Feeder = {
      get listenUri() {
        return address.listenUri;
      },
      serverId,
      tables: target.live,
      held: sealer,
    };
    const ingest = new Ingest(options, admission, sealer, journal);
    live.add(feeder);
    const endReading = () => live.end(feeder);
    const replaysEnded = new AbortController();
    const endReplays = () => replaysEnded.abort(new Failure('stopping', 'the server is stopping'));
    const jobs: Job[] = [];
    if (maintenance.job !== undefined) jobs.push(maintenance.job);
    try {
      // Its first run is a while from now, when rows of earlier runs have been replayed.
      const retention = new RetentionJob(target.retention, options, {
        scheduler,
        hooks: { sealed: () => sealer.settled(), removed: () => maintenance.job?.begin() },
      });
      if (retention.job !== undefined) jobs.push(retention.job);
      const recovery =
        opened === undefined ? undefined : new Recovery({ ...opened, target, ingest, sealer, freeze, options, log });
      const replayDeadLetters = () =>
        recovery?.replayDeadLetters(replaysEnded.signal) ??
        heldLetters.replay((generation) => sealer.commitApart(generation, serverId), replaysEnded.signal);
      const replays = replayJob(scheduler, options, { replay: replayDeadLetters, interrupt: endReplays });
      if (replays !== undefined) jobs.push(replays);
      const pauses = new Pauses({ maintenance: jobs, seals: [sealer], ingest: [ingest] });
      const listeners: Listeners = newListeners(request, {
        ingest,
        authorization: access.authorization,
        tls,
        listenUri: () => address.listenUri,
        metrics,
        hooks: {
          checks: () => ({
            listeners: listeners.isListening ? 'ok' : 'stopped',
            journal: journal?.failure === undefined ? 'ok' : 'failed',
            seals: sealsCheck(sealer, pauses, options.seal_max_age_ms),
            ...(pauses.since('ingest') === undefined ? {} : { ingest: 'paused' }),
          }),
          internalError: (error) => log('ERROR', `cannot answer a request: ${messageOf(error)}`),
          failed: (error) => told.tell('listener_failed', { error }),
        },
      });
      await recovery?.replay(last.journalSequence);
      const [first] = await listeners.listen();
      address.bound(first!.uri);
      // Only now that all sockets are bound: if a later one could not be bound, requests accepted before would be lost.
      ingest.open();
      const guard = journal === undefined ? undefined : new JournalGuard(journal, sealer);
      guard?.start();
      const kept = { address, tls, access, target, opened, guard, heldLetters, serverId };
      const parts = {
        ...kept,
        ingest,
        sealer,
        maintenance,
        retention,
        replays,
        pauses,
        listeners,
        recovery,
        told,
        endReading,
        endReplays,
        replayDeadLetters,
      };
      return new IngestServer(request, parts);
    } catch (error) {
      sealer.stop();
      await Promise.all(jobs.map((job) => job.stop()));
      // A commit may be running, and replayed rows may as well be committed.
      await sealer.flush();
      endReading();
      await ingest.close();
      throw error;
    }
  }

  /** How commits come along: they fail and rows wait (`stuck`), or an operator has forgotten that they are paused. */
  get sealsCheck(): 'ok' | 'stuck' | 'paused' {
    return sealsCheck(this.sealer, this.pauses, this.request.options.seal_max_age_ms);
  }

  /** The journal, if the server has one. */
  get journal(): Journal | undefined {
    return this.#opened?.journal;
  }

  /** Rows that the target rejected for good: in files with a journal, in memory without one. */
  get deadLetters(): {
    readonly waiting: readonly ListedLetter[];
    readonly rowsTotal: number;
    readonly evictedTotal: number;
  } {
    return this.#opened?.deadLetters ?? this.#heldLetters;
  }

  /** Rows replayed from the journal at the start, and from dead letters since. */
  get replayedRowsTotal(): number {
    return (this.recovery?.rowsTotal ?? 0) + this.#heldLetters.replayedRowsTotal;
  }

  /** Commits dead letters, oldest first, and stops at the first that is rejected again. */
  replay(): Promise<ReplayResult> {
    return this.#replayDeadLetters();
  }

  /** Address of the first listener, with its actual port. */
  get uri(): ListenUri {
    return this.#address.uri;
  }

  get listenUri(): string {
    return this.#address.listenUri;
  }

  /** The URL of one of its listeners. */
  urlOf(uri: ListenUri): string {
    return this.#address.urlOf(uri);
  }

  get listenUrl(): string {
    return this.#address.listenUrl;
  }

  /**
   * Commits buffered rows. If a stop has begun its final commit, waits for the stop and returns its result instead, because
   * the target is closed after that commit.
   */
  async flush(): Promise<FlushResult> {
    if (this.#ending === undefined) return this.sealer.flush();
    const { error } = await this.#ending;
    return { sealedRows: 0, error };
  }

  /**
   * Answers requests in flight, commits all rows, and frees the port. A call during a stop waits for that stop and returns
   * its result.
   */
  stop(): Promise<StopResult> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<StopResult> {
    await this.listeners.stop();
    this.#guard?.stop();
    this.sealer.stop();
    this.#endReplays();
    await Promise.all([this.maintenance.job?.stop(), this.retention.job?.stop(), this.replays?.stop()]);
    this.#ending = this.#end();
    return this.#ending;
  }

  async #end(): Promise<StopResult> {
    let committedRows = 0;
    for (let attempt = 1; ; attempt++) {
      const { sealedRows, error } = await this.sealer.flush();
      committedRows += sealedRows;
      if (error !== undefined && attempt < FINAL_COMMIT_ATTEMPTS) {
        await new Promise((resolve) => setTimeout(resolve, FINAL_COMMIT_PAUSE_MS));
        continue;
      }
      const lost = this.#keepsRows ? undefined : await this.#salvage(error);
      committedRows += lost?.committedRows ?? 0;
      this.#endReading();
      this.target.close();
      await this.ingest.close();
      await this.#opened?.journal.close();
      this.tokenFile?.close();
      this.tls?.close();
      if (lost === undefined) {
        return { committedRows, droppedRows: 0, journaledRows: this.sealer.bufferedRows, error };
      }
      if (lost.droppedRows > 0) {
        this.#told.tell('rows_dropped', { rows: lost.droppedRows, error: lost.error ?? 'unknown cause' });
      }
      return { ...lost, committedRows, journaledRows: 0 };
    }
  }

  /** Whether uncommitted rows survive for the next start. */
  get #keepsRows(): boolean {
    return this.#opened !== undefined && !this.#opened.journal.isLost;
  }

  /** After a failed final commit: commits as many of the rows as possible that exist in memory only. */
  async #salvage(error: string | undefined): Promise<Omit<StopResult, 'journaledRows'>> {
    const salvaged = error === undefined ? { sealedRows: 0, error } : await this.sealer.salvage();
    const replayed = await this.#heldLetters.replay((rows) => this.sealer.commitApart(rows, this.#serverId));
    return {
      committedRows: salvaged.sealedRows + replayed.replayedRows,
      droppedRows: this.sealer.bufferedRows + this.#heldLetters.rows,
      error: salvaged.error ?? replayed.error,
    };
  }
}

function sealsCheck(sealer: Sealer, pauses: Pauses, sealMaxAgeMs: number): 'ok' | 'stuck' | 'paused' {
  const pausedAtMs = pauses.since('seals');
  if (pausedAtMs !== undefined) {
    return Date.now() - pausedAtMs > FORGOTTEN_AFTER_AGES * sealMaxAgeMs ? 'paused' : 'ok';
  }
  if (sealer.lastError === undefined || sealer.bufferedRows === 0) return 'ok';
  const isStuck =
    sealer.lastSealAtMs === undefined || Date.now() - sealer.lastSealAtMs > STUCK_AFTER_AGES * sealMaxAgeMs;
  return isStuck ? 'stuck' : 'ok';
}
