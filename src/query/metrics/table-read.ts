// How rows of one table are read for a selection: a condition in SQL that no wanted row fails, and the numbers that are needed.

import type { Selection } from '#promql';
import type { Matcher } from '#promql/syntax/matcher';
import type { MetricOptions } from './metric-options.js';
import type { PlannedRead, StartTimes } from './metric-store.js';
import { nameSql, wantedNames } from './name-sql.js';
import { MARKED_TIME_SQL, type PointField, START_MS_SQL, timeSql } from './point-table.js';
import type { TableCatalogue } from './series-catalogue.js';

export type Selected = Pick<Selection, 'matchers' | 'startMs' | 'endMs'>;

export interface TableRead {
  readonly catalogue: TableCatalogue;
  readonly sql: string;
  /** Time and names: what tells rows before any series is known. */
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
  return [timeSql(startMs, endMs), ...(name === undefined ? [] : [name])].join(' AND ');
}

export function readOf(
  catalogue: TableCatalogue,
  selected: Selected,
  condition: string,
  startTimes: StartTimes,
): TableRead {
  const { table } = catalogue;
  const except = catalogue.exceptSql(unwantedPlaces(catalogue, selected.matchers));
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
    pushed: ['time', ...(names === undefined ? [] : ['name']), ...(except === undefined ? [] : ['series'])],
  };
}

/** Whether series must be known before rows are read, so that rows of others are not. */
export function isSelective(matchers: readonly Matcher[]): boolean {
  return matchers.some(
    ({ name, values, operator, value }) =>
      name !== '__name__' || (values === undefined && !(operator === '!=' && value === '')),
  );
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
