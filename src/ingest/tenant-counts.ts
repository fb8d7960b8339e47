// What tenants have sent, for whoever watches a server.

/** Tenants that are counted by themselves, the first that come. A label of metrics has few values. */
export const MAX_COUNTED_TENANTS = 100;
/** Stands for all others. No tenant may be called that. */
export const OTHER_TENANTS = '(other)';

export interface TenantCount {
  rows: number;
  bytes: number;
}

export class TenantCounts {
  readonly #byTenant = new Map<string, TenantCount>();

  get byTenant(): ReadonlyMap<string, Readonly<TenantCount>> {
    return this.#byTenant;
  }

  /** Counts an accepted request; undefined where there are no tenants. */
  accepted(tenant: string | undefined, rows: number, bytes: number): void {
    if (tenant === undefined) return;
    const isKnown = this.#byTenant.has(tenant) || this.#byTenant.size < MAX_COUNTED_TENANTS;
    const label = isKnown ? tenant : OTHER_TENANTS;
    const count = this.#byTenant.get(label) ?? { rows: 0, bytes: 0 };
    count.rows += rows;
    count.bytes += bytes;
    this.#byTenant.set(label, count);
  }
}
