// Random traces, broken in every way: parents that are missing or stand in a circle, several roots, ids that several spans
// have, children that start before their parents.

import fc from 'fast-check';
import { ArrayValue, type Span, type Trace, type Value } from '../../src/traceql.js';

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom('x', 'y', 'xy', ''),
  fc.constantFrom(0n, 1n, 2n, 5n),
  fc.constantFrom(0.5, 1, 2.5),
  fc.boolean(),
  fc.array(fc.constantFrom(1n, 2n, 5n), { maxLength: 3 }).map((values) => new ArrayValue('int', values)),
  fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }).map((values) => new ArrayValue('string', values)),
);

const attributes = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 2, noNullPrototype: true })
  .map((record) => new Map(Object.entries(record)));

const span: fc.Arbitrary<Span> = fc.record({
  spanId: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
  // Most parents are there, and 9 never is.
  parentSpanId: fc.constantFrom('', '', '1', '1', '2', '2', '3', '3', '4', '5', '6', '9'),
  startUnixNs: fc.bigInt({ min: 1n, max: 50n }),
  durationNs: fc.integer({ min: 0, max: 40 }),
  name: fc.constantFrom('x', 'y', 'z'),
  kind: fc.integer({ min: 0, max: 5 }),
  statusCode: fc.integer({ min: 0, max: 2 }),
  statusMessage: fc.constant(''),
  attributes,
  resource: fc.record({ serviceName: fc.constantFrom('', 'x', 'y'), attributes }),
  instrumentation: fc.record({ name: fc.constant(''), version: fc.constant(''), attributes }),
  events: fc.array(
    fc.record({ name: fc.constantFrom('x', 'z'), timeSinceStartNs: fc.integer({ min: -1, max: 2 }), attributes }),
    { maxLength: 2 },
  ),
  links: fc.array(fc.record({ traceId: fc.constant('ab'), spanId: fc.constant('1'), attributes }), { maxLength: 1 }),
});

export const anyTrace: fc.Arbitrary<Trace> = fc
  .array(span, { minLength: 1, maxLength: 10 })
  .map((spans) => ({ traceId: '0af7651916cd43dd8448eb211c80319c', spans }));
