// What Prometheus's API calls errors, and the status of each.

import type { FailureKind } from '../../base/failure.js';

export const errorTypes = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  unavailable: 503,
  not_found: 404,
  internal: 500,
} as const;

export type ErrorType = keyof typeof errorTypes;

const typeByKind: ReadonlyMap<FailureKind, ErrorType> = new Map<FailureKind, ErrorType>([
  ['queryCanceled', 'canceled'],
  ['queryTimedOut', 'timeout'],
  ['queryTooLarge', 'execution'],
  ['overloaded', 'unavailable'],
  ['stopping', 'unavailable'],
]);

export function errorTypeOf(kind: FailureKind): ErrorType {
  return typeByKind.get(kind) ?? 'internal';
}
