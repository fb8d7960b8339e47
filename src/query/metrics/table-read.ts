// How rows of one table are read for a selection: a condition in SQL that no wanted row fails, and the numbers that are needed.

import type { Selection } from '#promql';
import type { Matcher } from '#promql/syntax/matcher';
import { labelSql } from './label-sql.js';
import type { MetricOptions } from './metric-options.js';
import type { PlannedRead, StartTimes } from './metric-store.js';
import { nameSql, wantedNames } from './name-sql.js';
import { MARKED_TIME_SQL, type PointField, type PointTable, START_MS_SQL, timeSql } from './point-table.js';
import type { TableCatalogue } from './series-catalogue.js';

export type Selected = Pick<Selection, 'matchers' | 'startMs' | 'endMs'>;

export interface TableRead {
  readonly catalogue: TableCatalogue;
  readonly sql: string;
  /** What tells rows before any series is known. */
  readonly condition: string;
  readonly hasStart: boolean;
  /** What follows id, time and start time in each row. */
  readonly fields: readonly PointField[];
  readonly pushed: readonly string[];
}

/** The condition that rows meet which a selection may mean; undefined where the table has no such names. */
export function conditionOf(
  { table }: TableCatalogue,
  { matchers, startMs, endMs }: Selected,
  { translationStrategy }: MetricOptions,
): string | undefined {
  const name = nameSql(matchers, table, translationStrategy);
  if (name === 'false') return undefined;
  return [timeSql(startMs, endMs), ...(name === undefined ? [] : [name]), ...labelSql(matchers, table)].join(' AND ');
}

export function readOf(
  catalogue: TableCatalogue,
  selected: Selected,
  condition: string,
  startTimes: StartTimes,
): TableRead {
  const { table } = catalogue;
  // Where SQL over their texts tells series apart well enough, a list of others costs more than it spares.
  const except = isSelective(selected.matchers, table)
    ? catalogue.exceptSql(unwantedPlaces(catalogue, selected.matchers))
    : undefined;
  const names = wantedNames(selected.matchers);
  const values = table.values.filter(
    ({ suffixes }) => names === undefined || names.some((name) => suffixes.some((suffix) => name.endsWith(suffix))),
  );
  const hasStart = startTimes === 'read';
  const columns = [
    catalogue.idSql,
    MARKED_TIME_SQL,
    ...(hasStart ? [START_MS_SQL] : []),
    ...values.map(({ sql }) => sql),
  ];
  const conditions = [condition, ...(except === undefined ? [] : [except])];
  return {
    catalogue,
    condition,
    sql: `SELECT ${columns.join(', ')} FROM ${table.from} WHERE ${conditions.join(' AND ')}`,
    hasStart,
    fields: values.map(({ field }) => field),
    pushed: [
      'time',
      ...(names === undefined ? [] : ['name']),
      ...(labelSql(selected.matchers, table).length === 0 ? [] : ['labels']),
      ...(except === undefined ? [] : ['series']),
    ],
  };
}

/** Whether series must be known before rows are read, so that not all rows of a metric are. */
export function isSelective(matchers: readonly Matcher[], table: PointTable): boolean {
  return matchers.some((matcher) => {
    const { name, values, operator, value } = matcher;
    if (name === '__name__') return values === undefined && !(operator === '!=' && value === '');
    return labelSql([matcher], table).length === 0;
  });
}

/** Series that have a name which matches and other labels that do not. */
function unwantedPlaces(catalogue: TableCatalogue, matchers: readonly Matcher[]): number[] {
  return [...catalogue.named(matchers)].filter((place) => !catalogue.matches(place, matchers));
}

export function plannedRead({ catalogue, sql, pushed }: TableRead, matchers: readonly Matcher[]): PlannedRead {
  const places = [...catalogue.named(matchers)].filter((place) => catalogue.matches(place, matchers));
  const metrics = new Set(places.map((place) => catalogue.seriesAt(place)!.metric.facts.name));
  return {
    table: catalogue.table.name,
    sql,
    parameters: [],
    metrics: [...metrics].sort(),
    series: places.reduce((sum, place) => sum + catalogue.matching(place, matchers).length, 0),
    pushed,
  };
}
