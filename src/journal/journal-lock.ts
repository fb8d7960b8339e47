// One process per journal. Each that wants it puts a file with a name of its own beside it, and then looks for those of
// others: of two that do so at once, at least one sees the other, and gives way. A name says who put it there, so that
// a process which died does not block: it is known by its id and, where the system tells, by when it started and since
// which boot, because ids are used again. Names are never used again, so a dead one's can be removed without a race.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FileStorage } from '../base/file-storage.js';
import { birthOf, isAlive } from '../base/process-life.js';
import { SqlError } from '../base/sql-error.js';

const NAME = /^lock-(\d+)-([\w.]+)-[0-9a-f-]{36}$/;
/** Two that come at the same moment both give way, and try again after pauses of their own. */
const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 50;

export class JournalLock {
  readonly #storage: FileStorage;
  /** Its name is never used again: where it is, the folder is the one that was locked. */
  readonly path: string;

  private constructor(storage: FileStorage, path: string) {
    this.#storage = storage;
    this.path = path;
  }

  /** Takes the lock of a folder. Rejects naming the holder while it lives. */
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

  /** Gives the lock back. Safe to call twice. */
  leave(): Promise<void> {
    return this.#storage.remove(this.path);
  }
}

/** The id of another process that has a lock here or is about to take it. Removes what dead ones left. */
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
