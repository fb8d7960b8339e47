import { millis } from '../format.js';
import { getJson } from '../http.js';

export interface FoundTrace {
  readonly traceId: string;
  readonly service: string;
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
  readonly services: readonly string[];
  readonly matched: number;
}

interface SearchAnswer {
  readonly traces?: readonly {
    readonly traceID: string;
    readonly rootServiceName?: string;
    readonly rootTraceName?: string;
    readonly startTimeUnixNano?: string;
    readonly durationMs?: number;
    readonly spanSets?: readonly { readonly matched?: number }[];
    readonly serviceStats?: Readonly<Record<string, { readonly spanCount?: number; readonly errorCount?: number }>>;
  }[];
}

export async function searchTraces(
  { query, startMs, endMs, limit }: { query: string; startMs: number; endMs: number; limit: number },
  signal: AbortSignal,
): Promise<readonly FoundTrace[]> {
  const answer = await getJson<SearchAnswer>(
    '/api/search',
    { q: query, start: Math.floor(startMs / 1000), end: Math.ceil(endMs / 1000), limit, spss: 1 },
    signal,
  );
  return (answer.traces ?? []).map((trace) => {
    const stats = Object.entries(trace.serviceStats ?? {});
    const total = (of: 'spanCount' | 'errorCount') => stats.reduce((sum, [, each]) => sum + (each[of] ?? 0), 0);
    return {
      traceId: trace.traceID.padStart(32, '0'),
      service: trace.rootServiceName ?? '',
      name: trace.rootTraceName ?? '',
      startMs: millis(trace.startTimeUnixNano ?? '0'),
      durationMs: trace.durationMs ?? 0,
      spans: total('spanCount'),
      errors: total('errorCount'),
      services: stats.map(([name]) => name),
      matched: trace.spanSets?.reduce((sum, { matched = 0 }) => sum + matched, 0) ?? 0,
    };
  });
}

export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };
export type Attributes = readonly { readonly key: string; readonly value: AttributeValue }[];

export interface TraceSpan {
  readonly spanId: string;
  readonly parentId: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scope: string;
  readonly events: readonly { readonly atMs: number; readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }[];
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpAttribute[] };
}
interface OtlpAttribute {
  readonly key: string;
  readonly value?: OtlpValue;
}
interface OtlpSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: string | number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly status?: { readonly code?: string | number; readonly message?: string };
  readonly attributes?: readonly OtlpAttribute[];
  readonly events?: readonly {
    readonly timeUnixNano?: string;
    readonly name?: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  readonly links?: readonly {
    readonly traceId?: string;
    readonly spanId?: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
}
interface TraceAnswer {
  readonly trace?: {
    readonly resourceSpans?: readonly {
      readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
      readonly scopeSpans?: readonly {
        readonly scope?: { readonly name?: string; readonly version?: string };
        readonly spans?: readonly OtlpSpan[];
      }[];
    }[];
  };
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

export async function traceSpans(traceId: string, signal: AbortSignal): Promise<readonly TraceSpan[]> {
  const { trace } = await getJson<TraceAnswer>(`/api/v2/traces/${encodeURIComponent(traceId)}`, {}, signal);
  return (trace?.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const resourceAttributes = attributesOf(resource?.attributes);
    const service = String(resourceAttributes.find(({ key }) => key === 'service.name')?.value ?? 'unknown');
    return scopeSpans.flatMap(({ scope, spans = [] }) => {
      const scopeName = [scope?.name, scope?.version].filter(Boolean).join(' ');
      return spans.map((span) => spanOf(span, service, resourceAttributes, scopeName));
    });
  });
}

function spanOf(span: OtlpSpan, service: string, resource: Attributes, scope: string): TraceSpan {
  const { startTimeUnixNano: start = '0', endTimeUnixNano: end = start } = span;
  return {
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId ?? ''),
    service,
    name: span.name ?? '',
    kind: typeof span.kind === 'number' ? (kinds[span.kind] ?? '') : wordIn(span.kind, 'SPAN_KIND_'),
    startMs: millis(start),
    durationMs: Number(BigInt(end) - BigInt(start)) / 1e6,
    status: statusOf(span.status?.code),
    statusMessage: span.status?.message ?? '',
    attributes: attributesOf(span.attributes),
    resource,
    scope,
    events: (span.events ?? []).map((event) => ({
      atMs: millis(event.timeUnixNano ?? '0'),
      name: event.name ?? '',
      attributes: attributesOf(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      traceId: hex(link.traceId ?? ''),
      spanId: hex(link.spanId ?? ''),
      attributes: attributesOf(link.attributes),
    })),
  };
}

function statusOf(code: string | number | undefined): TraceSpan['status'] {
  if (code === 2 || code === 'STATUS_CODE_ERROR') return 'error';
  return code === 1 || code === 'STATUS_CODE_OK' ? 'ok' : 'unset';
}

function wordIn(text: string | undefined, prefix: string): string {
  return (text ?? '').replace(prefix, '').toLowerCase();
}

/** Ids are hexadecimal in OTLP's JSON, and base64 in protobuf's. */
function hex(id: string): string {
  if (/^(?:[0-9a-f]{16}|[0-9a-f]{32})?$/i.test(id)) return id.toLowerCase();
  return Array.from(atob(id), (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

function attributesOf(attributes: readonly OtlpAttribute[] = []): Attributes {
  return attributes.map(({ key, value }) => ({ key, value: plainValue(value) }));
}

function plainValue(value: OtlpValue | undefined): AttributeValue {
  if (value === undefined) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.doubleValue !== undefined) return value.doubleValue;
  // As it is written: it may have more digits than a number of JavaScript.
  if (value.intValue !== undefined) return String(value.intValue);
  if (value.bytesValue !== undefined) return value.bytesValue;
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue !== undefined) {
    return Object.fromEntries((value.kvlistValue.values ?? []).map((each) => [each.key, plainValue(each.value)]));
  }
  return null;
}

export async function tagNames(signal: AbortSignal, times: { start: number; end: number }): Promise<readonly string[]> {
  interface Tags {
    readonly scopes?: readonly { readonly name: string; readonly tags?: readonly string[] }[];
  }
  const { scopes = [] } = await getJson<Tags>('/api/v2/search/tags', times, signal);
  return scopes.flatMap(({ name, tags = [] }) => tags.map((tag) => (name === 'intrinsic' ? tag : `${name}.${tag}`)));
}

export interface TagValue {
  readonly type: string;
  readonly value: string;
}

export async function tagValues(
  tag: string,
  signal: AbortSignal,
  times: { start: number; end: number },
): Promise<readonly TagValue[]> {
  const path = `/api/v2/search/tag/${encodeURIComponent(tag)}/values`;
  return (await getJson<{ tagValues?: readonly TagValue[] }>(path, times, signal)).tagValues ?? [];
}
