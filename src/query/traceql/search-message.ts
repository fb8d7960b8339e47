// Found traces → TraceSearchMetadata of Tempo's API.

import { type FoundAttribute, type FoundSpan, type FoundSpanset, type FoundTrace, printAttribute } from '#traceql';
import { Int64, type Message, message } from '../traces/otlp-message.js';
import { valueMessages } from './value-message.js';

/** In place of the service of a trace whose root has not arrived, as Tempo says it. */
const NO_ROOT = '<root span not yet received>';

export function traceMessage(trace: FoundTrace): Message {
  const spanSets = trace.spansets.map(spansetMessage);
  return message({
    traceID: trace.traceId.replace(/^0+(?=.)/, ''),
    rootServiceName: trace.rootServiceName ?? NO_ROOT,
    rootTraceName: trace.rootName,
    startTimeUnixNano: new Int64(trace.startUnixNs),
    durationMs: Math.floor(trace.durationNs / 1e6),
    spanSet: spanSets[0],
    spanSets,
    serviceStats: Object.fromEntries(
      [...trace.serviceStats].map(([service, { spanCount, errorCount }]) => [
        service,
        message({ spanCount, errorCount }),
      ]),
    ),
  });
}

function spansetMessage({ spans, matched, attributes }: FoundSpanset): Message {
  return message({
    spans: spans.map(spanMessage),
    matched,
    attributes: valueMessages(attributes.map(({ name, value }) => [name, value])),
  });
}

function spanMessage({ spanId, name, startUnixNs, durationNs, attributes }: FoundSpan): Message {
  return message({
    spanID: spanId,
    name,
    startTimeUnixNano: new Int64(startUnixNs),
    durationNanos: new Int64(BigInt(durationNs)),
    attributes: valueMessages(attributes.map((each) => [attributeKey(each), each.value])),
  });
}

/** Attributes lose their scope, as clients show them in one column whatever it is. */
function attributeKey({ attribute }: FoundAttribute): string {
  return attribute.kind === 'attribute' ? attribute.name : printAttribute(attribute);
}
