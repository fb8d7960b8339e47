// Questions of Tempo's API on a thread: read, evaluate, and write the answer.

import { QueryError } from '#promql';
import { type Attribute, CheckError, ParseError, parseQuery, Search, type SpanCondition } from '#traceql';
import { Failure } from '../../../base/failure.js';
import type { EngineAnswer, EngineContext, Report } from '../../run/engine.js';
import type { Scanner } from '../../scan/scanner.js';
import { evaluateMetrics, searchTraces } from '../../traceql/evaluate.js';
import { instantMessage, seriesMessage } from '../../traceql/metrics-message.js';
import { traceMessage } from '../../traceql/search-message.js';
import { traceqlFailure } from '../../traceql/traceql-failure.js';
import { Int64, type Message, message } from '../../traces/otlp-message.js';
import { type TagQuestion, type TagScope, tagNames, tagScopes, tagValues } from '../../traces/tags.js';
import { type FoundTrace, traceById } from '../../traces/trace-by-id.js';
import { TableTraceSource } from '../../traces/trace-source.js';
import { encodeMessage, messageJson } from './messages.js';
import type { AskedRange, TempoAnswer, TempoPiece, TempoQuestion, TempoRequest } from './tempo-question.js';

/** Where nothing was asked for: all that there is. Clocks of senders may be ahead. */
const ALL_TIME: AskedRange = { startUnixNs: 0n, endUnixNs: 2n ** 63n - 1n };
const ONE_JOB = message({ completedJobs: 1, totalJobs: 1 });

/** Intrinsics that a query can be completed with, as Tempo lists them. */
const listedIntrinsics = [
  'duration',
  'event:name',
  'event:timeSinceStart',
  'instrumentation:name',
  'instrumentation:version',
  'kind',
  'link:spanID',
  'link:traceID',
  'name',
  'rootName',
  'rootServiceName',
  'span:duration',
  'span:id',
  'span:kind',
  'span:name',
  'span:parentID',
  'span:status',
  'span:statusMessage',
  'status',
  'statusMessage',
  'trace:duration',
  'trace:id',
  'trace:rootName',
  'trace:rootService',
  'traceDuration',
];

export async function run(given: unknown, context: EngineContext): Promise<EngineAnswer> {
  const request = given as TempoRequest;
  return request.form === 'parts' ? answerInParts(request, context) : answerWhole(request, context);
}

async function answerInParts(request: TempoRequest, context: EngineContext): Promise<EngineAnswer> {
  for await (const part of messagesOf(request, context)) {
    if (part === undefined) continue;
    const body = encodeMessage(request.answer, part);
    await context.emit({ body } satisfies TempoPiece, [body.buffer]);
  }
  return { value: undefined };
}

async function answerWhole(request: TempoRequest, context: EngineContext): Promise<EngineAnswer> {
  let whole: Message | undefined;
  for await (const part of messagesOf(request, context)) whole = joined(whole, part);
  const body = whole === undefined ? undefined : written(request, whole);
  return { value: { body } satisfies TempoAnswer, transfer: body === undefined ? [] : [body.buffer] };
}

/** Lists of a later part follow those of an earlier one, everything else replaces it. */
function joined(whole: Message | undefined, part: Message | undefined): Message | undefined {
  if (whole === undefined || part === undefined) return part ?? whole;
  return { ...whole, ...part, traces: [...((whole['traces'] ?? []) as []), ...((part['traces'] ?? []) as [])] };
}

function written({ answer, encoding }: TempoRequest, whole: Message): Uint8Array<ArrayBuffer> {
  if (encoding === 'protobuf') return encodeMessage(answer, whole);
  const json = messageJson(answer, whole);
  // Older clients know the list by another name.
  const named = answer === 'Trace' ? json.replace('{"resourceSpans":', '{"batches":') : json;
  return new Uint8Array(Buffer.from(named));
}

/** The parts of an answer. One without a value says that there is no answer. */
async function* messagesOf(
  { question, answer, maxSeries, maxTraceBytes }: TempoRequest,
  context: EngineContext,
): AsyncGenerator<Message | undefined> {
  const { signal, report } = context;
  const scanner = counted(context.scanner, report);
  switch (question.kind) {
    case 'trace': {
      const asked = { ...question, maxBytes: maxTraceBytes };
      const found = await wellAsked(traceById(context.scanner, asked, report, signal));
      const { resourceSpans } = found;
      const trace: Message = resourceSpans.length === 0 ? {} : { resourceSpans };
      if (answer === 'TraceByIDResponse') yield { trace, metrics: {}, ...completeness(found, maxTraceBytes) };
      else if (found.isCut) throw new Failure('queryTooLarge', `trace exceeds max size (max bytes: ${maxTraceBytes})`);
      else yield resourceSpans.length === 0 ? undefined : trace;
      return;
    }
    case 'search': {
      const asked = {
        query: question.query,
        ...(question.range ?? ALL_TIME),
        limit: question.limit,
        spansPerSpanset: question.spansPerSpanset === 0 ? Number.POSITIVE_INFINITY : question.spansPerSpanset,
      };
      let inspected = { traces: 0, spans: 0 };
      for await (const results of searchTraces(asked, new TableTraceSource(context.scanner), context)) {
        inspected = results.inspected;
        if (results.traces.length > 0) {
          yield { traces: results.traces.map(traceMessage), metrics: searchMetrics(inspected) };
        }
      }
      yield { metrics: searchMetrics(inspected) };
      return;
    }
    case 'metrics': {
      const { query, range, stepNs, exemplars } = question;
      const asked = { query, ...range, stepNs, exemplars, maxSeries };
      const { grid, result } = await evaluateMetrics(asked, new TableTraceSource(context.scanner), context);
      const series = result.series.map((each) => (grid.isInstant ? instantMessage(each) : seriesMessage(each, grid)));
      yield message({ series, metrics: searchMetrics(result.inspected) });
      return;
    }
    case 'tags':
      yield await tagsMessage(question, answer, scanner, signal);
      return;
    case 'tag values': {
      const attribute = attributeNamed(question.tag, answer);
      const values = await tagValues(scanner, attribute, tagQuestion(question), signal);
      yield answer === 'SearchTagValuesResponse'
        ? message({ tagValues: [...new Set(values.map(({ value }) => value))], metrics: ONE_JOB })
        : message({ tagValues: values.map((value) => message({ ...value })), metrics: ONE_JOB });
    }
  }
}

const PARTIAL = 1;

/** Says what of the trace is not in the answer; nothing where all is. */
function completeness({ isCut, isSelected }: FoundTrace, maxBytes: number): Message {
  const reasons = [
    ...(isCut ? [`the trace is larger than max_trace_bytes, ${maxBytes} bytes: only its first spans are here`] : []),
    ...(isSelected ? ['only the spans that q selects are here'] : []),
  ];
  return reasons.length === 0 ? {} : { status: PARTIAL, message: reasons.join('; ') };
}

/** With the failure that a filter which is none amounts to. */
async function wellAsked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw traceqlFailure(error);
  }
}

async function tagsMessage(
  question: Extract<TempoQuestion, { kind: 'tags' }>,
  answer: TempoRequest['answer'],
  scanner: Scanner,
  signal: AbortSignal,
): Promise<Message> {
  const { scope } = question;
  const asked = tagScopes.filter((each) => scope === '' || scope === each);
  const found: { name: TagScope | 'intrinsic'; tags: readonly string[] }[] = [];
  for (const each of asked)
    found.push({ name: each, tags: await tagNames(scanner, each, tagQuestion(question), signal) });
  const isFlat = answer === 'SearchTagsResponse';
  if (scope === 'intrinsic' || (scope === '' && !isFlat)) found.push({ name: 'intrinsic', tags: listedIntrinsics });
  if (isFlat) return message({ tagNames: [...new Set(found.flatMap(({ tags }) => tags))].sort(), metrics: ONE_JOB });
  const scopes = found.filter(({ tags }) => tags.length > 0).map((each) => message({ ...each }));
  return message({ scopes, metrics: ONE_JOB });
}

function tagQuestion({ query, range, limit }: Extract<TempoQuestion, { kind: 'tags' | 'tag values' }>): TagQuestion {
  return { range, limit, condition: conditionOf(query) };
}

/** The attribute that a tag names. The first version of the API has names without scopes. */
function attributeNamed(tag: string, answer: TempoRequest['answer']): Attribute {
  const query = `{ ${tag} != nil }`;
  try {
    const attribute = firstAttribute(query);
    if (attribute !== undefined) return attribute;
  } catch (error) {
    if (answer === 'SearchTagValuesV2Response') {
      throw new Failure('malformed', `please provide a valid tagName: ${(error as Error).message}`, { cause: error });
    }
  }
  if (answer === 'SearchTagValuesV2Response') throw new Failure('malformed', `please provide a valid tagName: ${tag}`);
  return { kind: 'attribute', scope: 'any', name: tag, ofParent: false };
}

function firstAttribute(query: string): Attribute | undefined {
  const parsed = parseQuery(query);
  const step = parsed.kind === 'search' ? parsed.pipeline.steps[0] : undefined;
  const expression = step?.kind === 'spanset-filter' ? step.expression : undefined;
  const inner = expression?.kind === 'nil-test' ? expression.expression : undefined;
  return inner?.kind === 'reference' ? inner.attribute : undefined;
}

/**
 * What a query that somebody is writing says of spans already: each of its conditions that is whole. A query that says nothing, or
 * more than one filter, chooses all spans.
 */
function conditionOf(query: string): SpanCondition {
  const text = query.trim();
  if (text === '') return { kind: 'every' };
  const whole = filterCondition(text);
  if (whole !== undefined) return whole;
  const inner = /^\{([^{}]*)\}?$/s.exec(text)?.[1];
  if (inner === undefined || /\|\|/.test(inner)) return { kind: 'every' };
  const parts = inner.split('&&').flatMap((part) => filterCondition(`{${part}}`) ?? []);
  return parts.length === 0 ? { kind: 'every' } : { kind: 'all', conditions: parts };
}

function filterCondition(query: string): SpanCondition | undefined {
  try {
    const search = new Search({ query, ...ALL_TIME, limit: 1, spansPerSpanset: 1 });
    const { condition } = search.traceRequest;
    return condition.kind === 'some' && search.query.pipeline.steps[0]?.kind === 'spanset-filter'
      ? condition.span
      : { kind: 'every' };
  } catch (error) {
    if (error instanceof ParseError || error instanceof CheckError || error instanceof QueryError) return undefined;
    throw error;
  }
}

/** Rows that are read count as the samples of the query. */
function counted(scanner: Scanner, report: Report): Scanner {
  return {
    async *scan(request, signal) {
      for await (const block of scanner.scan(request, signal)) {
        report.countSamples(block.rowCount);
        yield block;
      }
    },
  };
}

function searchMetrics({ traces, spans }: { readonly traces: number; readonly spans: number }): Message {
  return message({
    inspectedTraces: traces,
    inspectedSpans: new Int64(BigInt(spans)),
    completedJobs: 1,
    totalJobs: 1,
  });
}
