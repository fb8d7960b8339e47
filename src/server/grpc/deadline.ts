import { Failure } from '../../base/failure.js';

const MS_PER_UNIT: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Time that a client waits, from its `grpc-timeout` header; undefined without one. */
export function deadlineMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? [];
  if (unit === undefined) {
    throw new Failure('misframed', `grpc-timeout must be up to 8 digits and one of H, M, S, m, u, n, got ${header}`);
  }
  return Number(digits) * MS_PER_UNIT[unit]!;
}
