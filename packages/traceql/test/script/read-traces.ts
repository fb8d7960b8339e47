// Traces as scripts write them: a line for each span, indented below its parent.
//
//   trace one
//     a shop "GET /" 0+100 kind=server status=error span.code=500 resource.zone="eu"
//       - event exception 10 message="boom"
//       - link other b reason="retry"
//       b shop query 20+30 scope=driver@1.2 instrumentation.level=2
//
// A span is: label, service, name, start+duration in milliseconds, then what else it has. The label is its id in
// another form; `id=` and `parent=` name other labels. Ints and floats differ as in TraceQL.

import { ArrayValue, type ElementType, type Resource, type Span, type Trace, type Value } from '../../src/traceql.js';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export interface LabelledSpan extends Span {
  readonly label: string;
}
export interface LabelledTrace extends Trace {
  readonly label: string;
  readonly spans: LabelledSpan[];
}

const TOKEN = /(?:[^\s"[]|"(?:[^"\\]|\\.)*"|\[[^\]]*\])+/g;
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

export function spanIdOf(label: string): string {
  return Buffer.from(label).toString('hex').padEnd(16, '0').slice(0, 16);
}

export function traceIdOf(label: string): string {
  return Buffer.from(label).toString('hex').padEnd(32, '0').slice(0, 32);
}

/** The spans of a trace from their lines, which are indented. */
export function readTrace(label: string, lines: readonly string[]): LabelledTrace {
  const spans: LabelledSpan[] = [];
  const open: { readonly indent: number; readonly span: LabelledSpan }[] = [];
  for (const line of lines) {
    const indent = line.search(/\S/);
    const [first = '', ...rest] = line.match(TOKEN) ?? [];
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    const parent = open.at(-1)?.span;
    if (first === '-') {
      if (parent === undefined) throw new Error(`no span above: ${line}`);
      addDetail(parent, rest);
      continue;
    }
    const span = readSpan(first, rest, parent?.spanId ?? '');
    spans.push(span);
    open.push({ indent, span });
  }
  return { label, traceId: traceIdOf(label), spans };
}

function readSpan(
  label: string,
  [service = '', name = '', time = '0+0', ...rest]: string[],
  parent: string,
): LabelledSpan {
  const [start = '0', duration = '0'] = time.split('+');
  const attributes = new Map<string, Value>();
  const resourceAttributes = new Map<string, Value>();
  const instrumentation = { name: '', version: '', attributes: new Map<string, Value>() };
  const resource: Resource = { serviceName: service === '-' ? '' : service, attributes: resourceAttributes };
  const span: Mutable<LabelledSpan> = {
    label,
    spanId: spanIdOf(label),
    parentSpanId: parent,
    startUnixNs: BigInt(Math.round(Number(start) * 1e6)),
    durationNs: Math.round(Number(duration) * 1e6),
    name: textOf(name),
    kind: 0,
    statusCode: 0,
    statusMessage: '',
    attributes,
    resource,
    instrumentation,
    events: [],
    links: [],
  };
  for (const token of rest) {
    const equals = token.indexOf('=');
    const [key, text] = [token.slice(0, equals), token.slice(equals + 1)];
    if (key === 'kind') span.kind = KINDS.indexOf(text);
    else if (key === 'status') span.statusCode = STATUSES.indexOf(text);
    else if (key === 'message') span.statusMessage = textOf(text);
    else if (key === 'id') span.spanId = spanIdOf(text);
    else if (key === 'parent') span.parentSpanId = text === '' ? '' : spanIdOf(text);
    else if (key === 'scope') [instrumentation.name = '', instrumentation.version = ''] = text.split('@');
    else if (key.startsWith('span.')) attributes.set(textOf(key.slice(5)), readValue(text));
    else if (key.startsWith('resource.')) resourceAttributes.set(key.slice(9), readValue(text));
    else if (key.startsWith('instrumentation.')) instrumentation.attributes.set(key.slice(16), readValue(text));
    else throw new Error(`what is ${token}?`);
  }
  return span;
}

function addDetail(span: Mutable<LabelledSpan>, [kind, first = '', second = '', ...rest]: string[]): void {
  const attributes = new Map(rest.map((token): [string, Value] => splitAttribute(token)));
  if (kind === 'event') {
    const event = { name: textOf(first), timeSinceStartNs: Math.round(Number(second) * 1e6), attributes };
    span.events = [...span.events, event];
  } else {
    span.links = [...span.links, { traceId: traceIdOf(first), spanId: spanIdOf(second), attributes }];
  }
}

function splitAttribute(token: string): [string, Value] {
  const equals = token.indexOf('=');
  return [token.slice(0, equals), readValue(token.slice(equals + 1))];
}

function textOf(text: string): string {
  return text.startsWith('"') ? JSON.parse(text) : text;
}

function readValue(text: string): Exclude<Value, undefined> {
  if (text.startsWith('[')) {
    const values = text
      .slice(1, -1)
      .split(',')
      .filter((each) => each !== '')
      .map((each) => readValue(each.trim()));
    return new ArrayValue(elementTypeOf(values[0]), values as string[]);
  }
  if (/^-?\d+$/.test(text)) return BigInt(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text.startsWith('"') ? JSON.parse(text) : Number(text);
}

function elementTypeOf(value: Value): ElementType {
  const types: Record<string, ElementType> = { bigint: 'int', number: 'float', boolean: 'boolean' };
  return types[typeof value] ?? 'string';
}
