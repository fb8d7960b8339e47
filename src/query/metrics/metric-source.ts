// Selections of PromQL → samples from the tables.

import { MemoryError, type ReadContext, type SampleSource, type Selection, type SeriesSamples } from '#promql';
import { Failure } from '../../base/failure.js';
import type { Scanner } from '../scan/scanner.js';
import { GatheredTable, type GatheringRoom } from './gathered-table.js';
import { mergedSamples } from './merged-samples.js';
import type { MetricOptions } from './metric-options.js';
import type { MemoryReport, MetricStoreParts, PlannedRead, StartTimes } from './metric-store.js';
import type { SeriesCatalogue, TableCatalogue } from './series-catalogue.js';
import { NumberSlabs } from './series-records.js';
import { conditionOf, isSelective, plannedRead, readOf, type Selected, type TableRead } from './table-read.js';

/** Series that leave at once. What they take is gone before the next come. */
const BATCH_SERIES = 64;

export class MetricSource implements SampleSource<unknown> {
  readonly #scanner: Scanner;
  readonly #catalogue: SeriesCatalogue;
  readonly #options: MetricOptions;
  readonly #startTimes: StartTimes;
  readonly #memory: MemoryReport | undefined;

  constructor(catalogue: SeriesCatalogue, { scanner, options, startTimes = 'ignored', memory }: MetricStoreParts) {
    this.#scanner = scanner;
    this.#catalogue = catalogue;
    this.#options = options;
    this.#startTimes = startTimes;
    this.#memory = memory;
  }

  async *read(selection: Selection, context: ReadContext<unknown>): AsyncGenerator<readonly SeriesSamples[]> {
    let reservedBytes = 0;
    const reserveBytes = (bytes: number) => {
      reserve(bytes, this.#memory);
      reservedBytes += bytes;
    };
    const room: GatheringRoom = {
      records: new NumberSlabs(reserveBytes),
      samples: new NumberSlabs(() => undefined),
      reserveBytes,
    };
    try {
      yield* batches(await this.#gatherAll(selection, room, context), selection, room);
    } finally {
      this.#memory?.releaseBytes(reservedBytes);
    }
  }

  /** The statements that a selection is read with. */
  async plan(selection: Selection, signal: AbortSignal): Promise<readonly PlannedRead[]> {
    const planned: PlannedRead[] = [];
    for (const catalogue of this.#catalogue.tables) {
      const condition = conditionOf(catalogue, selection, this.#options);
      if (condition === undefined) continue;
      await catalogue.discover(this.#scanner, condition, signal, (bytes) => reserve(bytes, this.#memory));
      planned.push(plannedRead(readOf(catalogue, selection, condition, this.#startTimes), selection.matchers));
    }
    return planned;
  }

  /** Reads the tables side by side: most hold nothing that is wanted. */
  async #gatherAll(
    selection: Selection,
    room: GatheringRoom,
    context: ReadContext<unknown>,
  ): Promise<readonly GatheredTable[]> {
    context.signal.throwIfAborted();
    const end = new AbortController();
    const { signal } = end;
    const cancel = () => end.abort(context.signal.reason);
    context.signal.addEventListener('abort', cancel, { once: true });
    const startedMs = performance.now();
    const tables = this.#catalogue.tablesFor(selection);
    const reading = tables.map(async (catalogue) => {
      const read = await this.#prepare(catalogue, selection, room, signal);
      return read === undefined ? [] : [await this.#gather(read, selection, room, { ...context, signal })];
    });
    try {
      const gathered = (await Promise.all(reading)).flat();
      if (tables === this.#catalogue.tables) this.#catalogue.noteAsked(selection, startedMs);
      return gathered;
    } catch (error) {
      end.abort(error);
      await Promise.allSettled(reading);
      throw error;
    } finally {
      context.signal.removeEventListener('abort', cancel);
    }
  }

  async #prepare(
    catalogue: TableCatalogue,
    selected: Selected,
    { reserveBytes }: GatheringRoom,
    signal: AbortSignal,
  ): Promise<TableRead | undefined> {
    const condition = conditionOf(catalogue, selected, this.#options);
    if (condition === undefined) return undefined;
    // Later, rows of series that are not known yet are read with the others.
    const { matchers } = selected;
    if (isSelective(matchers, catalogue.table) && catalogue.named(matchers).next().done === true)
      await catalogue.discover(this.#scanner, condition, signal, reserveBytes);
    return readOf(catalogue, selected, condition, this.#startTimes);
  }

  async #gather(
    read: TableRead,
    { matchers }: Selection,
    room: GatheringRoom,
    { signal, warn }: ReadContext<unknown>,
  ): Promise<GatheredTable> {
    const { catalogue, sql, condition } = read;
    const gathered = new GatheredTable(read, catalogue.selected(matchers), room);
    for await (const block of this.#scanner.scan({ sql }, signal)) gathered.add(block);
    await catalogue.learn(this.#scanner, condition, gathered.unknown, signal, room.reserveBytes);
    if (gathered.tooCoarse > 0) {
      warn(`${gathered.tooCoarse} exponential histograms were left out, whose scale is less than -4`);
    }
    return gathered;
  }
}

/** What is too much is the query's fault, and not the source's. */
function reserve(bytes: number, memory: MemoryReport | undefined): void {
  try {
    memory?.reserveBytes(bytes);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'queryTooLarge')
      throw new MemoryError(error.message, { cause: error });
    throw error;
  }
}

/** Each series once, whatever tables, scopes or units its points are in. */
function* batches(
  tables: readonly GatheredTable[],
  selection: Selection,
  { samples }: GatheringRoom,
): Generator<readonly SeriesSamples[]> {
  let batch: SeriesSamples[] = [];
  for (const series of seriesOf(tables)) {
    batch.push(series);
    if (batch.length < BATCH_SERIES) continue;
    yield batch;
    batch = [];
    if (selection.isShared) continue;
    // Whoever reads a selection that is not shared has done with a batch when the next one is asked for.
    samples.reuse();
    for (const table of tables) table.forgetSamples();
  }
  if (batch.length > 0) yield batch;
}

function* seriesOf(tables: readonly GatheredTable[]): Generator<SeriesSamples> {
  const found = tables
    .map((table) => ({ table, places: table.placesWithRows() }))
    .filter(({ places }) => places.length > 0);
  if (found.length > 1 || found.some(({ table }) => !table.areDistinct)) {
    yield* mergedSeries(found);
    return;
  }
  for (const { table, places } of found) {
    for (const place of places) for (const output of table.outputsAt(place)) yield table.samplesOf(place, output);
  }
}

interface FoundPlaces {
  readonly table: GatheredTable;
  readonly places: readonly number[];
}

/** What has the same labels becomes one series. */
function* mergedSeries(found: readonly FoundPlaces[]): Generator<SeriesSamples> {
  const byLabels = new Map<string, (() => SeriesSamples)[]>();
  for (const { table, places } of found) {
    for (const place of places) {
      for (const output of table.outputsAt(place)) {
        const { key } = output.labels;
        const same = byLabels.get(key) ?? [];
        byLabels.set(key, same);
        same.push(() => table.samplesOf(place, output));
      }
    }
  }
  for (const same of byLabels.values()) yield mergedSamples(same.map((samples) => samples()));
}
