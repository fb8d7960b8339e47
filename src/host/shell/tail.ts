// `.tail logs WHERE …`: shows rows as servers of this process accept them, until it is cancelled. It polls rows in memory and reads no
// table.

import { randomUUID } from 'node:crypto';
import { messageOf } from '../../base/failure.js';
import { withoutStatement } from '../../duckdb/errors.js';
import type { ResultStyle } from '../output/mode.js';
import { type ModeName, modes } from '../output/result-modes.js';
import type { ResultRows } from '../output/result-rows.js';
import { ReaderGone, type TextSink } from '../output/text-sink.js';
import { ArrivalLines, arrivalOf } from './arrival-lines.js';
import type { DotContext } from './dot-command.js';

/** Polling interval. */
const PAUSE_MS = 100;

/** Replacements for modes that need all rows before the first is shown. `list` stands for readable lines. */
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
  // A unique reader name.
  const reader = randomUUID();
  const isForPeople = mode === 'list' && shell.settings.mode !== 'list';
  const named = kind.toLowerCase();
  const feedOfKind = shell.arrivals.find(({ kinds }) => kinds.includes(named));
  const feed = feedOfKind ?? shell.arrivals[0];
  if (feed === undefined) throw new Error('no plugin has rows to follow');
  try {
    if (isForPeople && feedOfKind !== undefined) {
      await shell.follow(`${feed.linesSql(named, reader)} ${condition}`, { write: writeLines }, {}, PAUSE_MS);
    } else {
      await shell.follow(`${feed.rowsSql(kind, reader)} ${condition}`, modes[mode], {}, PAUSE_MS);
    }
  } catch (error) {
    if (error instanceof ReaderGone) throw error;
    // Only the condition of the statement was typed.
    throw new Error(withoutStatement(messageOf(error)), { cause: error });
  }
}

async function writeLines({ batches }: ResultRows, { hasHeaders, paint }: ResultStyle, sink: TextSink): Promise<void> {
  const lines = new ArrivalLines(paint);
  if (hasHeaders) await sink.write(`${lines.header()}\n`);
  for await (const batch of batches) {
    for (const row of batch.getRows()) await sink.write(`${lines.line(arrivalOf(row))}\n`);
  }
}
