import type { ServeOptions } from '../schema/serve-options.js';

export interface WaitingRows {
  readonly openedAtMs: number;
  readonly admittedBytes: number;
  readonly decodedBytes: number;
}

type TriggerOptions = Pick<ServeOptions, 'seal_target_bytes' | 'seal_max_age_ms' | 'max_decoded_bytes'>;

/** Milliseconds until rows are due for their age; 0 if they are due for their size now. */
export function sealDelayMs(waiting: WaitingRows, options: TriggerOptions, nowMs: number): number {
  if (waiting.admittedBytes >= options.seal_target_bytes) return 0;
  // Half of the cap, so that the other half takes rows that arrive during the seal.
  if (waiting.decodedBytes >= options.max_decoded_bytes / 2) return 0;
  return Math.max(0, waiting.openedAtMs + options.seal_max_age_ms - nowMs);
}
