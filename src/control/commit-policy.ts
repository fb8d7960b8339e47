// What a commit, a failure or a refusal leads to: it releases admitted bytes, truncates the journal, schedules maintenance,
// sets rows aside that a target rejects for good, and tells the operator.

import { messageOf } from '../base/failure.js';
import type { Generation } from '../buffer/generation.js';
import type { LogLevel } from '../duckdb/database.js';
import type { Refusal } from '../duckdb/errors.js';
import type { Admission } from '../ingest/admission.js';
import type { HeldLetters } from '../seal/held-letters.js';
import type { SealerEvents, SealReason } from '../seal/sealer.js';
import type { MaintenanceSchedule } from '../upkeep/maintenance-schedule.js';
import type { OpenJournal } from './open-journal.js';
import type { ServerAddress } from './server-address.js';
import type { ServerEvents } from './server-events.js';

export interface CommitPolicyParts {
  readonly address: ServerAddress;
  readonly serverId: string;
  readonly admission: Admission;
  readonly maintenance: MaintenanceSchedule;
  /** Undefined without a journal. */
  readonly opened: OpenJournal | undefined;
  /** Keeps rejected rows where there is no journal. */
  readonly heldLetters: HeldLetters;
  readonly told: ServerEvents;
  log(level: LogLevel, message: string): void;
}

export class CommitPolicy implements SealerEvents {
  readonly #parts: CommitPolicyParts;

  constructor(parts: CommitPolicyParts) {
    this.#parts = parts;
  }

  identity(): { readonly server: string; readonly serverId: string } {
    const { address, serverId } = this.#parts;
    return { server: address.listenUri, serverId };
  }

  committed(generation: Generation, reason: SealReason): void {
    const { admittedBytes, bytesByTenant, lastJournalSequence } = generation;
    const { admission, told, maintenance, opened, log } = this.#parts;
    admission.settled(admittedBytes, bytesByTenant);
    told.commitSucceeded(generation, reason);
    if (reason === 'background') maintenance.sealed(admittedBytes);
    opened?.journal.release(lastJournalSequence).catch((error: unknown) => {
      log('ERROR', `cannot remove a journal segment: ${messageOf(error)}`);
    });
  }

  failed(error: string): void {
    this.#parts.log('ERROR', `cannot commit rows: ${error}`);
  }

  postponed(error: string): void {
    this.#parts.told.commitFailed(error);
  }

  async refused(generation: Generation, refusal: Refusal, error: string): Promise<boolean> {
    const { admission, told, log } = this.#parts;
    const { rows, admittedBytes, bytesByTenant } = generation;
    try {
      if (!(await this.#setAside(generation, refusal, error))) return false;
    } catch (failure) {
      log('ERROR', `cannot set ${rows} rows aside: ${messageOf(failure)}`);
      return false;
    }
    admission.settled(admittedBytes, bytesByTenant);
    told.tell('rows_set_aside', { rows, error });
    log('ERROR', `set ${rows} rows aside as dead letters, which otlp_replay() tries again: ${error}`);
    return true;
  }

  /** Resolves with true if the rows are dead letters now. */
  async #setAside(generation: Generation, refusal: Refusal, error: string): Promise<boolean> {
    const { opened, heldLetters } = this.#parts;
    if (opened !== undefined) {
      const { firstJournalSequence: first, lastJournalSequence: last, rows } = generation;
      await opened.deadLetters.add(opened.journal, { first, last }, rows, error);
      return true;
    }
    // The rows behind them would be rejected too. In memory, all of them are as safe where they are.
    if (refusal === 'table') return false;
    heldLetters.add(generation, error);
    return true;
  }
}
