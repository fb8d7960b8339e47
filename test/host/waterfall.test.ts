import { expect, test } from 'vitest';
import { otlpDisplay } from '../../src/functions/display.js';
import type { BoxContent } from '../../src/host/output/duckbox.js';
import { waterfall } from '../../src/host/output/waterfall.js';

const columns = otlpDisplay.waterfall!;
const names = ['depth', 'name', 'service', 'start_ms', 'duration_ms', 'status'];

function content(rows: BoxContent['head']): BoxContent {
  const boxColumns = names.map((name) => ({ name, type: 'varchar', alignment: 'left' as const }));
  return { columns: boxColumns, head: rows, tail: [], rowCount: rows.length };
}

test('spans are moved in by their depth, and lie in the time of the trace', () => {
  const drawn = waterfall(
    content([
      ['0', 'GET /', 'web', '100.0', '80.0', 'OK'],
      ['1', 'query', 'db', '110.0', '20.0', 'OK'],
      ['2', 'disk', 'db', '115.0', '0.01', 'ERROR'],
      ['1', 'render', 'web', '140.0', '40.0', 'OK'],
    ]),
    columns,
  )!;
  expect(drawn.columns.map(({ name }) => name)).toEqual(['name', 'service', 'duration_ms', 'status', 'timeline']);
  expect(drawn.head).toEqual([
    ['GET /', 'web', '80.0', 'OK', '████████████████████████████████'],
    ['  query', 'db', '20.0', 'OK', '    ████████                    '],
    ['    disk', 'db', '0.01', 'ERROR', '      ▏                         '],
    ['  render', 'web', '40.0', 'OK', '                ████████████████'],
  ]);
});

test('a span without times has no bar', () => {
  const drawn = waterfall(
    content([
      ['0', 'a', 's', '0', '1', null],
      ['0', 'b', 's', null, null, null],
    ]),
    columns,
  )!;
  expect(drawn.head.map((row) => row.at(-1))).toEqual(['█'.repeat(32), '']);
});

test('other results, and such without spans, are drawn as they are', () => {
  expect(waterfall({ ...content([]), columns: [] }, columns)).toBeUndefined();
  expect(waterfall(content([]), columns)).toBeUndefined();
});
