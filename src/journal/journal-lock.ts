// One process per journal. A process creates a lock file with a unique name in the folder, then looks for lock files of other
// processes. Of two that do so at once, at least one sees the other and gives way. The name identifies its process, so that a dead
// one does not block: by process id and, where the system reports them, start time and boot, because ids are reused. Names
// are never reused, so the lock of a dead process can be removed without a race.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FileStorage } from '../base/file-storage.js';
import { birthOf, isAlive } from '../base/process-life.js';
import { SqlError } from '../base/sql-error.js';

const NAME = /^lock-(\d+)-([\w.]+)-[0-9a-f-]{36}$/;
/** Two processes that start at the same moment both give way and retry after random pauses. */
const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 50;

export class JournalLock {
  readonly #storage: FileStorage;
  /** The name is unique, so a folder that contains it is the folder that was locked. */
  readonly path: string;

  private constructor(storage: FileStorage, path: string) {
    this.#storage = storage;
    this.path = path;
  }

  /** Locks a folder. Rejects with the holder's id while it lives. */
  static async take(storage: FileStorage, folder: string): Promise<JournalLock> {
    for (let attempt = 1; ; attempt++) {
      const mine = `lock-${process.pid}-${birthOf(process.pid)}-${randomUUID()}`;
      const lock = new JournalLock(storage, join(folder, mine));
      await (await storage.create(lock.path)).close();
      const holder = await livingHolder(storage, folder, mine).catch(async (error: unknown) => {
        await lock.leave();
        throw error;
      });
      if (holder === undefined) return lock;
      await lock.leave();
      if (attempt === ATTEMPTS)
        throw new SqlError('OTLP_JOURNAL_IN_USE', `journal ${folder} is in use by process ${holder}`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_PAUSE_MS));
    }
  }

  /** Releases the lock. Safe to call twice. */
  leave(): Promise<void> {
    return this.#storage.remove(this.path);
  }
}

/** Id of another process that holds or takes the lock. Removes locks of dead processes. */
async function livingHolder(storage: FileStorage, folder: string, mine: string): Promise<number | undefined> {
  let living: number | undefined;
  for (const name of await storage.list(folder)) {
    const match = NAME.exec(name);
    if (match === null || name === mine) continue;
    const pid = Number(match[1]);
    if (isAlive(pid, match[2]!)) living = pid;
    else await storage.remove(join(folder, name));
  }
  return living;
}
