// Which resources have log records in a time, and what Loki calls them. The JSON text of a resource is long and the same in
// millions of rows, so statements name resources by a number, and texts are read and understood once per thread.

import type { Label, Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import { numberAt, textAt } from '../scan/block-values.js';
import { constantSql } from '../scan/constant-sql.js';
import { type ResourceLabels, resourceLabels, SERVICE_NAME } from './index-labels.js';
import { isOneOfSql } from './is-one-of-sql.js';
import type { LogTable } from './log-table.js';

/**
 * A number for the text of a resource: 53 bits of its hash, which a double holds exactly. Two of a million texts share one once in
 * 18,000 stores. Of the column alone, so that DuckDB hashes each text of a dictionary once: with `coalesce` inside it takes five
 * times as long. No text has a hash too.
 */
export const RESOURCE_ID_SQL = 'CAST(hash(resource_attributes) >> 11 AS DOUBLE)';

/** Resources that a thread knows, each with some kilobytes. One more, and all are read anew. */
const MAX_RESOURCES = 100_000;

/** What the column `service_name` says where a resource has no name. */
const NO_SERVICE = 'unknown';

export interface Resource extends ResourceLabels {
  readonly id: number;
  /** What Loki tells of the resource in each entry, by name. */
  readonly metadataNames: ReadonlySet<string>;
}

export interface StreamSelection {
  readonly matchers: readonly Matcher[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Resources that a selection means, by number, and SQL that is true of their rows. */
export interface SelectedResources {
  readonly byId: ReadonlyMap<number, Resource>;
  readonly sql: string;
}

/** The resources of one tenant's tables, with labels by one list of index attributes. */
export class ResourceCatalogue {
  readonly #indexed: ReadonlySet<string>;
  /** Replaced when it is full, never emptied: a query that waits goes on with what it had. */
  #known: KnownResources = new Map();
  /** One object for each stream: several resources may be the same stream. */
  readonly #streams = new Map<string, WeakRef<Labels>>();

  constructor(indexed: readonly string[]) {
    this.#indexed = new Set(indexed);
  }

  /** The resources whose streams match, as far as they have entries in the time. */
  async select(table: LogTable, selection: StreamSelection, signal: AbortSignal): Promise<SelectedResources> {
    const hint = this.#serviceHint(selection.matchers);
    const rows = `${table.times.rows(selection)} WHERE ${hint}`;
    const ids = await idsOf(table, rows, signal);
    const known = await this.#learn(table, rows, ids, signal);
    const resources = ids
      .map((id) => known.get(id))
      // Undefined for one whose rows were deleted meanwhile.
      .filter((resource) => resource !== undefined)
      .filter(({ stream }) => selection.matchers.every((matcher) => matcher.matches(stream.get(matcher.name))));
    return {
      byId: new Map(resources.map((resource) => [resource.id, resource])),
      sql: `${hint} AND ${resourceSql(resources)}`,
    };
  }

  /** The resource with this number and text. */
  resource(id: number, text: () => string | undefined): Resource {
    const resource = this.#known.get(id) ?? this.#resource(id, text());
    this.#known.set(id, resource);
    if (this.#known.size > MAX_RESOURCES) this.#known = new Map();
    return resource;
  }

  /** A condition on a column that zone maps know, where the name of the service is asked for. */
  #serviceHint(matchers: readonly Matcher[]): string {
    if (!this.#indexed.has('service.name')) return 'true';
    const values = matchers.find(({ name, values }) => name === SERVICE_NAME && values !== undefined)?.values;
    if (values === undefined || values.includes('')) return 'true';
    return isOneOfSql('service_name', [...values, NO_SERVICE].map(constantSql));
  }

  /** Reads the texts of those resources that are not known. */
  async #learn(table: LogTable, rows: string, ids: readonly number[], signal: AbortSignal): Promise<KnownResources> {
    if (this.#known.size + ids.length > MAX_RESOURCES) this.#known = new Map();
    const known = this.#known;
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length === 0) return known;
    const sql = `SELECT ${RESOURCE_ID_SQL}, any_value(resource_attributes) FROM ${rows}
      AND ${RESOURCE_ID_SQL} IN (${unknown.join(', ')}) GROUP BY 1`;
    for await (const { rowCount, columns } of table.scan(sql, signal)) {
      for (let row = 0; row < rowCount; row++) {
        const id = numberAt(columns[0]!, row)!;
        known.set(id, this.#resource(id, textAt(columns[1]!, row)));
      }
    }
    return known;
  }

  #resource(id: number, text: string | undefined): Resource {
    const { stream, metadata } = resourceLabels(text, this.#indexed);
    const shared = this.#streams.get(stream.key)?.deref() ?? stream;
    if (this.#streams.size > MAX_RESOURCES) this.#streams.clear();
    this.#streams.set(shared.key, new WeakRef(shared));
    return { id, stream: shared, metadata, metadataNames: namesOf(metadata) };
  }
}

type KnownResources = Map<number, Resource>;

async function idsOf(table: LogTable, rows: string, signal: AbortSignal): Promise<number[]> {
  const sql = `SELECT DISTINCT ${RESOURCE_ID_SQL} FROM ${rows}`;
  const ids: number[] = [];
  for await (const { rowCount, columns } of table.scan(sql, signal)) {
    for (let row = 0; row < rowCount; row++) ids.push(numberAt(columns[0]!, row)!);
  }
  return ids.sort((left, right) => left - right);
}

function namesOf(labels: readonly Label[]): ReadonlySet<string> {
  return new Set(labels.map(([name]) => name));
}

function resourceSql(resources: readonly Resource[]): string {
  return resources.length === 0 ? 'false' : `${RESOURCE_ID_SQL} IN (${resources.map(({ id }) => id).join(', ')})`;
}
