import { BucketHistogram } from '../../base/bucket-histogram.js';
import { Failure, failureKinds } from '../../base/failure.js';

/** Seconds. Panels are to be there within one, and a query may take some minutes. */
const DURATION_BOUNDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

/** What has become of queries since the start. */
export class QueryCounts {
  /** `answered`, or the reason that clients are told. */
  readonly byOutcome = new Map<string, number>();
  /** From the moment that a query is asked, waiting included, to its end. */
  readonly seconds = new BucketHistogram(DURATION_BOUNDS);

  /** `error` is why the query failed, if it did. */
  add(durationMs: number, error: unknown): void {
    const outcome = outcomeOf(error);
    this.byOutcome.set(outcome, (this.byOutcome.get(outcome) ?? 0) + 1);
    this.seconds.add(durationMs / 1000);
  }
}

function outcomeOf(error: unknown): string {
  if (error === undefined) return 'answered';
  return failureKinds[error instanceof Failure ? error.kind : 'internal'].reason;
}
