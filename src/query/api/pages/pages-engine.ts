// Questions of pages on a thread: one scan, its rows as JSON.

import type { EngineAnswer, EngineContext } from '../../run/engine.js';
import { textAt } from '../../scan/block-values.js';
import { type PageRequest, pageScan } from './page-questions.js';

export async function run(given: unknown, context: EngineContext): Promise<EngineAnswer> {
  const { scanner, signal, report } = context;
  const rows: string[] = [];
  for await (const { rowCount, columns } of scanner.scan(pageScan(given as PageRequest, context), signal)) {
    for (let row = 0; row < rowCount; row++) {
      const text = textAt(columns[0]!, row)!;
      report.reserveBytes(2 * text.length);
      rows.push(text);
    }
  }
  return { value: `{"rows":[${rows.join(',')}]}` };
}
