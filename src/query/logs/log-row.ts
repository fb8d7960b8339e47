// Columns of a row → its line, stream and structured metadata.

import type { LogBatch, LogNeeds } from '#logql';
import { type Label, Labels } from '#promql/data/labels';
import { bigintAt, numberAt, textAt } from '../scan/block-values.js';
import type { BlockColumn, ColumnBlock } from '../scan/scanner.js';
import {
  DETECTED_LEVEL,
  detectedLevel,
  LEVEL_FIELDS,
  normalizedLevel,
  SEVERITY_NUMBER,
  SEVERITY_TEXT,
} from './detected-level.js';
import { AttributeReader, type TakeLabel } from './flat-attributes.js';
import { LINE_SQL } from './line-filter-sql.js';
import { RESOURCE_ID_SQL, type Resource } from './resource-catalogue.js';
import type { LogTimeSql } from './time-sql.js';

/** JSON texts of attributes, in the order in which they give labels. Those of the resource stand between the two. */
const attributeColumns = ['log_attributes', 'scope_attributes'] as const;

/** Labels that columns give, but for the times, with SQL of their text. A field of the record beats any attribute with its name. */
const ownLabelColumns: ReadonlyMap<string, string> = new Map([
  [SEVERITY_NUMBER, 'CAST(nullif(severity_number, 0) AS VARCHAR)'],
  [SEVERITY_TEXT, 'severity_text'],
  ['dropped_attributes_count', unsignedSql('dropped_attributes_count')],
  ['flags', unsignedSql('flags')],
  ['trace_id', 'trace_id'],
  ['span_id', 'span_id'],
  ['event_name', 'event_name'],
  ['scope_name', 'scope_name'],
  ['scope_version', 'scope_version'],
]);

/** The same, with what depends on how precise times are. */
export function labelColumnsOf(times: LogTimeSql): ReadonlyMap<string, string> {
  return new Map([['observed_timestamp', `CAST(${times.observedNs} AS VARCHAR)`], ...ownLabelColumns]);
}

/** The text of an INTEGER that keeps the bits of an unsigned number; NULL for zero, which is what an absent one is. */
function unsignedSql(column: string): string {
  return `CAST(nullif(CAST(${column} AS BIGINT) & 4294967295, 0) AS VARCHAR)`;
}

/** Sets of labels that are kept while one query is read. Each takes some kilobytes. */
const MAX_SHARED_SETS = 1000;

/** Reads rows of one query. */
export class LogRowReader {
  /** Columns of the SELECT whose blocks are read. The first is the time. */
  readonly columns: readonly string[];
  readonly #needs: LogNeeds;
  readonly #readsLine: boolean;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #needsLevel: boolean;
  /** Labels of columns that are read. */
  readonly #columnLabels: readonly string[];
  readonly #sets = new Map<string, Labels>();
  readonly #ofRecord: AttributeReader;
  readonly #ofScope: AttributeReader;

  constructor(needs: LogNeeds, times: LogTimeSql) {
    const labelColumns = labelColumnsOf(times);
    this.#needs = needs;
    this.#wanted = needs.metadata === 'all' ? undefined : new Set(needs.metadata);
    this.#needsLevel = this.#wanted?.has(DETECTED_LEVEL) ?? true;
    this.#readsLine = needs.line || this.#needsLevel;
    this.#ofRecord = new AttributeReader(this.#isLookedAt);
    this.#ofScope = new AttributeReader(this.#isLookedAt);
    this.#columnLabels = [...labelColumns.keys()].filter((name) => this.#isLookedAt(name));
    this.columns = [
      times.timeNs,
      RESOURCE_ID_SQL,
      this.#readsLine ? LINE_SQL : `''`,
      ...(this.#needsMetadata ? attributeColumns : []),
      ...this.#columnLabels.map((name) => labelColumns.get(name)!),
    ];
  }

  get #needsMetadata(): boolean {
    return this.#wanted === undefined || this.#wanted.size > 0;
  }

  /** The rows of these resources. Columns behind those of the reader are not looked at. */
  batch({ rowCount, columns }: ColumnBlock, resources: ReadonlyMap<number, Resource>): LogBatch {
    const [times, ids, lines, ...metadata] = columns.slice(0, this.columns.length) as [
      BlockColumn,
      BlockColumn,
      BlockColumn,
      ...BlockColumn[],
    ];
    const batch = {
      rowCount: 0,
      times: new BigInt64Array(rowCount),
      lines: [] as string[],
      streams: [] as Labels[],
      metadata: [] as Labels[],
    };
    for (let row = 0; row < rowCount; row++) {
      const resource = resources.get(numberAt(ids, row)!);
      if (resource === undefined) continue;
      const line = this.#readsLine ? textAt(lines, row)! : '';
      batch.times[batch.rowCount++] = bigintAt(times, row)!;
      batch.lines.push(line);
      batch.streams.push(resource.stream);
      batch.metadata.push(this.#needsMetadata ? this.#metadataOf(resource, line, metadata, row) : Labels.none);
    }
    return batch;
  }

  #metadataOf(resource: Resource, line: string, columns: readonly BlockColumn[], row: number): Labels {
    const labels = this.#labelsOf(resource, line, columns, row);
    if (this.#needs.metadata === 'all') return labels;
    // A few labels are alike in many rows, and who gets them keeps work by object. Where they are not, nothing is gained.
    if (this.#sets.size >= MAX_SHARED_SETS) return labels;
    const shared = this.#sets.get(labels.key);
    if (shared === undefined) this.#sets.set(labels.key, labels);
    return shared ?? labels;
  }

  #labelsOf(resource: Resource, line: string, columns: readonly BlockColumn[], row: number): Labels {
    const labels: Label[] = [];
    const take: TakeLabel = (_attribute, name, value) => labels.push([name, value]);
    const [logAttributes, scopeAttributes] = columns;
    this.#ofRecord.read(textAt(logAttributes!, row), take);
    for (const label of resource.metadata) if (this.#isLookedAt(label[0])) labels.push(label);
    this.#ofScope.read(textAt(scopeAttributes!, row), take);
    for (let i = 0; i < this.#columnLabels.length; i++) {
      const text = textAt(columns[attributeColumns.length + i]!, row);
      if (text) labels.push([this.#columnLabels[i]!, text]);
    }
    if (this.#needsLevel) addLevel(labels, resource.stream, line);
    return Labels.of(this.#needs.metadata === 'all' ? labels : labels.filter(([name]) => this.#isWanted(name)));
  }

  /** Whether a label is wanted, or says something of the level, which is. */
  readonly #isLookedAt = (name: string): boolean => this.#isWanted(name) || (this.#needsLevel && levelLabels.has(name));

  #isWanted(name: string): boolean {
    return this.#wanted?.has(name) ?? true;
  }
}

/** Labels that the level is detected by. */
const levelLabels: ReadonlySet<string> = new Set([...LEVEL_FIELDS, SEVERITY_NUMBER, DETECTED_LEVEL]);

function addLevel(labels: Label[], stream: Labels, line: string): void {
  const own = labels.findIndex(([name]) => name === DETECTED_LEVEL);
  if (own === -1) labels.push([DETECTED_LEVEL, detectedLevel(stream, labels, line)]);
  else labels[own] = [DETECTED_LEVEL, normalizedLevel(labels[own]![1])];
}
