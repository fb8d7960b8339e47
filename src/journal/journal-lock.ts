// One process per journal. The lock names its holder, so that one which died does not block: a process is known by its
// id and, where the system tells, by when it started, because ids are used again.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const LOCK_NAME = 'lock';
/** Tries at a lock that others are taking, or leaving, at the same moment. */
const ATTEMPTS = 5;

interface Holder {
  readonly pid: number;
  /** In the system's own count; null where it does not tell. */
  readonly startedAt: string | null;
  readonly nonce: string;
}

export class JournalLock {
  readonly #path: string;
  readonly #nonce: string;

  private constructor(path: string, nonce: string) {
    this.#path = path;
    this.#nonce = nonce;
  }

  /** Takes the lock of a folder. Rejects naming the holder while it lives. */
  static async take(folder: string): Promise<JournalLock> {
    const path = join(folder, LOCK_NAME);
    const mine: Holder = { pid: process.pid, startedAt: startOf(process.pid), nonce: randomUUID() };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await created(path, JSON.stringify(mine))) return new JournalLock(path, mine.nonce);
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text === undefined) continue; // left between the two lines
      const holder = parsedHolder(text);
      if (holder !== undefined && isAlive(holder)) {
        throw new Error(`journal ${folder} is in use by process ${holder.pid}`);
      }
      await setAside(path, text);
    }
    throw new Error(`cannot lock journal ${folder}: other processes keep taking and leaving it`);
  }

  /** Gives the lock back. Safe to call twice. */
  async leave(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (text !== undefined && parsedHolder(text)?.nonce === this.#nonce) await rm(this.#path, { force: true });
  }
}

async function created(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(text);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock whose holder is dead. Of several processes that see it so, one succeeds; no live lock is removed. */
async function setAside(path: string, seen: string): Promise<void> {
  const aside = `${path}.${process.pid}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // somebody else was quicker
  }
  const taken = await readFile(aside, 'utf8');
  // Between reading and renaming, another process may have replaced the dead lock by its own: give it back.
  if (taken !== seen) await rename(aside, path);
  else await rm(aside, { force: true });
}

function parsedHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined; // killed while writing it
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startedAt === null || startedAt === startOf(pid);
}

/** When a process started, in clock ticks since boot: field 22 of /proc/<pid>/stat. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
