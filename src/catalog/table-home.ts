// Which catalog and schema are meant. One rule for every function and option that names them.

import type { Caller } from '../duckdb/pending-function.js';

export interface TableHome {
  readonly catalog: string;
  readonly schema: string;
}

/** Catalog and schema as a user gave them. Null, or an empty text, where the default is meant. */
export interface AskedHome {
  readonly catalog: string | null;
  readonly schema: string | null;
}

/** The catalog that was asked for; undefined where the caller's own is meant. `otlp_server_list()` shows that one as ''. */
export function namedCatalog(catalog: string | null): string | undefined {
  return catalog === null || catalog === '' ? undefined : catalog;
}

/**
 * The default catalog is the one that the caller uses, with the schema that it uses. A catalog that is named has its tables in
 * `main` unless a schema is named too.
 */
export function askedHome({ catalog, schema }: AskedHome, caller: Pick<Caller, 'catalog' | 'schema'>): TableHome {
  const named = namedCatalog(catalog);
  return { catalog: named ?? caller.catalog, schema: schema ?? (named === undefined ? caller.schema : 'main') };
}
