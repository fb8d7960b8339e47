// What the plugin says about its results, on tables as it makes them.

import { expect, test } from 'vitest';
import { otlpDisplay } from '../../src/functions/display.js';
import { logsTable } from '../../src/schema/logs.js';
import { tracesTable } from '../../src/schema/traces.js';
import { runText } from './shell-in-process.js';

const plugin = {
  name: 'displaying',
  display: otlpDisplay,
  attach: async (instance: { connect(): Promise<never> }) => ({
    connect: () => instance.connect(),
    register: async () => {},
    close: async () => [],
  }),
};

/** Two rows of a table, whose texts are the names of their columns. */
function rowsOf({ columns }: typeof logsTable): string {
  const values = columns.map(({ name, type }) => {
    const value =
      type === 'VARCHAR'
        ? `'the ${name} of a row'`
        : type === 'TIMESTAMP'
          ? "TIMESTAMP '2026-01-01 00:00:00.123456'"
          : '7';
    return `${value}::${type} AS ${name}`;
  });
  return `SELECT ${values.join(', ')} FROM range(2);`;
}

// They once were the first and the last columns, of ids and flags.
for (const [table, expected] of [
  [logsTable, ['time_unix_nano', 'service_name', 'severity_text', 'body', '…']],
  [tracesTable, ['start_time_unix_nano', 'duration_time_unix_nano', 'service_name', 'name', '…']],
] as const) {
  test(`${table.name} at 120 columns`, async () => {
    const { stdout } = await runText(rowsOf(table), { width: 120, plugins: [plugin as never] });
    const names = stdout
      .split('\n')[1]!
      .split(/[│ ]+/)
      .filter((name) => name !== '');
    for (const name of expected) expect(names).toContain(name);
  });
}
