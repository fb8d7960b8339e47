// Which processes live. An id alone does not tell, because ids are used again: where the system tells, a process is known by
// when it was born too.

import { readFileSync } from 'node:fs';

/** The birth of a process of which the system does not tell it. */
const UNKNOWN_BIRTH = 'unknown';
/** That of a zombie, which has ended and waits for its parent to ask. */
const ENDED = 'dead';

/** Whether there is a process of this id that was born then. Where that cannot be known, one of the id is enough. */
export function isAlive(pid: number, birth = UNKNOWN_BIRTH): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Of another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = birthOf(pid);
  if (now === ENDED) return false;
  // Processes of other users may be hidden.
  return birth === UNKNOWN_BIRTH || now === UNKNOWN_BIRTH || birth === now;
}

/** The boot, and the clock tick after it, in which a process started. */
export function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may hold spaces and parentheses itself; then come state and
    // others, of which the twentieth is the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? ENDED : `${boot}.${fields[19]}`;
  } catch {
    return UNKNOWN_BIRTH;
  }
}
