// One server: listener → ingest → sealer → target, wired. Its life is start(), flush(), stop().

import { randomUUID } from 'node:crypto';
import type { SignalRows } from '../buffer/signal-rows.js';
import { openTarget } from '../catalog/open-target.js';
import type { SealTarget } from '../catalog/seal-target.js';
import type { Database, LogLevel } from '../duckdb/database.js';
import { FrozenRows } from '../duckdb/frozen-rows.js';
import { messageOf } from '../failure.js';
import type { DeadLetters } from '../journal/dead-letters.js';
import type { Journal } from '../journal/journal.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { MaintenanceSchedule } from '../seal/maintenance-schedule.js';
import { type FlushResult, Sealer, type SealerEvents } from '../seal/sealer.js';
import { Admission } from './admission.js';
import { Ingest } from './ingest.js';
import { canonicalUri, httpUrl, type ListenUri } from './listen-uri.js';
import type { Listener } from './listener.js';
import { newListener } from './new-listener.js';
import { type OpenJournal, openJournal } from './open-journal.js';
import type { ServeRequest } from './serve-request.js';

/** Attempts of the final commit, and the pause between them. What cannot be committed then is dropped, and said so. */
const FINAL_COMMIT_ATTEMPTS = 3;
const FINAL_COMMIT_PAUSE_MS = 250;
/** Rows count as stuck once the last successful seal is this many maximal ages old. */
const STUCK_AFTER_AGES = 3;

export interface StopResult {
  /** Rows that the final commit made durable. */
  readonly committedRows: number;
  readonly droppedRows: number;
  /** Rows that could not be committed, and are in the journal for the next start. */
  readonly journaledRows: number;
  /** Why rows were dropped, or stay in the journal. */
  readonly error: string | undefined;
}

export class IngestServer {
  /** Where it listens; the port is the real one. */
  readonly uri: ListenUri;
  readonly request: ServeRequest;
  readonly ingest: Ingest;
  readonly sealer: Sealer;
  readonly maintenance: MaintenanceSchedule;
  readonly listener: Listener;
  readonly target: SealTarget;
  readonly #opened: OpenJournal | undefined;
  #stopped: Promise<StopResult> | undefined;

  private constructor(
    uri: ListenUri,
    request: ServeRequest,
    parts: {
      ingest: Ingest;
      sealer: Sealer;
      maintenance: MaintenanceSchedule;
      listener: Listener;
      target: SealTarget;
      opened: OpenJournal | undefined;
    },
  ) {
    this.uri = uri;
    this.request = request;
    this.ingest = parts.ingest;
    this.sealer = parts.sealer;
    this.maintenance = parts.maintenance;
    this.listener = parts.listener;
    this.target = parts.target;
    this.#opened = parts.opened;
  }

  /** Makes or verifies the tables, then listens. Rejects with nothing left running. */
  static async start(database: Database, request: ServeRequest): Promise<IngestServer> {
    const { options } = request;
    const { uri } = request;
    let listensAt = uri;
    const log = (level: LogLevel, message: string) => {
      // Losing a line of log is no reason to fail what the line is about.
      database.writeLog(level, `${canonicalUri(listensAt)}: ${message}`).catch(() => undefined);
    };
    const opened = await openJournal(database, request, (message) => log('WARNING', message));
    let target: SealTarget | undefined;
    try {
      target = await openTarget(database, options, request.caller);
      return await IngestServer.#startOn(request, target, opened, log, (at) => {
        listensAt = at;
      });
    } catch (error) {
      target?.close();
      await opened?.journal.close();
      throw error;
    }
  }

  static async #startOn(
    request: ServeRequest,
    target: SealTarget,
    opened: OpenJournal | undefined,
    log: (level: LogLevel, message: string) => void,
    listening: (uri: ListenUri) => void,
  ): Promise<IngestServer> {
    const { options } = request;
    let { uri } = request;
    const journal = opened?.journal;
    const serverId = journal?.serverId ?? randomUUID();
    const last = await target.lastSeal(serverId);
    const admission = new Admission(options.max_buffered_bytes);
    const maintenance = new MaintenanceSchedule(target.maintenance, options.max_buffered_bytes, {
      admittedBytes: () => admission.admittedBytes,
      unsupported: (error) =>
        log('WARNING', `${target.catalogName} has no maintenance, so it will not be tried: ${error}`),
    });
    const freeze = (rows: SignalRows) => new FrozenRows(rows);
    const events: SealerEvents = {
      identity: () => ({ server: canonicalUri(uri), serverId }),
      committed: (generation, reason) => {
        admission.release(generation.admittedBytes);
        if (reason === 'background') maintenance.sealed(generation.admittedBytes, Date.now());
        journal?.release(generation.lastJournalSequence).catch((error: unknown) => {
          log('ERROR', `cannot remove a journal segment: ${messageOf(error)}`);
        });
      },
      failed: (error) => log('ERROR', `cannot commit rows: ${error}`),
      refused: async (generation, error) => {
        if (opened === undefined) return false;
        const { firstJournalSequence: first, lastJournalSequence: end, rows } = generation;
        await opened.deadLetters.add(opened.journal, first, end, rows);
        admission.release(generation.admittedBytes);
        log('ERROR', `set ${rows} rows aside as dead letters, which otlp_replay() tries again: ${error}`);
        return true;
      },
    };
    const sealer = new Sealer(target, freeze, options, events, last.sealSequence);
    const ingest = new Ingest(options, admission, sealer, journal);
    if (opened !== undefined) await replay(opened, last.journalSequence, ingest, sealer, options, log);
    const listener = newListener(request, ingest, {
      isReady: () => isReady(sealer, options.seal_max_age_ms),
      internalError: (error) => log('ERROR', `cannot answer a request: ${messageOf(error)}`),
    });
    try {
      uri = { ...uri, port: await listener.listen() };
    } catch (error) {
      sealer.stop();
      await ingest.close();
      throw error;
    }
    listening(uri);
    return new IngestServer(uri, request, { ingest, sealer, maintenance, listener, target, opened });
  }

  /** The journal, if the server has one. */
  get journal(): Journal | undefined {
    return this.#opened?.journal;
  }

  /** What the target refused for good, if the server has a journal. */
  get deadLetters(): DeadLetters | undefined {
    return this.#opened?.deadLetters;
  }

  get listenUri(): string {
    return canonicalUri(this.uri);
  }

  get listenUrl(): string {
    return httpUrl(this.uri);
  }

  flush(): Promise<FlushResult> {
    return this.sealer.flush();
  }

  /** Answers the requests in flight, commits every row, and frees the port. Safe to call twice. */
  stop(): Promise<StopResult> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<StopResult> {
    await this.listener.stop();
    this.sealer.stop();
    await this.maintenance.stop();
    let committedRows = 0;
    for (let attempt = 1; ; attempt++) {
      const { sealedRows, error } = await this.sealer.flush();
      committedRows += sealedRows;
      if (error !== undefined && attempt < FINAL_COMMIT_ATTEMPTS) {
        await new Promise((resolve) => setTimeout(resolve, FINAL_COMMIT_PAUSE_MS));
        continue;
      }
      this.target.close();
      await this.ingest.close();
      await this.#opened?.journal.close();
      const uncommittedRows = this.sealer.bufferedRows;
      return this.#opened === undefined
        ? { committedRows, droppedRows: uncommittedRows, journaledRows: 0, error }
        : { committedRows, droppedRows: 0, journaledRows: uncommittedRows, error };
    }
  }
}

/** Rows between two lines of log about a recovery. */
const PROGRESS_ROWS = 1_000_000;
/** Pause before a recovery tries again to commit. */
const REPLAY_RETRY_MS = 1000;

/**
 * Appends what earlier runs accepted and did not commit, before the first request: the newest sequence that a seal names
 * must cover all older ones. Commits in between, so that memory is bounded whatever the backlog.
 */
async function replay(
  { journal, deadLetters }: OpenJournal,
  afterSequence: number,
  ingest: Ingest,
  sealer: Sealer,
  options: ServeOptions,
  log: (level: LogLevel, message: string) => void,
): Promise<void> {
  const setAside = await deadLetters.ranges();
  let rows = 0;
  let reported = 0;
  for await (const record of journal.replay(afterSequence)) {
    if (setAside.some(({ first, last }) => record.sequence >= first && record.sequence <= last)) continue;
    rows += ingest.replay(record);
    while (sealer.bufferedBytes > options.max_decoded_bytes / 2) {
      const { error } = await sealer.flush();
      if (error !== undefined) await new Promise((resolve) => setTimeout(resolve, REPLAY_RETRY_MS));
    }
    if (rows - reported < PROGRESS_ROWS) continue;
    log('INFO', `${rows} rows replayed from the journal so far`);
    reported = rows;
  }
  if (rows > 0) log('INFO', `replayed ${rows} rows from the journal`);
}

function isReady(sealer: Sealer, sealMaxAgeMs: number): boolean {
  if (sealer.lastError === undefined || sealer.bufferedRows === 0) return true;
  return sealer.lastSealAtMs !== undefined && Date.now() - sealer.lastSealAtMs <= STUCK_AFTER_AGES * sealMaxAgeMs;
}
