// Rows that servers of this process accept → lines. Their number is bounded: in a flood, some rows are shown and the rest are
// counted.

import { randomUUID } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../../base/failure.js';
import { withoutStatement } from '../../duckdb/errors.js';
import type { ArrivalFeed, ArrivalRow } from '../../plugin.js';
import type { Paint } from '../output/paint.js';
import { chunkRows } from '../output/result-rows.js';
import { ArrivalLines, arrivalOf } from './arrival-lines.js';

/** Lines per kind (logs, spans, …) in one interval: as many as a person can follow. */
const MAX_LINES_OF_EACH = 10;

export class Arrivals {
  readonly #connection: DuckDBConnection;
  readonly #paint: Paint;
  readonly #lines: ArrivalLines;
  readonly #plurals: Readonly<Record<string, string>>;
  readonly #sql: string;
  #shown: ArrivalRow[] = [];
  readonly #counts = new Map<string, number>();
  #complaint: string | undefined;

  /** The connection must run nothing else. */
  constructor(connection: DuckDBConnection, feeds: readonly ArrivalFeed[], paint: Paint) {
    this.#connection = connection;
    this.#paint = paint;
    this.#lines = new ArrivalLines(paint);
    const reader = randomUUID(); // a name that nobody else reads by
    this.#plurals = Object.assign({}, ...feeds.map(({ plurals }) => plurals));
    this.#sql = feeds.flatMap((feed) => feed.kinds.map((kind) => feed.linesSql(kind, reader))).join(' UNION ALL ');
  }

  /** Collects rows since the last call. Rows before the first call are skipped. */
  async collect(): Promise<void> {
    if (this.#sql === '') return;
    try {
      const result = await this.#connection.stream(this.#sql);
      for await (const chunk of result) {
        const batch = chunkRows(chunk);
        let rows: ReturnType<typeof batch.getRows> | undefined;
        for (const [index, value] of batch.getColumn(0).entries()) {
          const what = String(value);
          const count = (this.#counts.get(what) ?? 0) + 1;
          this.#counts.set(what, count);
          if (count > MAX_LINES_OF_EACH) continue;
          rows ??= batch.getRows();
          this.#shown.push(arrivalOf(rows[index]!));
        }
      }
    } catch (error) {
      // Rows left memory unread. They are in their tables.
      this.#complaint = withoutStatement(messageOf(error));
    }
  }

  /** Returns the collected lines, each with a line break, and clears them. */
  take(width: number): string {
    const lines = this.#shown.sort((a, b) => a.at - b.at).map((arrival) => this.#lines.line(arrival, width));
    const more = [...this.#counts]
      .map(([what, count]) => [what, count - MAX_LINES_OF_EACH] as const)
      .filter(([, count]) => count > 0);
    if (more.length > 0) lines.push(this.#paint.faint(moreText(more, this.#plurals)));
    if (this.#complaint !== undefined) lines.push(this.#paint.faint(this.#complaint));
    this.#shown = [];
    this.#counts.clear();
    this.#complaint = undefined;
    return lines.map((line) => `${line}\n`).join('');
  }
}

/** `… and 12,000 more: 11,950 logs, 50 spans`. */
function moreText(more: readonly (readonly [string, number])[], plurals: Readonly<Record<string, string>>): string {
  const sum = more.reduce((total, [, count]) => total + count, 0);
  const parts = more.map(([what, count]) => `${count.toLocaleString('en')} ${plurals[what] ?? what}`);
  return `… and ${sum.toLocaleString('en')} more: ${parts.join(', ')}`;
}
