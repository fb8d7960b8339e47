// Series as a chart and, under it, as a table: whoever points at a row sees its line.

import { useMemo, useState } from 'preact/hooks';
import type { Series } from '../apis/loki.js';
import { seriesName } from '../apis/prometheus.js';
import { type ChartSeries, TimeChart } from '../charts/time-chart.js';
import { colorAt } from '../colors.js';
import { count, plainNumber } from '../format.js';
import { type Column, DataTable } from './data-table.js';

/** Lines that a chart has: more cannot be told apart. The table has all. */
const MAX_DRAWN = 60;

interface Row extends ChartSeries {
  readonly index: number;
  readonly last: number | null;
  readonly least: number | null;
  readonly mean: number | null;
  readonly most: number | null;
}

export function SeriesView({
  series,
  range,
  unit = plainNumber,
}: {
  readonly series: readonly Series[];
  readonly range: { readonly startMs: number; readonly endMs: number };
  readonly unit?: (value: number) => string;
}) {
  const [pointed, setPointed] = useState<string>();
  const { times, rows } = useMemo(() => tableOf(series), [series]);
  const drawn = useMemo(() => rows.slice(0, MAX_DRAWN), [rows]);
  const columns = useMemo(() => columnsOf(unit, setPointed), [unit]);
  return (
    <div class="series-view">
      <section class="panel">
        <TimeChart
          label={`${rows.length} series over time; the table below has their values`}
          times={times}
          series={drawn}
          range={range}
          unit={unit}
          height={280}
          highlighted={pointed}
        />
      </section>
      {rows.length > MAX_DRAWN && (
        <p class="page-note">
          The chart has the first {MAX_DRAWN} of {count(rows.length)} series.
        </p>
      )}
      <DataTable label="Series" rows={rows} columns={columns} keyOf={({ index }) => index} />
    </div>
  );
}

function columnsOf(
  unit: (value: number) => string,
  point: (label: string | undefined) => void,
): readonly Column<Row>[] {
  const number = (name: 'last' | 'least' | 'mean' | 'most', title: string, isExtra: boolean): Column<Row> => ({
    name,
    title,
    kind: 'number',
    isExtra,
    order: (row) => row[name],
    cell: (row) => (row[name] === null ? '–' : unit(row[name])),
  });
  return [
    {
      name: 'series',
      title: 'Series',
      order: ({ label }) => label,
      cell: ({ label, color, index }) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: pointing adds nothing that the table does not say.
        <span
          class="service series-name"
          title={label}
          onMouseEnter={() => point(label)}
          onMouseLeave={() => point(undefined)}
        >
          <span class="swatch" style={{ background: index < MAX_DRAWN ? color : 'transparent' }} />
          <bdi>{label}</bdi>
        </span>
      ),
    },
    number('last', 'Last', false),
    number('least', 'Min', true),
    number('mean', 'Mean', true),
    number('most', 'Max', false),
  ];
}

function tableOf(series: readonly Series[]): { readonly times: readonly number[]; readonly rows: readonly Row[] } {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const places = new Map(times.map((at, index) => [at, index]));
  const rows = series.map(({ labels, points }, index): Row => {
    const values = new Array<number | null>(times.length).fill(null);
    for (const [at, value] of points) values[places.get(at)!] = Number.isFinite(value) ? value : null;
    const known = values.filter((value) => value !== null);
    const sum = known.reduce((total, value) => total + value, 0);
    return {
      index,
      label: seriesName(labels),
      color: colorAt(index),
      values,
      last: known.at(-1) ?? null,
      least: known.length === 0 ? null : known.reduce((a, b) => Math.min(a, b)),
      mean: known.length === 0 ? null : sum / known.length,
      most: known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b)),
    };
  });
  return { times, rows };
}
