// Connections that send numbered records, each request until it was taken or lost, and keep a ledger of it.

import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../../src/load/connection.js';
import type { LoadPlan } from '../../../src/load/load-plan.js';
import { openConnection } from '../../../src/load/open-connection.js';
import { prepareBodies, type TakeBodies } from '../../../src/load/request-bodies.js';
import { type Signal, signals } from '../../../src/schema/column-declaration.js';
import type { Ledger } from './ledger.js';
import { type Form, type Ports, portFor } from './wires.js';

/** What senders wait that were told to come again, or found nobody. */
const RETRY_MS = 15;
const TIMEOUT_MS = 30_000;

export interface FeedOptions extends Ports {
  readonly token: string;
  /** Whose the telemetry is: that of each connection is of one of them. */
  readonly tenants?: readonly string[];
  readonly forms: readonly Form[];
  readonly connections: number;
  readonly recordsPerRequest: number;
  readonly signals?: readonly Signal[];
  /** Requests of each connection; without it, senders go on until `until`. */
  readonly requests?: number;
  readonly until?: AbortSignal;
  /** Ends the connection under every n-th request, once it has been sent. */
  readonly dieAfterRequests?: number;
}

/** Encoding takes time, and all runs of a form send the same. */
const bodiesByForm = new Map<string, TakeBodies>();

export function loadPlan(
  form: Form,
  options: Pick<FeedOptions, keyof Ports | 'token' | 'tenants' | 'recordsPerRequest'>,
): LoadPlan {
  return {
    ...form,
    url: new URL(`http://127.0.0.1:${portFor(form.protocol, options)}`),
    token: options.token,
    tenants: options.tenants ?? [],
    signals,
    services: 1,
    rate: 1,
    recordsPerRequest: options.recordsPerRequest,
    connections: 1,
    warmUpMs: 0,
    durationMs: 0,
    isClosedLoop: true,
    isNumbered: true,
    payloads: [],
    timeoutMs: TIMEOUT_MS,
  };
}

function takeBodiesOf(plan: LoadPlan): ReturnType<TakeBodies> {
  const key = `${plan.protocol} ${plan.encoding} ${plan.compression} ${plan.recordsPerRequest}`;
  const take = bodiesByForm.get(key) ?? prepareBodies(plan);
  bodiesByForm.set(key, take);
  return take();
}

/** Resolves when every connection has sent what it had to. */
export async function feed(ledger: Ledger, options: FeedOptions): Promise<void> {
  const senders = Array.from({ length: options.connections }, (_, index) =>
    send(ledger, options.forms[index % options.forms.length]!, options),
  );
  await Promise.all(senders);
}

async function send(ledger: Ledger, form: Form, options: FeedOptions): Promise<void> {
  const plan = loadPlan(form, options);
  const bodies = takeBodiesOf(plan);
  const sent = options.signals ?? signals;
  const service = ledger.newService();
  const connection = openConnection(plan, service);
  const { requests = Number.POSITIVE_INFINITY, dieAfterRequests = Number.POSITIVE_INFINITY } = options;
  try {
    for (let request = 0; request < requests && options.until?.aborted !== true; request++) {
      const signal = sent[request % sent.length]!;
      const firstSequence = Math.floor(request / sent.length) * options.recordsPerRequest;
      const isDying = (request + 1) % dieAfterRequests === 0;
      const outcome = await sendOne(ledger, connection, options.until, isDying, {
        signal,
        bytes: (part) => bodies.get(signal)!.bytes(request, service, firstSequence, part),
      });
      if (outcome !== 'given up') {
        ledger.entries.push({ signal, service, firstSequence, outcome, life: ledger.life });
      }
      if (outcome === 'unanswered') await pause(RETRY_MS);
    }
  } finally {
    connection.close();
  }
}

/** Sends a request again for as long as the server has no room for it. */
async function sendOne(
  ledger: Ledger,
  connection: Connection,
  until: AbortSignal | undefined,
  isDying: boolean,
  request: Parameters<Connection['send']>[0],
): Promise<'accepted' | 'unanswered' | 'given up'> {
  for (;;) {
    const answering = connection.send(request);
    if (isDying) {
      // Once the request is out, so that the server has all of it and nobody to tell.
      await new Promise(setImmediate);
      connection.close();
    }
    const { outcome, status } = await answering;
    ledger.count(status);
    if (outcome === 'accepted' || outcome === 'unanswered') return outcome;
    if (outcome === 'overloaded') ledger.overloaded++;
    if (outcome === 'refused' || until?.aborted === true) return 'given up';
    await pause(RETRY_MS);
  }
}
