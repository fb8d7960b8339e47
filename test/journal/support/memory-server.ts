// A server without sockets and without DuckDB: what is between them, wired as in IngestServer, before a disk and a target
// in memory.

import { type Clock, systemClock } from '../../../src/base/clock.js';
import type { FrozenBatch, Generation } from '../../../src/buffer/generation.js';
import type { SignalRows } from '../../../src/buffer/signal-rows.js';
import { tablesApart } from '../../../src/catalog/live-tables.js';
import type { CommitTiming, LastSeal, SealIdentity, SealTarget } from '../../../src/catalog/seal-target.js';
import { CommitPolicy } from '../../../src/control/commit-policy.js';
import { Recovery } from '../../../src/control/recovery.js';
import { ServerAddress } from '../../../src/control/server-address.js';
import { ServerEvents } from '../../../src/control/server-events.js';
import type { Refusal } from '../../../src/duckdb/errors.js';
import { Admission } from '../../../src/ingest/admission.js';
import { Ingest } from '../../../src/ingest/ingest.js';
import { DeadLetters } from '../../../src/journal/dead-letters.js';
import { Journal } from '../../../src/journal/journal.js';
import { FORMAT_VERSION, TENANT_FORMAT_VERSION } from '../../../src/journal/record.js';
import type { Damage } from '../../../src/journal/segment.js';
import type { TenantMode } from '../../../src/schema/column-declaration.js';
import type { DeadLetterRoom } from '../../../src/schema/dead-letter-options.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { serveOptions } from '../../../src/schema/serve-options.js';
import { HeldLetters } from '../../../src/seal/held-letters.js';
import { Sealer } from '../../../src/seal/sealer.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { parseListenUri } from '../../../src/server/listen-uri.js';
import { JobScheduler } from '../../../src/upkeep/job-scheduler.js';
import { MaintenanceSchedule } from '../../../src/upkeep/maintenance-schedule.js';
import { logsRequest } from '../../support/telemetry.js';
import type { MemoryStorage } from './memory-storage.js';

export const SEAL_MAX_AGE_MS = 3_600_000;
export const FOLDER = '/j';
/** For any number of dead letters. */
const ROOM: DeadLetterRoom = { maxBytes: 1 << 30, whenFull: 'wait', evicted: () => {} };
/** Begins a text that the target refuses for good, as long as it is told to. */
export const POISON = 'poison';

/** Whose a request with this text is. Texts of neighbors are of different ones. */
export function tenantOf(text: string): string {
  return `tenant-${(text.trim().at(-1)!.charCodeAt(0) % 3) + 1}`;
}

/** Bodies of log records, committed in transactions. It survives the processes that commit to it. */
export class MemoryTarget implements SealTarget {
  readonly catalogName = '';
  readonly kindName = 'other';
  readonly schemaName = 'main';
  readonly promotedColumns = 0;
  readonly maintenance = undefined;
  readonly retention = undefined;
  readonly live = tablesApart({ catalog: 'memory', schema: 'main' }, () => [], 'it has no tables');
  readonly bodies: string[] = [];
  refusesPoison = true;
  /** Whether no commit succeeds for now. */
  isAway = false;
  /** The process that commits. */
  storage: MemoryStorage | undefined;
  readonly #seals = new Map<string, LastSeal>();

  async commit(generation: Generation, { serverId, sequence }: SealIdentity): Promise<CommitTiming> {
    if (this.storage!.isDead) return new Promise(() => {});
    if (this.isAway) throw new Error('away');
    const bodies = [...generation.batches.values()].flat().flatMap((batch) => (batch as FrozenBodies).bodies);
    if (this.refusesPoison && bodies.some((body) => body.startsWith(POISON))) throw new Error('refused for good');
    this.bodies.push(...bodies);
    const { journalSequence } = await this.lastSeal(serverId);
    const newest = Math.max(journalSequence, generation.lastJournalSequence);
    this.#seals.set(serverId, { sealSequence: sequence, journalSequence: newest });
    return { appendMs: 0, commitMs: 0 };
  }

  async lastSeal(serverId: string): Promise<LastSeal> {
    return this.#seals.get(serverId) ?? { sealSequence: 0, journalSequence: 0 };
  }

  refusal(error: unknown): Refusal | undefined {
    return (error as Error).message === 'refused for good' ? 'rows' : undefined;
  }

  close(): void {}
}

class FrozenBodies implements FrozenBatch {
  readonly signal;
  readonly rows;
  readonly byteLength;
  readonly bodies: readonly string[];

  constructor(source: SignalRows) {
    this.signal = source.signal;
    this.rows = source.rows;
    this.byteLength = source.byteLength;
    const table = source.table('otlp_logs');
    const { slots } = table.text('body');
    this.bodies = Array.from({ length: table.rows }, (_, row) => {
      const offset = slots[2 * row]!;
      const body = Buffer.from(source.heap.bytes.subarray(offset, offset + slots[2 * row + 1]!)).toString();
      const tenant = table.tenants.runs.find(({ end }) => row < end)?.tenant;
      // Numbered 0: the one row of its request.
      if (tenant !== undefined && tenant !== tenantOf(body.slice(0, -1)))
        throw new Error(`BUG: ${body} is of ${tenant}`);
      return body;
    });
  }

  rowsOf(): number {
    return this.rows;
  }
}

export interface MemoryServerOptions {
  readonly maxBytes?: number;
  readonly damaged?: (damage: Damage) => void;
  readonly clock?: Clock;
  readonly room?: DeadLetterRoom;
  /** Whether requests are of tenants, each of the one that its text names. */
  readonly tenants?: TenantMode;
}

export class MemoryServer {
  readonly journal: Journal;
  readonly deadLetters: DeadLetters;
  readonly sealer: Sealer;
  readonly recovery: Recovery;
  readonly ingest: Ingest;

  readonly #tenants: TenantMode;

  private constructor(
    parts: Pick<MemoryServer, 'journal' | 'deadLetters' | 'sealer' | 'recovery' | 'ingest'>,
    tenants: TenantMode,
  ) {
    this.#tenants = tenants;
    this.journal = parts.journal;
    this.deadLetters = parts.deadLetters;
    this.sealer = parts.sealer;
    this.recovery = parts.recovery;
    this.ingest = parts.ingest;
  }

  static async start(
    storage: MemoryStorage,
    target: MemoryTarget,
    {
      maxBytes = 4096,
      damaged = () => {},
      clock = systemClock,
      room = ROOM,
      tenants = 'none',
    }: MemoryServerOptions = {},
  ): Promise<MemoryServer> {
    target.storage = storage;
    const version = tenants === 'none' ? FORMAT_VERSION : TENANT_FORMAT_VERSION;
    const journal = await Journal.open({ folder: FOLDER, maxBytes, storage, version, damaged, failed: () => {} });
    const deadLetters = await DeadLetters.open(storage, FOLDER, room);
    const options = readOptions(serveOptions, { seal_max_age_ms: SEAL_MAX_AGE_MS });
    const admission = new Admission(options);
    const freeze = (rows: SignalRows) => new FrozenBodies(rows);
    const last = await target.lastSeal(journal.serverId);
    const address = new ServerAddress(parseListenUri('otlp:localhost'));
    const opened = { journal, deadLetters };
    const policy = new CommitPolicy({
      address,
      serverId: journal.serverId,
      admission,
      maintenance: new MaintenanceSchedule(target.maintenance, options.max_buffered_bytes, {
        scheduler: new JobScheduler(clock),
        hooks: { admittedBytes: () => admission.admittedBytes, unsupported: () => {} },
      }),
      opened,
      heldLetters: new HeldLetters(options.max_decoded_bytes, room),
      told: new ServerEvents(address, () => {}),
      log: () => {},
    });
    const sealer = new Sealer(target, freeze, options, policy, { lastSequence: last.sealSequence, clock });
    const ingest = new Ingest(options, admission, sealer, journal);
    ingest.open();
    // So little memory that a recovery commits after each record.
    const little = { max_decoded_bytes: 1, fidelity: 'standard', tenants } as const;
    const parts = { ...opened, target, ingest, sealer, freeze, options: little, clock, log: () => {} };
    const recovery = new Recovery(parts);
    await recovery.replay(last.journalSequence);
    return new MemoryServer({ journal, deadLetters, sealer, recovery, ingest }, tenants);
  }

  /** Sends a log record whose body is this text. */
  async send(text: string): Promise<void> {
    const body = logsRequest(1, text);
    const principal = this.#tenants === 'none' ? soleTenant : { ...soleTenant, tenant: tenantOf(text) };
    const reservation = this.ingest.admission.admit({ principal, address: undefined });
    reservation.growTo(body.length);
    try {
      await this.ingest.accept({ signal: 'logs', format: 'protobuf', encoding: 'identity', body }, reservation, this);
    } finally {
      reservation.release();
    }
  }

  async stop(): Promise<void> {
    this.sealer.stop();
    await this.sealer.flush();
    await this.ingest.close();
    await this.journal.close();
  }
}
