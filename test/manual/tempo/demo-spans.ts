// Traces of a shop, the same in each run but for their time: requests over three services, with errors, events, links, attributes of
// every type, several roots, and parents that never came.

import type { Message } from '../../oracle/message.js';

const MS = 1_000_000n;
export const TRACES = 120;

export function demoTraces(startNs: bigint): Message {
  let state = 42;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
  const services: { name: string; spans: Message[] }[] = ['shop', 'pay', 'stock'].map((name) => ({ name, spans: [] }));
  for (let trace = 1; trace <= TRACES; trace++) {
    const traceId = Buffer.alloc(16);
    traceId.writeUInt32BE(0x1000_0000 + trace, 0);
    traceId.writeUInt32BE(trace, 12);
    const start = startNs + BigInt(trace) * 2000n * MS;
    let spans = 0;
    const add = (service: number, parent: Buffer | undefined, at: bigint, took: bigint, rest: Message): Buffer => {
      const spanId = Buffer.alloc(8);
      spanId.writeUInt32BE(trace, 0);
      spanId.writeUInt32BE(++spans, 4);
      services[service]!.spans.push({
        trace_id: traceId,
        span_id: spanId,
        ...(parent && { parent_span_id: parent }),
        start_time_unix_nano: at,
        end_time_unix_nano: at + took,
        ...rest,
      });
      return spanId;
    };
    const hasFailed = trace % 7 === 0;
    const root = add(
      0,
      trace % 40 === 0 ? Buffer.alloc(8, 9) : undefined,
      start,
      BigInt(300 + random(400)) * MS + 123n,
      {
        name: pick(['GET /', 'POST /orders', 'GET /orders']),
        kind: 2,
        attributes: [
          text('http.method', pick(['GET', 'POST'])),
          text('http.route', pick(['/', '/orders', '/orders/:id'])),
          { key: 'http.status_code', value: { int_value: BigInt(pick([200, 201, 404, 500])) } },
          { key: 'cached', value: { bool_value: trace % 3 === 0 } },
          { key: 'ratio', value: { double_value: random(100) / 8 + 0.0625 } },
          {
            key: 'tags',
            value: { array_value: { values: [{ string_value: pick(['a', 'b']) }, { string_value: 'c' }] } },
          },
        ],
        status: hasFailed ? { code: 2, message: 'declined' } : trace % 5 === 0 ? { code: 1 } : {},
        events: hasFailed
          ? [
              {
                name: 'exception',
                time_unix_nano: start + 5n * MS,
                attributes: [text('exception.type', pick(['E1', 'E2']))],
              },
            ]
          : [],
      },
    );
    const call = add(0, root, start + 20n * MS, BigInt(150 + random(100)) * MS, {
      name: 'call pay',
      kind: 3,
      attributes: [text('peer.service', 'pay')],
    });
    const pay = add(1, call, start + 30n * MS, BigInt(50 + random(80)) * MS, {
      name: 'charge',
      kind: 2,
      attributes: [text('card', pick(['visa', 'amex'])), { key: 'amount', value: { int_value: BigInt(random(1000)) } }],
      status: hasFailed ? { code: 2, message: 'card declined' } : {},
    });
    for (let i = 0; i < random(4); i++) {
      add(1, pay, start + BigInt(35 + 5 * i) * MS, BigInt(1 + random(9)) * MS, {
        name: 'SELECT',
        kind: 3,
        attributes: [
          text('db.system', pick(['postgresql', 'mysql'])),
          { key: 'rows', value: { int_value: BigInt(random(50)) } },
        ],
      });
    }
    if (trace % 2 === 0) {
      add(2, root, start + 200n * MS, BigInt(10 + random(50)) * MS, {
        name: 'reserve',
        kind: 5,
        links: [{ trace_id: traceId, span_id: root, attributes: [text('why', 'queue')] }],
      });
    }
  }
  return {
    resource_spans: services.map(({ name, spans }) => ({
      resource: {
        attributes: [
          text('service.name', name),
          text('region', name === 'stock' ? 'us' : 'eu'),
          { key: 'replicas', value: { int_value: 3n } },
        ],
      },
      scope_spans: [{ scope: { name: `${name}-lib`, version: '1.2' }, spans }],
    })),
  };
}

function text(key: string, string_value: string): Message {
  return { key, value: { string_value } };
}
