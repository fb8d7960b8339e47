// What a thread knows of series, for all whose queries it runs. One principal's is never shown to another.

import type { TableHome } from '../../catalog/table-home.js';
import type { Principal } from '../../server/identity/principal.js';
import type { MetricOptions } from './metric-options.js';
import { OutputCache } from './output-cache.js';
import { SeriesCatalogue } from './series-catalogue.js';

/** Series that a thread remembers, 700 bytes each: as many as a query may read unless `max_series` says otherwise. */
const MAX_SERIES = 500_000;
/** Tenants, homes and options that a thread remembers the series of. */
const MAX_CATALOGUES = 64;

export class MetricCatalogues {
  /** The least recently used one is first. */
  readonly #catalogues = new Map<string, SeriesCatalogue>();
  readonly #maxSeries: number;
  readonly #outputs: OutputCache;

  constructor(maxSeries = MAX_SERIES, outputs = new OutputCache()) {
    this.#maxSeries = maxSeries;
    this.#outputs = outputs;
  }

  /** Queries that hold a catalogue keep it, even when it is dropped here. */
  of({ tenant }: Principal, { catalog, schema }: TableHome, options: MetricOptions): SeriesCatalogue {
    const key = JSON.stringify([tenant, catalog, schema, options]);
    const catalogue = this.#catalogues.get(key) ?? new SeriesCatalogue(options, this.#outputs);
    this.#catalogues.delete(key);
    this.#evict(catalogue);
    // One that is too large for all of the room is read anew by the next query.
    if (catalogue.size > this.#maxSeries) return new SeriesCatalogue(options, this.#outputs);
    this.#catalogues.set(key, catalogue);
    return catalogue;
  }

  #evict(wanted: SeriesCatalogue): void {
    let series = wanted.size;
    for (const { size } of this.#catalogues.values()) series += size;
    for (const [key, { size }] of this.#catalogues) {
      if (series <= this.#maxSeries && this.#catalogues.size < MAX_CATALOGUES) return;
      this.#catalogues.delete(key);
      series -= size;
    }
  }
}
