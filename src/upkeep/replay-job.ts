// Dead letters → the target, now and then: what refused them may have been mended.

import type { DeadLetterOptions } from '../schema/dead-letter-options.js';
import type { Job } from './job.js';
import type { JobScheduler } from './job-scheduler.js';

export interface DeadLetterReplay {
  replay(): Promise<{ readonly error: string | undefined }>;
  /** Ends a replay in progress before its next dead letter, and those to come before their first. */
  interrupt(): void;
}

/** Undefined where dead letters are replayed only when somebody asks. */
export function replayJob(
  scheduler: JobScheduler,
  { dead_letter_replay_interval_ms: everyMs }: DeadLetterOptions,
  work: DeadLetterReplay,
): Job | undefined {
  if (everyMs === 0) return undefined;
  return scheduler.add({
    name: 'dead letters',
    everyMs,
    async run() {
      const { error } = await work.replay();
      if (error !== undefined) throw new Error(`cannot commit dead letters: ${error}`);
    },
    interrupt: () => work.interrupt(),
  });
}
