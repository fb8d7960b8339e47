// One server: listener → ingest → sealer → target, wired. Its life is start(), flush(), stop().

import { openTarget } from '../catalog/open-target.js';
import type { SealTarget } from '../catalog/seal-target.js';
import type { Database, LogLevel } from '../duckdb/database.js';
import { FrozenRows } from '../duckdb/frozen-rows.js';
import { messageOf } from '../failure.js';
import { MaintenanceSchedule } from '../seal/maintenance-schedule.js';
import { type FlushResult, Sealer } from '../seal/sealer.js';
import { Admission } from './admission.js';
import { Ingest } from './ingest.js';
import { canonicalUri, httpUrl, type ListenUri } from './listen-uri.js';
import type { Listener } from './listener.js';
import { newListener } from './new-listener.js';
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
  /** Why rows were dropped. */
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
  #stopped: Promise<StopResult> | undefined;

  private constructor(
    uri: ListenUri,
    request: ServeRequest,
    parts: { ingest: Ingest; sealer: Sealer; maintenance: MaintenanceSchedule; listener: Listener; target: SealTarget },
  ) {
    this.uri = uri;
    this.request = request;
    this.ingest = parts.ingest;
    this.sealer = parts.sealer;
    this.maintenance = parts.maintenance;
    this.listener = parts.listener;
    this.target = parts.target;
  }

  /** Makes or verifies the tables, then listens. Rejects with nothing left running. */
  static async start(database: Database, request: ServeRequest): Promise<IngestServer> {
    const { options } = request;
    const target = await openTarget(database, options, request.caller);
    let { uri } = request;
    const log = (level: LogLevel, message: string) => {
      // Losing a line of log is no reason to fail what the line is about.
      database.writeLog(level, `${canonicalUri(uri)}: ${message}`).catch(() => undefined);
    };
    const admission = new Admission(options.max_buffered_bytes);
    const maintenance = new MaintenanceSchedule(target.maintenance, options.max_buffered_bytes, {
      admittedBytes: () => admission.admittedBytes,
      unsupported: (error) =>
        log('WARNING', `${target.catalogName} has no maintenance, so it will not be tried: ${error}`),
    });
    const sealer = new Sealer(target, (rows) => new FrozenRows(rows), options, {
      server: () => canonicalUri(uri),
      committed: (generation, reason) => {
        admission.release(generation.admittedBytes);
        if (reason === 'background') maintenance.sealed(generation.admittedBytes, Date.now());
      },
      failed: (error) => log('ERROR', `cannot commit rows: ${error}`),
    });
    const ingest = new Ingest(options, admission, sealer);
    const listener = newListener(request, ingest, {
      isReady: () => isReady(sealer, options.seal_max_age_ms),
      internalError: (error) => log('ERROR', `cannot answer a request: ${messageOf(error)}`),
    });
    try {
      uri = { ...uri, port: await listener.listen() };
      return new IngestServer(uri, request, { ingest, sealer, maintenance, listener, target });
    } catch (error) {
      target.close();
      throw error;
    }
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
      return { committedRows, droppedRows: this.sealer.bufferedRows, error };
    }
  }
}

function isReady(sealer: Sealer, sealMaxAgeMs: number): boolean {
  if (sealer.lastError === undefined || sealer.bufferedRows === 0) return true;
  return sealer.lastSealAtMs !== undefined && Date.now() - sealer.lastSealAtMs <= STUCK_AFTER_AGES * sealMaxAgeMs;
}
