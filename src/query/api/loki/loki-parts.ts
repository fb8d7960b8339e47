import type { TableHome } from '../../../catalog/table-home.js';
import type { LokiOptions } from '../../../schema/loki-options.js';
import type { QueryRunner } from '../../run/query-runner.js';

/** What the API answers from. */
export interface LokiParts {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly options: LokiOptions & { readonly query_timeout_ms: number; readonly max_samples: number };
}
