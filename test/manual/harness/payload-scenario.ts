// A user's own file, sent by many connections at once. Its records have no numbers, so that they can only be counted.

import { extname } from 'node:path';
import { LoadGenerator } from '../../../src/load/load-generator.js';
import type { Signal } from '../../../src/schema/column-declaration.js';
import { tablesBySignal } from '../../../src/schema/tables.js';
import { loadPlan } from './feed.js';
import { HarnessDatabase, TOKEN } from './harness-database.js';
import type { Target } from './targets.js';
import { wires } from './wires.js';
import type { Size } from './world.js';

/** A file that is named for one of these is of that signal, any other is of logs. */
const namedSignals: readonly Signal[] = ['traces', 'metrics'];
const SEND_MS = 1000;

export async function sendPayload(path: string, target: Target, size: Size, folder: string) {
  const signal = namedSignals.find((name) => path.includes(name)) ?? 'logs';
  const database = await HarnessDatabase.open(target, folder);
  try {
    const server = await database.serve(wires.http, { seal_max_age_ms: 50 });
    const plan = {
      ...loadPlan(wires.http.forms[0]!, { ...server, token: TOKEN, recordsPerRequest: 1 }),
      encoding: extname(path) === '.pb' ? ('protobuf' as const) : ('json' as const),
      signals: [signal],
      payloads: [path],
      connections: size.connections,
      durationMs: SEND_MS,
    };
    const { total } = await new LoadGenerator(plan).run();
    await database.stop(server);
    let committed = 0;
    for (const { name } of tablesBySignal[signal]) {
      const [row] = await database.rows(`SELECT count(service_name) AS count FROM ${target.home}.${name}`);
      committed += Number(row!['count']);
    }
    const accepted = total.accepted_records;
    const complaints = [
      ...(committed === accepted ? [] : [`${committed} rows are committed, ${accepted} were accepted`]),
      ...(accepted === 0 ? [`nothing was accepted: ${JSON.stringify(total.statuses)}`] : []),
    ];
    return { accepted, committed, refused: total.statuses['503'] ?? 0, unanswered: 0, complaints };
  } finally {
    await database.close();
  }
}
