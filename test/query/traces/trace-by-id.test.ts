// A trace by its id is what was sent: random spans over OTLP, and the answer read as if it had been sent. What rows do not
// keep, the independent decoder leaves out of both.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMessage, messageJson } from '../../../src/query/api/tempo/messages.js';
import { traceById } from '../../../src/query/traces/trace-by-id.js';
import { fidelities } from '../../../src/schema/column-declaration.js';
import { arbitraryRequests } from '../../oracle/arbitrary-requests.js';
import { sorted } from '../../oracle/database-rows.js';
import { decode } from '../../oracle/decode.js';
import { encodeProtobuf } from '../../oracle/encode-protobuf.js';
import type { Message } from '../../oracle/message.js';
import type { OracleRow } from '../../oracle/rows.js';
import { propertyRuns } from '../../property/property-runs.js';
import { openTraceDatabase, type TraceDatabase } from './trace-database.js';

/** Everything that there is of a trace. */
async function traceIn({ scanner }: TraceDatabase, traceId: string) {
  const question = { traceId, range: undefined, selection: undefined, maxBytes: 1e9 };
  const report = { countSamples: () => {}, reserveBytes: () => {}, throwIfEnded: () => {} };
  return (await traceById(scanner, question, report, new AbortController().signal)).resourceSpans;
}

/** The request with all spans in one trace, each with an id of its own. */
function asTrace(request: Message, traceId: Buffer): Message {
  let spans = 0;
  const list = (of: unknown) => (of ?? []) as readonly Message[];
  return {
    resource_spans: list(request['resource_spans']).map((group) => ({
      ...group,
      scope_spans: list(group['scope_spans']).map((scope) => ({
        ...scope,
        spans: list(scope['spans']).map((span) => {
          const spanId = Buffer.alloc(8);
          spanId.writeUInt32BE(++spans, 4);
          return { ...span, trace_id: traceId, span_id: spanId };
        }),
      })),
    })),
  } as Message;
}

describe.each(fidelities)('with %s fidelity', (fidelity) => {
  test('a trace by its id is what was sent', async () => {
    const database = await openTraceDatabase(fidelity);
    const { numRuns } = propertyRuns(40);
    const seed = Date.now() % 0x7fff_ffff;
    const requests = fc
      .sample(arbitraryRequests.traces, { numRuns, seed })
      .map((request, i) => asTrace(request, Buffer.from([...Buffer.alloc(15, 0xab), i + 1])));
    for (const [i, request] of requests.entries()) {
      await database.post(request);
      // Some are read from memory, others from the table.
      if (i === numRuns >> 1) await database.flush();
    }
    for (const [i, request] of requests.entries()) {
      const id = Buffer.from([...Buffer.alloc(15, 0xab), i + 1]).toString('hex');
      const resourceSpans = await traceIn(database, id);
      const answer = encodeMessage('Trace', { resourceSpans });
      expect(rowsOf(answer), `seed ${seed}, trace ${i}`).toEqual(
        rowsOf(encodeProtobuf('traces', request)).map(fidelity === 'exact' ? (row) => row : inMicroseconds),
      );
    }
    await database.close();
  });
});

/** Without the columns of the service, which repeat attributes: one of infinity is a name there, and no JSON. */
function rowsOf(body: Uint8Array): readonly OracleRow[] {
  const { otlp_traces: rows } = decode('traces', 'application/x-protobuf', body, 'exact');
  const service = ['service_name', 'service_namespace', 'service_instance_id'];
  const repeated = rows!.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !service.includes(name))),
  );
  return sorted({ rows: repeated })['rows']!;
}

/** What standard fidelity keeps of a row. */
function inMicroseconds(row: OracleRow): OracleRow {
  const start = BigInt(row['start_time_unix_nano'] as string);
  return {
    ...row,
    start_time_unix_nano: String(start - (start % 1000n)),
    start_time_unix_nano_rest: 0,
    end_before_start_nano: null,
    resource_schema_url: null,
    scope_schema_url: null,
  };
}

test('a span that was sent again is there once, and JSON has the names that clients read', async () => {
  const database = await openTraceDatabase('exact');
  const request: Message = {
    resource_spans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { string_value: 'cart' } }] },
        schema_url: 'https://example.com/r',
        scope_spans: [
          {
            scope: { name: 'lib', version: '1' },
            spans: [
              {
                trace_id: Buffer.alloc(16, 1),
                span_id: Buffer.alloc(8, 2),
                name: 'GET',
                kind: 2,
                start_time_unix_nano: 1_760_000_000_123_456_789n,
                end_time_unix_nano: 1_760_000_000_123_456_999n,
                attributes: [
                  { key: 'n', value: { int_value: 9_007_199_254_740_993n } },
                  { key: 'l', value: { array_value: { values: [{ double_value: 0.5 }, { bool_value: false }] } } },
                ],
                status: { code: 2, message: 'no' },
                events: [{ name: 'e', time_unix_nano: 1_760_000_000_123_456_790n }],
              },
            ],
          },
        ],
      },
    ],
  };
  await database.post(request);
  await database.post(request);
  const resourceSpans = await traceIn(database, '01'.repeat(16));
  expect(JSON.parse(messageJson('Trace', { resourceSpans }))).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
        schemaUrl: 'https://example.com/r',
        scopeSpans: [
          {
            scope: { name: 'lib', version: '1' },
            spans: [
              {
                traceId: 'AQEBAQEBAQEBAQEBAQEBAQ==',
                spanId: 'AgICAgICAgI=',
                name: 'GET',
                kind: 'SPAN_KIND_SERVER',
                startTimeUnixNano: '1760000000123456789',
                endTimeUnixNano: '1760000000123456999',
                attributes: [
                  { key: 'l', value: { arrayValue: { values: [{ doubleValue: 0.5 }, { boolValue: false }] } } },
                  { key: 'n', value: { intValue: '9007199254740993' } },
                ],
                status: { code: 'STATUS_CODE_ERROR', message: 'no' },
                events: [{ name: 'e', timeUnixNano: '1760000000123456790' }],
              },
            ],
          },
        ],
      },
    ],
  });
  await database.close();
});
