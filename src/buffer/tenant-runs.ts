// Whose the rows of a table are. A request says it once for all of its rows, so that it takes memory and time by the request.

/** Rows side by side that are of one tenant. */
export interface TenantRun {
  readonly tenant: string | undefined;
  /** Index after the last row. */
  readonly end: number;
}

export class TenantRuns {
  #runs: TenantRun[] = [];

  /** Runs of all rows; empty where no row has a tenant. */
  get runs(): readonly TenantRun[] {
    return this.#runs;
  }

  /** Makes all of so many rows a tenant's. */
  set(tenant: string | undefined, rows: number): void {
    this.#runs = tenant === undefined || rows === 0 ? [] : [{ tenant, end: rows }];
  }

  /** Adds those of `rows` further rows after the first `end`. */
  append({ runs }: TenantRuns, end: number, rows: number): void {
    if (runs.length === 0 && this.#runs.length === 0) return;
    if (this.#runs.length === 0 && end > 0) this.#runs.push({ tenant: undefined, end });
    if (runs.length === 0) this.#add(undefined, end + rows);
    for (const run of runs) this.#add(run.tenant, end + run.end);
  }

  /** Forgets all rows but the first `rows`. */
  truncate(rows: number): void {
    const last = this.#runs.findIndex(({ end }) => end >= rows);
    if (last === -1) return;
    const { tenant } = this.#runs[last]!;
    this.#runs = rows === 0 ? [] : [...this.#runs.slice(0, last), { tenant, end: rows }];
  }

  #add(tenant: string | undefined, end: number): void {
    if (this.#runs.at(-1)?.tenant === tenant && this.#runs.length > 0) this.#runs.pop();
    this.#runs.push({ tenant, end });
  }
}
