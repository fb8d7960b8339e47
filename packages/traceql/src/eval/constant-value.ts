import type { Value } from '../data/value.js';
import type { FieldExpression } from '../syntax/ast.js';
import { readsSpan } from './attributes-of.js';
import { compileField } from './field.js';
import { TraceTree } from './trace-tree.js';

/** A trace of one span without anything, for expressions that do not look at it. */
const NO_ATTRIBUTES = new Map<string, Value>();
const nowhere = new TraceTree({
  traceId: '',
  spans: [
    {
      spanId: '',
      parentSpanId: '',
      startUnixNs: 0n,
      durationNs: 0,
      name: '',
      kind: 0,
      statusCode: 0,
      statusMessage: '',
      attributes: NO_ATTRIBUTES,
      resource: { serviceName: '', attributes: NO_ATTRIBUTES },
      instrumentation: { name: '', version: '', attributes: NO_ATTRIBUTES },
      events: [],
      links: [],
    },
  ],
});

/** The value of an expression that reads no attribute, or undefined for one that does. */
export function constantValue(expression: FieldExpression): { readonly value: Value } | undefined {
  if (readsSpan(expression)) return undefined;
  return { value: compileField(expression, () => true)(nowhere, 0) };
}
