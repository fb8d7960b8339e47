// What is done to servers while they are under load. Each scenario says what it saw that should not be; afterwards every
// row is reconciled with what was accepted.

import { setTimeout as pause } from 'node:timers/promises';
import { HttpConnection } from '../../../src/load/http-connection.js';
import type { LoadPlan } from '../../../src/load/load-plan.js';
import { openConnection } from '../../../src/load/open-connection.js';
import { tablesBySignal } from '../../../src/schema/tables.js';
import { breakOffRequests } from './broken-requests.js';
import { loadPlan } from './feed.js';
import { type RunningServer, TOKEN } from './harness-database.js';
import type { TargetName } from './targets.js';
import { formByProtocol, wrongStatuses } from './wires.js';
import type { World } from './world.js';

/** Long enough that no seal falls into a scenario by itself. */
const NEVER_MS = 3_600_000;
/** Bytes of a request that is larger than a server with this limit takes. */
const SMALL_BODY_BYTES = 256 << 10;
/** How long a load lasts that something happens to. */
const LOAD_MS = 300;

export interface Scenario {
  readonly name: string;
  /** Where it makes sense; everywhere when not given. */
  readonly targets?: readonly TargetName[];
  readonly run: (world: World) => Promise<void>;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'load with seals in between',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 50 });
      await world.feed(server, { requests: world.size.requests });
      world.expect(world.ledger.unanswered === 0, `${world.ledger.unanswered} requests were not answered`);
      world.expectAccepted(world.size.requests);
    },
  },
  {
    name: 'authentication and validation',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 50, max_body_bytes: SMALL_BODY_BYTES });
      const isFed = new AbortController();
      const refusing = sendWrongRequests(world, server, isFed.signal);
      await world.feed(server, { requests: world.size.requests });
      isFed.abort();
      await refusing;
      world.expectAccepted(world.size.requests);
    },
  },
  {
    name: 'a buffer that is too small',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 20, max_buffered_bytes: world.smallBufferBytes });
      await world.feed(server, { requests: world.size.requests });
      world.expect(world.ledger.overloaded > 0, 'no request was told to come again');
      world.expectAccepted(world.size.requests);
    },
  },
  {
    name: 'fan-out of metrics',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 50 });
      await world.feed(server, { requests: world.size.requests, signals: ['metrics'] });
      world.expectAccepted(world.size.requests);
      await world.database.flush(server);
      const tables = tablesBySignal.metrics;
      const expected = (world.ledger.accepted('metrics') * world.reference.recordsPerRequest) / tables.length;
      for (const { name } of tables) {
        const [row] = await world.database.rows(`SELECT count(*) AS count FROM ${world.target.home}.${name}`);
        world.expect(Number(row!['count']) === expected, `${name} has ${row!['count']} rows of ${expected}`);
      }
    },
  },
  {
    name: 'stop under load',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 50 });
      await world.whileFed(server, async () => {
        await pause(LOAD_MS);
        await world.stop(server);
      });
      world.expect(world.ledger.accepted() > 0, 'nothing was accepted before the stop');
    },
  },
  {
    name: 'flushes and a stop at once',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: NEVER_MS });
      await world.whileFed(server, async () => {
        const flushing = Array.from({ length: 4 }, () => flushUntilStopped(world, server));
        await pause(LOAD_MS);
        await Promise.all([world.stop(server), ...flushing]);
      });
      world.expect(world.ledger.accepted() > 0, 'nothing was accepted before the stop');
    },
  },
  {
    name: 'several servers',
    run: async (world) => {
      const servers = [];
      for (let i = 0; i < 3; i++) servers.push(await world.serve({ seal_max_age_ms: 60 + 20 * i }));
      const requests = Math.ceil(world.size.requests / 2);
      const connections = Math.ceil(world.size.connections / 2);
      await Promise.all(servers.map((server) => world.feed(server, { requests, connections })));
      world.expect(
        world.ledger.accepted() === servers.length * requests * connections,
        `${world.ledger.accepted()} requests were accepted of ${servers.length * requests * connections}`,
      );
    },
  },
  {
    name: 'slow and dying clients',
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 50, headers_timeout_ms: 1000, request_timeout_ms: 2000 });
      const isFed = new AbortController();
      const breaking = breakOffRequests(world.wire, server, isFed.signal);
      await Promise.all([
        world.feed(server, { requests: world.size.requests }),
        world.feed(server, { requests: world.size.requests, connections: 2, dieAfterRequests: 3 }),
      ]);
      isFed.abort();
      await breaking;
      const [listed] = await world.database.servers();
      world.expect(listed?.['is_listening'] === true, 'the listener has fallen over');
    },
  },
  {
    name: 'restart in between',
    run: async (world) => {
      let server = await world.serve({ seal_max_age_ms: 50 });
      await world.whileFed(server, async () => {
        for (let restart = 0; restart < 2; restart++) {
          await pause(LOAD_MS);
          await world.stop(server);
          if (world.target.isDurable) await world.reopen();
          server = await world.serve({ seal_max_age_ms: 50 }, server);
        }
        await pause(LOAD_MS);
      });
      world.expect(world.ledger.accepted() > 0, 'nothing was accepted');
    },
  },
  {
    name: 'maintenance of the lake',
    targets: ['ducklake'],
    run: async (world) => {
      const server = await world.serve({ seal_max_age_ms: 20 });
      await world.whileFed(server, async () => {
        const endMs = performance.now() + 20_000;
        for (;;) {
          const [listed] = await world.database.servers();
          if (Number(listed!['maintenance_runs_total']) > 0) return;
          if (performance.now() > endMs) {
            world.expect(false, `no maintenance in 20 s, after ${listed!['seals_total']} seals`);
            return;
          }
          await pause(50);
        }
      });
    },
  },
];

async function flushUntilStopped(world: World, server: RunningServer): Promise<void> {
  for (;;) {
    const { status, error } = await world.database.flush(server);
    if (String(status).startsWith('No server found')) return;
    world.expect(status === 'sealed', `a flush came to ${status}: ${error}`);
    // A statement holds a thread of libuv's pool while it waits; others need one too.
    await pause(10);
  }
}

/** Requests that are wrong in one way each, over and over, until it is enough; each at least once. */
async function sendWrongRequests(world: World, server: RunningServer, until: AbortSignal): Promise<void> {
  const plans = formByProtocol(world.wire).map((form) =>
    loadPlan(form, { ...server, token: TOKEN, recordsPerRequest: 1 }),
  );
  do {
    for (const plan of plans) await sendEachWrongRequest(world, plan);
  } while (!until.aborted);
}

async function sendEachWrongRequest(world: World, plan: LoadPlan): Promise<void> {
  const statuses = wrongStatuses[plan.protocol];
  const garbage = Buffer.alloc(100, 0xff);
  const wrong = [
    { changes: { token: 'some-other-token-of-somebody' }, body: garbage, status: statuses.unauthenticated },
    { changes: { token: undefined }, body: garbage, status: statuses.unauthenticated },
    { changes: {}, body: garbage, status: statuses.malformed },
    { changes: {}, body: Buffer.alloc(SMALL_BODY_BYTES + 1), status: statuses.tooLarge },
  ];
  for (const { changes, body, status } of wrong) {
    const connection = openConnection({ ...plan, ...changes });
    const answer = await connection.send({ signal: 'logs', bytes: () => body });
    connection.close();
    world.expect(answer.status === status, `a wrong request was answered ${answer.status}, not ${status}`);
  }
  if (plan.protocol !== 'http') return;
  const connection = new HttpConnection({ ...plan, contentType: 'text/plain', encoding: undefined });
  const { status } = await connection.send({ signal: 'logs', bytes: () => garbage });
  connection.close();
  world.expect(status === '415', `a request of an unknown type was answered ${status}, not 415`);
}
