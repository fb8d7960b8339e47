// What became of requests, for whoever watches a server.

import { BucketHistogram } from '../base/bucket-histogram.js';
import { Failure, type FailureKind, failureKinds } from '../base/failure.js';

/** In seconds. Answers come within a few milliseconds; with a journal or under load within some hundred. */
const ANSWER_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** In bytes, as they are sent. SDKs send some kB, Collectors up to some MB. */
const BODY_BOUNDS = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

/** How a request ended: accepted, or refused for a reason that clients are told. */
export type RequestOutcome = 'accepted' | (typeof failureKinds)[FailureKind]['reason'];

/** Requests of one signal, since the start. */
export class RequestCounts {
  /** From the head of a request to its answer, in seconds, whatever the answer is. */
  readonly answerSeconds = new BucketHistogram(ANSWER_BOUNDS);
  /** Bodies that were read, as they were sent. */
  readonly bodyBytes = new BucketHistogram(BODY_BOUNDS);
  readonly #byOutcome = new Map<RequestOutcome, number>();

  get byOutcome(): ReadonlyMap<RequestOutcome, number> {
    return this.#byOutcome;
  }

  ended(outcome: RequestOutcome, seconds: number): void {
    this.#byOutcome.set(outcome, (this.#byOutcome.get(outcome) ?? 0) + 1);
    this.answerSeconds.add(seconds);
  }
}

/** The reason that a client is told when a request fails with this. */
export function outcomeOf(thrown: unknown): RequestOutcome {
  return failureKinds[thrown instanceof Failure ? thrown.kind : 'internal'].reason;
}
