// The CSV of `npm run bench:end-to-end -- --rows growth --csv <file>` → a picture of rate, CPU and memory over time.
//
// npm run bench:growth-chart -- growth.csv docs/growth.svg

import { readFileSync, writeFileSync } from 'node:fs';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

const [csvPath, svgPath] = process.argv.slice(2);
if (csvPath === undefined || svgPath === undefined) throw new Error('usage: bench:growth-chart -- <csv> <svg>');

const samples = vega.read(readFileSync(csvPath, 'utf8'), { type: 'csv', parse: 'auto' });
const panels = [
  ['records_per_second', 'records/s committed'],
  ['cpu', 'cores used'],
  ['rss_mb', 'RSS, MB'],
] as const;

const spec: TopLevelSpec = {
  data: { values: samples },
  // Rows are committed in seals, seconds apart, so a sample alone says little of the rate.
  transform: [
    {
      window: panels.map(([field]) => ({ op: 'mean', field, as: `${field}_mean` })),
      frame: [-3, 3],
      groupby: ['target'],
    },
    { calculate: 'datum.seconds / 60', as: 'minutes' },
  ],
  vconcat: panels.map(([field, title]) => ({
    width: 720,
    height: 150,
    mark: { type: 'line' },
    encoding: {
      x: { field: 'minutes', type: 'quantitative', title: 'minutes' },
      y: { field: `${field}_mean`, type: 'quantitative', title, scale: { zero: true } },
      color: { field: 'target', type: 'nominal', title: 'target' },
    },
  })),
};
const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
writeFileSync(svgPath, `${await view.toSVG()}\n`);
