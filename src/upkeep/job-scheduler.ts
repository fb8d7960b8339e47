// The jobs of all servers of a process. One runs at a time, so that what they take of memory and disk does not add up.

import { type Clock, systemClock } from '../base/clock.js';
import { Slots } from '../base/slots.js';
import { Job, type JobWork } from './job.js';

/** Each server has a few jobs, each of which waits once at most. */
const MAX_WAITING_JOBS = 10_000;

export class JobScheduler {
  readonly #clock: Clock;
  readonly #slots = new Slots('jobs', { slots: 1, maxWaiting: MAX_WAITING_JOBS });

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** A job that begins by itself from now on, until it is stopped. */
  add(work: JobWork): Job {
    return new Job(work, this.#slots, this.#clock);
  }
}
