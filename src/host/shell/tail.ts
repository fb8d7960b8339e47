// `.tail logs WHERE …` → the rows that servers of this process accept, as they come, until it is cancelled. They are asked
// for again and again, from memory: no table is read.

import { randomUUID } from 'node:crypto';
import { messageOf } from '../../base/failure.js';
import { withoutStatement } from '../../duckdb/errors.js';
import { type ModeName, modes } from '../output/result-modes.js';
import { ReaderGone } from '../output/text-sink.js';
import type { DotContext } from './dot-command.js';

/** How long a row may wait to be shown, beside what it takes to show it. */
const PAUSE_MS = 100;

/** What a line shows where rows are drawn for people; forms for programs have all columns. */
const briefColumns: Readonly<Record<string, string>> = {
  logs: 'time_unix_nano, service_name, severity_text, body',
  traces: 'start_time_unix_nano, service_name, name, duration_time_unix_nano, status_code',
  metrics_gauge: 'time_unix_nano, service_name, name, coalesce(double_value, int_value) AS value, unit',
  metrics_sum: 'time_unix_nano, service_name, name, coalesce(double_value, int_value) AS value, unit',
};
const briefDistribution = 'time_unix_nano, service_name, name, count, sum, unit';

/** Modes that need all rows before they show the first become others, which do not. */
const endlessModes: Readonly<Partial<Record<ModeName, ModeName>>> = {
  duckbox: 'list',
  box: 'list',
  column: 'list',
  table: 'list',
  markdown: 'list',
  json: 'jsonlines',
};

/** Runs the text after `.tail`. */
export async function tail(shell: DotContext, text: string): Promise<void> {
  const { kind, condition } = /^(?<kind>\w+)\s*(?<condition>[\s\S]*?)[\s;]*$/.exec(text)?.groups ?? {};
  if (kind === undefined) throw new Error(`expected what to follow, such as logs, got ${text || 'nothing'}`);
  if (condition !== '' && !/^where\b/i.test(condition!)) throw new Error(`expected WHERE, got ${condition}`);
  const mode = endlessModes[shell.settings.mode] ?? shell.settings.mode;
  const isBrief = mode === 'list' && shell.settings.mode !== 'list';
  const columns = isBrief ? (briefColumns[kind.toLowerCase()] ?? briefDistribution) : '*';
  // A name that nobody else reads by.
  const sql = `SELECT ${columns} FROM otlp_tail('${kind}', '${randomUUID()}') ${condition}`;
  try {
    await shell.follow(sql, modes[mode], isBrief ? { separator: '  ' } : {}, PAUSE_MS);
  } catch (error) {
    if (error instanceof ReaderGone) throw error;
    // Of the statement, only the condition was typed.
    throw new Error(withoutStatement(messageOf(error)), { cause: error });
  }
}
