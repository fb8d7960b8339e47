import { type QueryAccount, QueryError } from '#promql';
import { Failure } from '../../base/failure.js';
import type { Report } from './engine.js';

/** What a sample takes in memory: its value and its time. */
const SAMPLE_BYTES = 16;

/** The account of an evaluation, as that of the query that it is part of. */
export function evaluationAccount(report: Report): QueryAccount {
  return {
    read: (samples) => limited(() => report.countSamples(samples)),
    hold: (samples) => limited(() => report.reserveBytes(SAMPLE_BYTES * samples)),
    release: (samples) => report.releaseBytes(SAMPLE_BYTES * samples),
  };
}

function limited(count: () => void): void {
  try {
    count();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'queryTooLarge') {
      throw new QueryError('limit', error.message, { cause: error });
    }
    throw error;
  }
}
