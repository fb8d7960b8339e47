import type { ServerAnswer } from './connection.js';

/** What was counted, in the whole run or in the part of it that is measured. */
export class Tally {
  requests = 0;
  acceptedRequests = 0;
  acceptedRecords = 0;
  sentBytes = 0;
  readonly statuses = new Map<string, number>();

  count({ outcome, status }: ServerAnswer, records: number, sentBytes: number): void {
    this.requests++;
    this.sentBytes += sentBytes;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (outcome !== 'accepted') return;
    this.acceptedRequests++;
    this.acceptedRecords += records;
  }
}
