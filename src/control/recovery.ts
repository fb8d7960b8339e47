// Rows that earlier runs accepted but did not commit → the target. The journal is replayed at the start, dead letters on request.

import { type Clock, systemClock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import type { Generation } from '../buffer/generation.js';
import { type Freeze, OpenRows, type RowsOrigin } from '../buffer/open-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import type { SealTarget } from '../catalog/seal-target.js';
import type { LogLevel } from '../duckdb/database.js';
import type { Ingest } from '../ingest/ingest.js';
import type { DeadLetter, DeadLetters } from '../journal/dead-letters.js';
import type { Journal } from '../journal/journal.js';
import type { JournalRecord } from '../journal/record.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { ReplayResult } from '../seal/dead-letter.js';
import type { Sealer } from '../seal/sealer.js';

/** Rows between two progress messages of a recovery. */
const PROGRESS_ROWS = 1_000_000;
/**
 * Attempts at a commit that a recovery needs to free memory, and the pause between them. This is more than it takes to set
 * rejected rows aside. After the last attempt the start fails, without losing anything.
 */
const COMMIT_ATTEMPTS = 10;
const COMMIT_PAUSE_MS = 1000;

export interface RecoveryParts {
  readonly journal: Journal;
  readonly deadLetters: DeadLetters;
  readonly target: SealTarget;
  readonly ingest: Ingest;
  readonly sealer: Sealer;
  readonly freeze: Freeze;
  readonly options: Pick<ServeOptions, 'max_decoded_bytes' | 'fidelity' | 'tenants'>;
  readonly clock?: Clock;
  log(level: LogLevel, message: string): void;
}

export class Recovery {
  readonly #parts: RecoveryParts;
  #rows = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Rows replayed from the journal or from dead letters since the server started. */
  get rowsTotal(): number {
    return this.#rows;
  }

  /**
   * Appends the journal's records after `afterSequence`. This happens before the first request, because the newest sequence
   * that a seal names must cover all older ones. Intermediate commits bound memory for any backlog. A record that cannot be
   * decoded becomes a dead letter.
   */
  async replay(afterSequence: number): Promise<void> {
    const { journal, deadLetters, sealer, log } = this.#parts;
    await this.#settleCommitted(afterSequence);
    let reported = 0;
    for await (const record of journal.replay(afterSequence)) {
      if (deadLetters.has(record.sequence)) continue;
      this.#checkTenant(record);
      const rows = await this.#decoded(record);
      if (rows === undefined || rows.rows === 0) continue;
      sealer.append([rows], originOf(record, rows));
      this.#rows += rows.rows;
      await this.#makeRoom();
      if (this.#rows - reported < PROGRESS_ROWS) continue;
      log('INFO', `${this.#rows} rows replayed from the journal so far`);
      reported = this.#rows;
    }
    if (this.#rows > 0) log('INFO', `replayed ${this.#rows} rows from the journal`);
  }

  /**
   * Commits dead letters, oldest first, and stops at the first that is rejected again, or between two when `stopping` is
   * aborted. Calls wait for each other.
   */
  replayDeadLetters(stopping?: AbortSignal): Promise<ReplayResult> {
    const result = this.#turn.then(() => this.#replayDeadLetters(stopping));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #replayDeadLetters(stopping: AbortSignal | undefined): Promise<ReplayResult> {
    const { journal, deadLetters, sealer } = this.#parts;
    let replayedRows = 0;
    try {
      for (const letter of [...deadLetters.waiting]) {
        stopping?.throwIfAborted();
        await deadLetters.take(letter, async () => {
          const generation = await this.#generationOf(letter);
          if (generation !== undefined) await sealer.commitApart(generation, this.#sealName(letter));
          await deadLetters.settle(letter, journal.releasedSequence);
          const rows = generation?.rows ?? 0;
          replayedRows += rows;
          this.#rows += rows;
        });
      }
      return { replayedRows, error: undefined };
    } catch (error) {
      return { replayedRows, error: messageOf(error) };
    }
  }

  /** Removes dead letters that are committed already: a crash came between the commit and the removal. */
  async #settleCommitted(afterSequence: number): Promise<void> {
    const { deadLetters, target } = this.#parts;
    for (const letter of [...deadLetters.waiting]) {
      const { journalSequence } = await target.lastSeal(this.#sealName(letter), letter.first);
      if (journalSequence > 0) await deadLetters.settle(letter, afterSequence);
    }
    await deadLetters.forget(afterSequence);
  }

  /**
   * `server_id` under which a replayed dead letter is recorded. It differs from the journal's id, whose sequences are
   * committed in order. The existence of this seal proves that the letter was committed.
   */
  #sealName({ first, last }: DeadLetter): string {
    return `${this.#parts.journal.serverId}-dead-letter-${first}-${last}`;
  }

  async #generationOf(letter: DeadLetter): Promise<Generation | undefined> {
    const { deadLetters, ingest, freeze, options, clock = systemClock } = this.#parts;
    const open = new OpenRows(freeze, options.fidelity);
    for await (const record of deadLetters.records(letter)) {
      this.#checkTenant(record);
      const rows = ingest.replayedRows(record);
      if (rows.rows > 0) open.append([rows], originOf(record, rows), clock.nowMs());
    }
    return open.detach();
  }

  /** Without tenants, a row would lose whose it is. */
  #checkTenant({ sequence, tenant }: JournalRecord): void {
    if (tenant === undefined || this.#parts.options.tenants !== 'none') return;
    throw new SqlError(
      'OTLP_REPLAY_FAILED',
      `cannot replay record ${sequence} of the journal: its rows are of tenant ${tenant}, and tenants is 'none': start the server with tenants`,
    );
  }

  /** The rows of a record; undefined if the record became a dead letter. */
  async #decoded(record: JournalRecord): Promise<SignalRows | undefined> {
    const { journal, deadLetters, ingest, log } = this.#parts;
    try {
      return ingest.replayedRows(record);
    } catch (error) {
      const { sequence } = record;
      await deadLetters.add(journal, { first: sequence, last: sequence }, 0, messageOf(error));
      log('ERROR', `cannot decode record ${sequence} of the journal, so it is a dead letter: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #makeRoom(): Promise<void> {
    const { sealer, options, clock = systemClock } = this.#parts;
    for (let attempt = 1; sealer.bufferedBytes > options.max_decoded_bytes / 2; attempt++) {
      const { error } = await sealer.flush();
      if (error === undefined) return;
      if (attempt === COMMIT_ATTEMPTS) throw new SqlError('OTLP_REPLAY_FAILED', `cannot replay the journal: ${error}`);
      await clock.pause(COMMIT_PAUSE_MS);
    }
  }
}

/** An earlier process admitted the bytes. */
function originOf({ sequence }: JournalRecord, { storedBytes }: SignalRows): RowsOrigin {
  return { admittedBytes: 0, storedBytes, sequences: { first: sequence, last: sequence } };
}
