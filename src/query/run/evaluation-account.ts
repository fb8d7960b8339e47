import { MemoryError, type QueryAccount, QueryError } from '#promql';
import { Failure } from '../../base/failure.js';
import type { Report } from './engine.js';

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
    hold(bytes) {
      try {
        report.reserveBytes(bytes);
      } catch (error) {
        throw isTooLarge(error) ? new MemoryError(error.message, { cause: error }) : error;
      }
    },
    release: (bytes) => report.releaseBytes(bytes),
    throwIfEnded: () => report.throwIfEnded(),
  };
}

function isTooLarge(error: unknown): error is Failure {
  return error instanceof Failure && error.kind === 'queryTooLarge';
}
