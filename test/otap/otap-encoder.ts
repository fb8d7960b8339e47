// Export requests → the messages of an OTAP stream. What a sender may choose is an option here, so that tests can try
// each way to say the same.

import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import type { Message } from '../oracle/message.js';
import { protoFolder } from '../oracle/protocol.js';
import { type ArrowTableOptions, ArrowTableWriter, type Kind, type TableColumn, type Value } from './arrow-table.js';
import { AttributeTable, type AttributeTableOptions, anyValueColumns, anyValueRow, textOf } from './attribute-rows.js';

export interface OtapEncoderOptions extends ArrowTableOptions, AttributeTableOptions {}

export const defaultEncoderOptions: OtapEncoderOptions = {
  keys: 'u8',
  dictionaries: 'delta',
  compression: 'none',
  emptyColumns: 'omitted',
  order: 'sorted',
  ids: 'encoded',
  empties: 'null',
  containers: 'indefinite',
};

export interface OtapPayload {
  readonly type: string;
  readonly columns: readonly TableColumn[];
  readonly rows: number;
}

const arrowProtocol = new protobuf.Root();
arrowProtocol.resolvePath = (_origin, target) => target;
arrowProtocol.loadSync(`${protoFolder}opentelemetry/proto/experimental/arrow/v1/arrow_service.proto`, {
  keepCase: true,
});
const batchType = arrowProtocol.lookupType('BatchArrowRecords');
const payloadNumbers = arrowProtocol.lookupEnum('ArrowPayloadType').values;

export class OtapEncoder {
  readonly #signal: Signal;
  readonly #options: OtapEncoderOptions;
  readonly #writers = new Map<string, ArrowTableWriter>();
  #batches = 0;

  constructor(signal: Signal, options: Partial<OtapEncoderOptions> = {}) {
    this.#signal = signal;
    this.#options = { ...defaultEncoderOptions, ...options };
  }

  /** Encodes a request as the stream's next message. */
  encode(request: Message): Uint8Array {
    return this.encodePayloads(payloadsOf(this.#signal, request, this.#options));
  }

  /** Encodes tables as the stream's next message. */
  encodePayloads(payloads: readonly OtapPayload[]): Uint8Array {
    const arrowPayloads = payloads.map(({ type, columns, rows }) => {
      const writer = this.#writers.get(type) ?? new ArrowTableWriter(this.#options);
      this.#writers.set(type, writer);
      const { schemaId, record } = writer.write(columns, rows);
      return { schema_id: schemaId, type: payloadNumbers[type]!, record };
    });
    return batchArrowRecords(this.#batches++, arrowPayloads);
  }
}

/** Encodes a message as it is. */
export function batchArrowRecords(
  batchId: number,
  arrowPayloads: readonly { schema_id: string; type: number; record: Uint8Array }[],
): Uint8Array {
  return Uint8Array.from(batchType.encode({ batch_id: batchId, arrow_payloads: arrowPayloads }).finish());
}

/** Reads a message, to change a part of it. */
export function readBatch(message: Uint8Array): {
  batch_id: number;
  arrow_payloads: { schema_id: string; type: number; record: Uint8Array }[];
} {
  return batchType.toObject(batchType.decode(message), { longs: Number, defaults: true }) as never;
}

export function payloadsOf(signal: Signal, request: Message, options: OtapEncoderOptions): OtapPayload[] {
  const tables = new Tables(options);
  if (signal === 'logs') addLogs(tables, request, options);
  else if (signal === 'traces') addTraces(tables, request);
  else addMetrics(tables, request);
  return tables.payloads();
}

/** Payload types of the attributes that belong to a row, and how wide its id is. */
interface Owner {
  readonly attributes: string;
  readonly idKind: 'u16' | 'u32';
}

const owners: Record<string, Owner> = {
  LOGS: { attributes: 'LOG_ATTRS', idKind: 'u16' },
  SPANS: { attributes: 'SPAN_ATTRS', idKind: 'u16' },
  SPAN_EVENTS: { attributes: 'SPAN_EVENT_ATTRS', idKind: 'u32' },
  SPAN_LINKS: { attributes: 'SPAN_LINK_ATTRS', idKind: 'u32' },
  NUMBER_DATA_POINTS: { attributes: 'NUMBER_DP_ATTRS', idKind: 'u32' },
  HISTOGRAM_DATA_POINTS: { attributes: 'HISTOGRAM_DP_ATTRS', idKind: 'u32' },
  EXP_HISTOGRAM_DATA_POINTS: { attributes: 'EXP_HISTOGRAM_DP_ATTRS', idKind: 'u32' },
  SUMMARY_DATA_POINTS: { attributes: 'SUMMARY_DP_ATTRS', idKind: 'u32' },
  NUMBER_DP_EXEMPLARS: { attributes: 'NUMBER_DP_EXEMPLAR_ATTRS', idKind: 'u32' },
  HISTOGRAM_DP_EXEMPLARS: { attributes: 'HISTOGRAM_DP_EXEMPLAR_ATTRS', idKind: 'u32' },
  EXP_HISTOGRAM_DP_EXEMPLARS: { attributes: 'EXP_HISTOGRAM_DP_EXEMPLAR_ATTRS', idKind: 'u32' },
};

/** The tables of one message while their rows come in. */
class Tables {
  readonly options: OtapEncoderOptions;
  readonly #attributes = new Map<string, AttributeTable>();
  readonly #payloads: OtapPayload[] = [];
  #resources = 0;
  #scopes = 0;

  constructor(options: OtapEncoderOptions) {
    this.options = options;
  }

  attributes(type: string, parentKind: 'u16' | 'u32' = 'u16'): AttributeTable {
    const table = this.#attributes.get(type) ?? new AttributeTable(this.options, parentKind);
    this.#attributes.set(type, table);
    return table;
  }

  addResource(resource: Message): number {
    this.attributes('RESOURCE_ATTRS').add(this.#resources, resource['attributes']!);
    return this.#resources++;
  }

  addScope(scope: Message): number {
    this.attributes('SCOPE_ATTRS').add(this.#scopes, scope['attributes']!);
    return this.#scopes++;
  }

  add(type: string, columns: readonly TableColumn[], rows: number): void {
    if (rows > 0) this.#payloads.push({ type, columns, rows });
  }

  payloads(): OtapPayload[] {
    for (const [type, table] of this.#attributes) this.add(type, table.columns(), table.length);
    return this.#payloads;
  }
}

/** Rows that have ids, which others refer to. A row without any other that refers to it has none. */
class OwnerRows {
  readonly ids: (number | null)[] = [];
  readonly #tables: Tables;
  readonly #type: string;
  #nextId = 0;

  constructor(tables: Tables, type: string) {
    this.#tables = tables;
    this.#type = type;
  }

  /** Adds a row with its attributes. Returns the id that it has if `hasOthers` or it has attributes. */
  add(attributes: Message[''] | undefined, hasOthers = false): number {
    const { attributes: type, idKind } = owners[this.#type]!;
    const hasAttributes = this.#tables.attributes(type, idKind).add(this.#nextId, attributes ?? []);
    this.ids.push(hasAttributes || hasOthers ? this.#nextId : null);
    return hasAttributes || hasOthers ? this.#nextId++ : this.#nextId;
  }

  column(): TableColumn {
    return idColumn('id', owners[this.#type]!.idKind, this.ids, this.#tables.options);
  }
}

/** Ids in delta encoding. */
function idColumn(
  name: string,
  kind: 'u16' | 'u32',
  ids: readonly (number | null)[],
  { ids: form }: OtapEncoderOptions,
): TableColumn {
  if (form === 'plain') return { name, kind, values: ids, encoding: 'plain' };
  let last = 0;
  const values = ids.map((id) => {
    if (id === null) return null;
    const delta = id - last;
    last = id;
    return kind === 'u16' ? delta & 0xffff : delta >>> 0;
  });
  return { name, kind, values };
}

/** Ids in quasi-delta encoding, relative where `isRelative` says so. */
function groupedIdColumn(
  kind: 'u16' | 'u32',
  ids: readonly number[],
  isRelative: (row: number) => boolean,
  { ids: form }: OtapEncoderOptions,
): TableColumn {
  if (form === 'plain')
    return { name: 'parent_id', kind, values: ids, encoding: 'plain', isRepetitive: kind === 'u32' };
  const values = ids.map((id, row) => {
    const value = isRelative(row) && row > 0 ? id - ids[row - 1]! : id;
    return kind === 'u16' ? value & 0xffff : value >>> 0;
  });
  return { name: 'parent_id', kind, values, isRepetitive: kind === 'u32' };
}

function addLogs(tables: Tables, request: Message, options: OtapEncoderOptions): void {
  const origins: Origin[] = [];
  const rows = new OwnerRows(tables, 'LOGS');
  const logs = recordsOf(tables, request, 'resource_logs', 'scope_logs', 'log_records').map(({ record, origin }) => {
    origins.push(origin);
    rows.add(record['attributes']);
    return record;
  });
  const bodies = logs.map((log) => anyValueRow(log['body'] as Message | undefined, options.containers));
  tables.add(
    'LOGS',
    [
      rows.column(),
      ...originColumns(origins, options),
      ...columnsOf(
        logs,
        [
          ['time_unix_nano', 'timestamp'],
          ['observed_time_unix_nano', 'timestamp'],
          ['trace_id', 'fixed16', 'repetitive'],
          ['span_id', 'fixed8', 'repetitive'],
          ['severity_number', 'i32', 'repetitive'],
          ['severity_text', 'utf8', 'repetitive'],
          ['event_name', 'utf8', 'repetitive'],
          ['dropped_attributes_count', 'u32'],
          ['flags', 'u32'],
        ],
        options,
      ),
      {
        name: 'body',
        kind: 'struct',
        isPresent: logs.map((log) => log['body'] !== undefined),
        children: anyValueColumns(bodies, options.empties),
      },
    ],
    logs.length,
  );
}

function addTraces(tables: Tables, request: Message): void {
  const { options } = tables;
  const origins: Origin[] = [];
  const rows = new OwnerRows(tables, 'SPANS');
  const events: { spanId: number; event: Message }[] = [];
  const links: { spanId: number; link: Message }[] = [];
  const spans = recordsOf(tables, request, 'resource_spans', 'scope_spans', 'spans').map(({ record: span, origin }) => {
    origins.push(origin);
    const hasOthers = list(span, 'events').length + list(span, 'links').length > 0;
    const spanId = rows.add(span['attributes'], hasOthers);
    for (const event of list(span, 'events')) events.push({ spanId, event });
    for (const link of list(span, 'links')) links.push({ spanId, link });
    return span;
  });
  const durations = spans.map((span) => {
    const end = (span['end_time_unix_nano'] ?? 0n) as bigint;
    return end - ((span['start_time_unix_nano'] ?? 0n) as bigint);
  });
  const statuses = spans.map((span) => (span['status'] ?? {}) as Message);
  tables.add(
    'SPANS',
    [
      rows.column(),
      ...originColumns(origins, options),
      ...columnsOf(
        spans,
        [
          ['start_time_unix_nano', 'timestamp'],
          ['trace_id', 'fixed16'],
          ['span_id', 'fixed8'],
          ['trace_state', 'utf8', 'repetitive'],
          ['parent_span_id', 'fixed8', 'repetitive'],
          ['name', 'utf8', 'repetitive'],
          ['kind', 'i32', 'repetitive'],
          ['dropped_attributes_count', 'u32'],
          ['dropped_events_count', 'u32'],
          ['dropped_links_count', 'u32'],
          ['flags', 'u32'],
        ],
        options,
      ),
      { name: 'duration_time_unix_nano', kind: 'duration', values: durations, isRepetitive: true },
      {
        name: 'status',
        kind: 'struct',
        isPresent: spans.map((span) => span['status'] !== undefined),
        children: [
          ...columnsOf(statuses, [['code', 'i32', 'repetitive']], options),
          { ...columnsOf(statuses, [['message', 'utf8', 'repetitive']], options)[0]!, name: 'status_message' },
        ],
      },
    ],
    spans.length,
  );
  addEvents(tables, events);
  addLinks(tables, links);
}

function addEvents(tables: Tables, events: readonly { spanId: number; event: Message }[]): void {
  const { options } = tables;
  const sorted = [...events];
  const rows = new OwnerRows(tables, 'SPAN_EVENTS');
  for (const { event } of sorted) rows.add(event['attributes']);
  const name = (row: number) => textOf(sorted[row]!.event['name']);
  const isRelative = (row: number) => row > 0 && name(row) === name(row - 1);
  tables.add(
    'SPAN_EVENTS',
    [
      rows.column(),
      groupedIdColumn(
        'u16',
        sorted.map(({ spanId }) => spanId),
        isRelative,
        options,
      ),
      ...columnsOf(
        sorted.map(({ event }) => event),
        [
          ['time_unix_nano', 'timestamp'],
          ['name', 'utf8', 'repetitive'],
          ['dropped_attributes_count', 'u32'],
        ],
        options,
      ),
    ],
    sorted.length,
  );
}

function addLinks(tables: Tables, links: readonly { spanId: number; link: Message }[]): void {
  const { options } = tables;
  const rows = new OwnerRows(tables, 'SPAN_LINKS');
  for (const { link } of links) rows.add(link['attributes']);
  const traceId = (row: number) => Buffer.from((links[row]!.link['trace_id'] ?? '') as Uint8Array).toString('hex');
  const isRelative = (row: number) => row > 0 && traceId(row) === traceId(row - 1);
  tables.add(
    'SPAN_LINKS',
    [
      rows.column(),
      groupedIdColumn(
        'u16',
        links.map(({ spanId }) => spanId),
        isRelative,
        options,
      ),
      ...columnsOf(
        links.map(({ link }) => link),
        [
          ['trace_id', 'fixed16', 'repetitive'],
          ['span_id', 'fixed8', 'repetitive'],
          ['trace_state', 'utf8', 'repetitive'],
          ['dropped_attributes_count', 'u32'],
          ['flags', 'u32'],
        ],
        options,
      ),
    ],
    links.length,
  );
}

/** Kinds of metrics: their number, the table of their points, and the field that holds them. */
const metricKinds = [
  { field: 'gauge', type: 1, points: 'NUMBER_DATA_POINTS', exemplars: 'NUMBER_DP_EXEMPLARS' },
  { field: 'sum', type: 2, points: 'NUMBER_DATA_POINTS', exemplars: 'NUMBER_DP_EXEMPLARS' },
  { field: 'histogram', type: 3, points: 'HISTOGRAM_DATA_POINTS', exemplars: 'HISTOGRAM_DP_EXEMPLARS' },
  {
    field: 'exponential_histogram',
    type: 4,
    points: 'EXP_HISTOGRAM_DATA_POINTS',
    exemplars: 'EXP_HISTOGRAM_DP_EXEMPLARS',
  },
  { field: 'summary', type: 5, points: 'SUMMARY_DATA_POINTS', exemplars: undefined },
] as const;

function addMetrics(tables: Tables, request: Message): void {
  const { options } = tables;
  const origins: Origin[] = [];
  const points = new Map<string, { metricId: number; point: Message }[]>();
  const metrics = recordsOf(tables, request, 'resource_metrics', 'scope_metrics', 'metrics').map(
    ({ record: metric, origin }, metricId) => {
      origins.push(origin);
      const kind = metricKinds.find(({ field }) => field in metric);
      const data = kind === undefined ? {} : (metric[kind.field] as Message);
      if (kind !== undefined) {
        const table = points.get(kind.points) ?? [];
        points.set(kind.points, table);
        for (const point of list(data, 'data_points')) table.push({ metricId, point });
      }
      return { ...metric, ...data, metric_type: kind?.type ?? 0 } as Message;
    },
  );
  tables.add(
    'UNIVARIATE_METRICS',
    [
      idColumn(
        'id',
        'u16',
        metrics.map((_, id) => id),
        options,
      ),
      ...originColumns(origins, options),
      { name: 'metric_type', kind: 'u8', values: metrics.map((metric) => metric['metric_type'] as number) },
      ...columnsOf(
        metrics,
        [
          ['name', 'utf8', 'repetitive'],
          ['description', 'utf8', 'repetitive'],
          ['unit', 'utf8', 'repetitive'],
          ['aggregation_temporality', 'i32', 'repetitive'],
          ['is_monotonic', 'bool'],
        ],
        options,
      ),
    ],
    metrics.length,
  );
  for (const [type, rows] of points) addPoints(tables, type, rows);
}

function addPoints(tables: Tables, type: string, rows: readonly { metricId: number; point: Message }[]): void {
  const { options } = tables;
  const exemplarType = metricKinds.find((kind) => kind.points === type)!.exemplars;
  const owners = new OwnerRows(tables, type);
  const exemplars: { pointId: number; exemplar: Message }[] = [];
  for (const { point } of rows) {
    const own = list(point, 'exemplars');
    const pointId = owners.add(point['attributes'], own.length > 0);
    for (const exemplar of own) exemplars.push({ pointId, exemplar });
  }
  const points = rows.map(({ point }) => point);
  tables.add(
    type,
    [
      owners.column(),
      idColumn(
        'parent_id',
        'u16',
        rows.map(({ metricId }) => metricId),
        options,
      ),
      ...columnsOf(
        points,
        [
          ['start_time_unix_nano', 'timestamp'],
          ['time_unix_nano', 'timestamp'],
          ['flags', 'u32'],
        ],
        options,
      ),
      ...valueColumns(type, points, options),
    ],
    points.length,
  );
  if (exemplarType !== undefined) addExemplars(tables, exemplarType, exemplars);
}

function valueColumns(type: string, points: readonly Message[], options: OtapEncoderOptions): TableColumn[] {
  const doubles = ['sum', 'min', 'max'].map(
    (name): TableColumn => ({
      name,
      kind: 'f64',
      values: points.map((point) => (point[name] ?? null) as number | null),
    }),
  );
  switch (type) {
    case 'NUMBER_DATA_POINTS':
      return [
        { name: 'int_value', kind: 'i64', values: points.map((point) => (point['as_int'] ?? null) as bigint | null) },
        {
          name: 'double_value',
          kind: 'f64',
          values: points.map((point) => (point['as_double'] ?? null) as number | null),
        },
      ];
    case 'HISTOGRAM_DATA_POINTS':
      return [
        ...columnsOf(points, [['count', 'u64']], options),
        ...doubles,
        listColumn('bucket_counts', 'u64', points),
        listColumn('explicit_bounds', 'f64', points),
      ];
    case 'EXP_HISTOGRAM_DATA_POINTS':
      return [
        ...columnsOf(
          points,
          [
            ['count', 'u64'],
            ['scale', 'i32'],
            ['zero_count', 'u64'],
          ],
          options,
        ),
        {
          name: 'zero_threshold',
          kind: 'f64',
          values: points.map((point) => (point['zero_threshold'] ?? null) as number | null),
        },
        ...doubles,
        ...['positive', 'negative'].map((name): TableColumn => {
          const buckets = points.map((point) => (point[name] ?? {}) as Message);
          return {
            name,
            kind: 'struct',
            isPresent: points.map((point) => point[name] !== undefined),
            children: [
              ...columnsOf(buckets, [['offset', 'i32']], options),
              listColumn('bucket_counts', 'u64', buckets),
            ],
          };
        }),
      ];
    default: {
      const quantiles = points.flatMap((point) => list(point, 'quantile_values'));
      return [
        ...columnsOf(points, [['count', 'u64']], options),
        { name: 'sum', kind: 'f64', values: points.map((point) => (point['sum'] ?? null) as number | null) },
        {
          name: 'quantile',
          kind: 'list',
          lengths: points.map((point) => list(point, 'quantile_values').length),
          isPresent: points.map((point) => list(point, 'quantile_values').length > 0),
          item: {
            name: 'item',
            kind: 'struct',
            isPresent: quantiles.map(() => true),
            children: ['quantile', 'value'].map((name) => ({
              name,
              kind: 'f64',
              values: quantiles.map((quantile) => (quantile[name] ?? null) as number | null),
            })),
          },
        },
      ];
    }
  }
}

function addExemplars(tables: Tables, type: string, rows: readonly { pointId: number; exemplar: Message }[]): void {
  const { options } = tables;
  const owners = new OwnerRows(tables, type);
  for (const { exemplar } of rows) owners.add(exemplar['filtered_attributes']);
  const exemplars = rows.map(({ exemplar }) => exemplar);
  let last: Message | undefined;
  const isRelative = exemplars.map((exemplar) => {
    if (!('as_int' in exemplar) && !('as_double' in exemplar)) return true;
    const isEqual =
      last !== undefined &&
      ('as_int' in exemplar ? exemplar['as_int'] === last['as_int'] : exemplar['as_double'] === last['as_double']);
    last = exemplar;
    return isEqual;
  });
  tables.add(
    type,
    [
      owners.column(),
      groupedIdColumn(
        'u32',
        rows.map(({ pointId }) => pointId),
        (row) => isRelative[row]!,
        options,
      ),
      ...columnsOf(
        exemplars,
        [
          ['time_unix_nano', 'timestamp'],
          ['span_id', 'fixed8', 'repetitive'],
          ['trace_id', 'fixed16', 'repetitive'],
        ],
        options,
      ),
      ...valueColumns('NUMBER_DATA_POINTS', exemplars, options),
    ],
    rows.length,
  );
}

/** The resource and scope of a record. */
interface Origin {
  readonly resourceId: number;
  readonly scopeId: number;
  readonly scope: Message;
  /** The messages around them, which have the schema URLs. */
  readonly group: Message;
  readonly scopeGroup: Message;
}

function recordsOf(
  tables: Tables,
  request: Message,
  groups: string,
  scopeGroups: string,
  records: string,
): { record: Message; origin: Origin }[] {
  return list(request, groups).flatMap((group) => {
    const resourceId = tables.addResource((group['resource'] ?? {}) as Message);
    return list(group, scopeGroups).flatMap((scopeGroup) => {
      const scope = (scopeGroup['scope'] ?? {}) as Message;
      const scopeId = tables.addScope(scope);
      return list(scopeGroup, records).map((record) => ({
        record,
        origin: { resourceId, scopeId, scope, group, scopeGroup },
      }));
    });
  });
}

function originColumns(origins: readonly Origin[], options: OtapEncoderOptions): TableColumn[] {
  const isPresent = origins.map(() => true);
  return [
    {
      name: 'resource',
      kind: 'struct',
      isPresent,
      children: [
        idColumn(
          'id',
          'u16',
          origins.map(({ resourceId }) => resourceId),
          options,
        ),
        ...columnsOf(
          origins.map(({ group }) => group),
          [['schema_url', 'utf8', 'repetitive']],
          options,
        ),
      ],
    },
    {
      name: 'scope',
      kind: 'struct',
      isPresent,
      children: [
        idColumn(
          'id',
          'u16',
          origins.map(({ scopeId }) => scopeId),
          options,
        ),
        ...columnsOf(
          origins.map(({ scope }) => scope),
          [
            ['name', 'utf8', 'repetitive'],
            ['version', 'utf8', 'repetitive'],
          ],
          options,
        ),
      ],
    },
    ...columnsOf(
      origins.map(({ scopeGroup }) => scopeGroup),
      [['schema_url', 'utf8', 'repetitive']],
      options,
    ),
  ];
}

type Spec = readonly [name: string, kind: Kind, isRepetitive?: 'repetitive'];

/** Columns named as the fields are. An absent field is null; so is, if it is to be, what equals the absent one. */
function columnsOf(
  messages: readonly Message[],
  specs: readonly Spec[],
  { empties }: OtapEncoderOptions,
): TableColumn[] {
  return specs.map(([name, kind, isRepetitive]) => ({
    name,
    kind,
    isRepetitive: isRepetitive === 'repetitive',
    values: messages.map((message) => {
      const given = (message[name] ?? null) as Value | null;
      const value = kind === 'utf8' && given !== null ? textOf(given) : given;
      if (value instanceof Uint8Array && value.length === 0) return null;
      return empties === 'null' && (value === '' || value === 0 || value === 0n || value === false) ? null : value;
    }),
  }));
}

function listColumn(name: string, kind: 'u64' | 'f64', messages: readonly Message[]): TableColumn {
  const lists = messages.map((message) => (message[name] ?? null) as Value[] | null);
  return {
    name,
    kind: 'list',
    lengths: lists.map((items) => items?.length ?? 0),
    isPresent: lists.map((items) => items !== null),
    item: { name: 'item', kind, values: lists.flatMap((items) => items ?? []) },
  };
}

function list(message: Message, field: string): Message[] {
  return (message[field] ?? []) as Message[];
}
