import { MemoryError, type QueryAccount, QueryError } from '#promql';
import { Failure } from '../../base/failure.js';
import type { Report } from './engine.js';

/** What a sample takes in memory: its value and its time. */
const SAMPLE_BYTES = 16;

/** The account of an evaluation, as that of the query that it is part of. */
export function evaluationAccount(report: Report): QueryAccount {
  return {
    read(samples) {
      try {
        report.countSamples(samples);
      } catch (error) {
        throw isTooLarge(error) ? new QueryError('limit', error.message, { cause: error }) : error;
      }
    },
    hold(samples) {
      try {
        report.reserveBytes(SAMPLE_BYTES * samples);
      } catch (error) {
        throw isTooLarge(error) ? new MemoryError(error.message, { cause: error }) : error;
      }
    },
    release: (samples) => report.releaseBytes(SAMPLE_BYTES * samples),
  };
}

function isTooLarge(error: unknown): error is Failure {
  return error instanceof Failure && error.kind === 'queryTooLarge';
}
