// Dead letters → the target, now and then: what refused them may have been mended.

import type { DeadLetterOptions } from '../schema/dead-letter-options.js';
import type { Job } from './job.js';
import type { JobScheduler } from './job-scheduler.js';

/** Undefined where dead letters are replayed only when somebody asks. */
export function replayJob(
  scheduler: JobScheduler,
  { dead_letter_replay_interval_ms: everyMs }: DeadLetterOptions,
  replay: () => Promise<{ readonly error: string | undefined }>,
): Job | undefined {
  if (everyMs === 0) return undefined;
  return scheduler.add({
    name: 'dead letters',
    everyMs,
    async run() {
      const { error } = await replay();
      if (error !== undefined) throw new Error(`cannot commit dead letters: ${error}`);
    },
    // A commit ends by itself.
    interrupt() {},
  });
}
