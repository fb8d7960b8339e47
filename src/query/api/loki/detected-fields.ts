// Lines of a query → the fields that are in them: structured metadata, what the query parses, and what a parser of JSON or
// logfmt would find.

import type { LogFilter, LogQuery, LogSource, Stage } from '#logql';
import { labelNameOf } from '#logql/pipeline/label-names';
import { compilePipeline, type Pipeline } from '#logql/pipeline/pipeline';
import { parseGoDuration } from '#logql/text/go-duration';
import { parseFloat64 } from '#logql/text/parse-float';
import { type Label, Labels } from '#promql/data/labels';
import type { Principal } from '../../../server/identity/principal.js';

export interface DetectedField {
  readonly label: string;
  readonly type: FieldType;
  /** How many values there are in the lines that were looked at. */
  readonly cardinality: number;
  readonly parsers: readonly Parser[] | null;
  /** Where the field is in a JSON line. */
  readonly jsonPath?: readonly string[];
}

type Parser = 'json' | 'logfmt';
type FieldType = 'int' | 'float' | 'boolean' | 'duration' | 'bytes' | 'string';

export interface FieldRequest {
  readonly query: LogQuery;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limits: { readonly fields: number; readonly lines: number };
}

interface FoundField {
  readonly values: Set<string>;
  readonly parsers: Set<Parser>;
  jsonPath: readonly string[] | undefined;
}

/** Labels that say what went wrong, which are in no line. */
const ERROR_LABEL = /^__(?:error|error_details|preserve_error)__$/;

/** The fields by name, in the order in which they were found; no more than the limit. */
export async function findFields(
  source: LogSource<Principal>,
  request: FieldRequest,
  principal: Principal,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundField>> {
  const { query, startNs, endNs, limits } = request;
  const fields = new Map<string, FoundField>();
  const add = ([name, value]: Label, parser?: Parser, jsonPath?: readonly string[]) => {
    if (ERROR_LABEL.test(name)) return;
    let field = fields.get(name);
    if (field === undefined) {
      if (fields.size >= limits.fields) return;
      field = { values: new Set(), parsers: new Set(), jsonPath: undefined };
      fields.set(name, field);
    }
    field.values.add(value);
    if (parser !== undefined) field.parsers.add(parser);
    field.jsonPath ??= jsonPath;
  };
  const pipeline = compilePipeline(query.stages);
  const parsers: readonly (readonly [Parser, Pipeline])[] = [
    ['json', compilePipeline([{ kind: 'json', expressions: [] }])],
    ['logfmt', compilePipeline([{ kind: 'logfmt', expressions: [], isStrict: false, keepsEmpty: false }])],
  ];
  let lines = 0;
  const batches = source.read(
    {
      matchers: query.matchers,
      startNs,
      endNs,
      order: 'newest-first',
      filters: [],
      prefilters: leadingFilters(query.stages),
      limit: query.stages.length === 0 ? limits.lines : undefined,
      needs: { line: true, metadata: 'all' },
    },
    { principal, signal, warn: () => undefined },
  );
  for await (const batch of batches) {
    for (let i = 0; i < batch.rowCount; i++) {
      const [time, stream] = [batch.times[i]!, batch.streams[i]!];
      const line = pipeline.process(batch.lines[i]!, stream, batch.metadata[i]!, time);
      if (line === undefined) continue;
      const { metadata, parsed } = pipeline.labels.categorized();
      for (const label of metadata) add(label);
      const found = parsedFields(parsers, line, stream, time);
      const jsonPaths = found?.parser === 'json' ? pathsOf(line) : undefined;
      for (const label of parsed) add(label, found?.parser, jsonPaths?.get(label[0]));
      for (const label of found?.labels ?? []) add(label, found!.parser, jsonPaths?.get(label[0]));
      if (++lines >= limits.lines) return fields;
    }
  }
  return fields;
}

export function describedField(label: string, { values, parsers, jsonPath }: FoundField): DetectedField {
  return {
    label,
    type: typeOf(values),
    cardinality: values.size,
    parsers: parsers.size === 0 ? null : [...parsers],
    ...(jsonPath && { jsonPath }),
  };
}

/** What the first parser that takes the line finds in it. */
function parsedFields(
  parsers: readonly (readonly [Parser, Pipeline])[],
  line: string,
  stream: Labels,
  time: bigint,
): { readonly parser: Parser; readonly labels: readonly Label[] } | undefined {
  for (const [parser, pipeline] of parsers) {
    pipeline.process(line, stream, Labels.none, time);
    if (!pipeline.labels.hasError) return { parser, labels: pipeline.labels.categorized().parsed };
  }
  return undefined;
}

/** Line filters before anything else: what they drop need not be read. */
function leadingFilters(stages: readonly Stage[]): LogFilter[] {
  const [first] = stages;
  if (first?.kind !== 'line-filters') return [];
  return first.filters.flatMap(({ operator, alternatives }): LogFilter[] => {
    if (alternatives.some(({ isAddress }) => isAddress)) return [];
    const texts = alternatives.map(({ text }) => text);
    if (operator === '|=') return [{ kind: 'line-contains', texts, isNegated: false }];
    return operator === '|~' ? [{ kind: 'line-matches', patterns: texts, isNegated: false }] : [];
  });
}

/** Where each label of a JSON line comes from. */
function pathsOf(line: string): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  const walk = (value: unknown, path: readonly string[]) => {
    if (typeof value !== 'object' || value === null) paths.set(labelNameOf(path.join('_')), path);
    else if (!Array.isArray(value)) for (const [key, member] of Object.entries(value)) walk(member, [...path, key]);
  };
  try {
    walk(JSON.parse(line), []);
  } catch {
    // Loki's parser takes what is not quite JSON. Its fields then have no path.
  }
  return paths;
}

const types: readonly (readonly [FieldType, (value: string) => boolean])[] = [
  ['int', (value) => /^[+-]?\d+$/.test(value)],
  ['float', (value) => !throws(() => parseFloat64(value))],
  ['boolean', (value) => /^(?:[tTfF01]|true|TRUE|True|false|FALSE|False)$/.test(value)],
  ['duration', (value) => !throws(() => parseGoDuration(value))],
  ['bytes', (value) => /^\d+(?:\.\d+)?\s*(?:[kmgtpe]i?)?b?$/i.test(value)],
];

/** The first type that all values have. */
function typeOf(values: ReadonlySet<string>): FieldType {
  return types.find(([, isOf]) => [...values].every(isOf))?.[0] ?? 'string';
}

function throws(parse: () => unknown): boolean {
  try {
    parse();
    return false;
  } catch {
    return true;
  }
}
