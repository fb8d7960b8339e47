import { fidelities } from './column-declaration.js';
import { deadLetterOptions } from './dead-letter-options.js';
import { flag, limit, notEmpty, type OptionValues, optionalText, positiveInteger, word } from './option-declaration.js';
import { allowedOrigins } from './origins.js';
import { retentionOptions } from './retention-options.js';
import { tenantOptions } from './tenant-options.js';
import { tlsOptions } from './tls-options.js';

const MiB = 1 << 20;

/** Options of `otlp_serve` and `otap_serve`. Spelled as in SQL everywhere, so that one search finds all uses. */
export const serveOptions = {
  catalog: optionalText({
    defaultText: "the connection's default catalog",
    doc: 'Attached catalog to commit rows to.',
  }),
  schema: optionalText({
    defaultText: "`main`; the connection's schema when `catalog` is not given",
    doc: 'Schema of the catalog that holds the tables.',
    check: notEmpty,
  }),
  token: optionalText({
    defaultText: '32 random hex digits',
    doc: 'Token that clients must present, at least 16 characters. Ignored with `disable_auth`.',
  }),
  token_file: optionalText({
    defaultText: 'none',
    doc: 'File with tokens that clients may present instead, one a line. A changed file is read within a second.',
    check: notEmpty,
  }),
  disable_auth: flag({ default: false, doc: 'Accept requests without a token.' }),
  transport: word({
    words: ['http', 'grpc'],
    default: null,
    defaultText: '`http`; `grpc` for otap_serve',
    doc: 'Protocol of the listener at the URI: OTLP/HTTP or OTLP/gRPC. `otap_serve` is gRPC-only.',
  }),
  grpc: optionalText({
    defaultText: 'none',
    doc: "Address of a second listener, for OTLP/gRPC and OTAP, such as `'localhost:4317'`. It shares the server's buffer, limits, journal and commits.",
    check: notEmpty,
  }),
  create_tables: flag({
    default: true,
    doc: 'Create the tables that do not exist. If false, they must exist and have the expected columns.',
    offDoc: 'Create no tables: they must exist and have the expected columns.',
  }),
  allow_other_hostname: flag({
    default: false,
    doc: 'Allow listening on hosts other than localhost, 127.0.0.1 and ::1.',
  }),
  // With every connection at its worst, some 3 MB, this takes what a burst of bodies may (max_buffered_bytes) a few times
  // over. Exporters keep a connection or two each; gateways in front of thousands of them keep few.
  max_connections: positiveInteger({
    sqlType: 'UBIGINT',
    default: 1024,
    doc: 'Maximum number of open connections. Further connections are closed at once.',
  }),
  cors_allowed_origins: optionalText({
    defaultText: 'none',
    doc: 'Origins of web pages that may send (CORS), comma-separated, or `*` for all. Ignored by gRPC listeners.',
    check: allowedOrigins,
  }),
  ...tlsOptions,
  ...tenantOptions,
  max_body_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 16 * MiB,
    doc: 'Maximum size of a request body, before and after decompression. Larger bodies get 413.',
  }),
  max_buffered_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 512 * MiB,
    doc: 'Upper bound on request bytes that are admitted and not yet committed. Further requests get 503.',
  }),
  max_buffered_bytes_per_tenant: limit({
    doc: 'The same of one tenant. Its further requests get 429, and those of others are taken.',
  }),
  max_requests_per_second: limit({
    doc: 'Requests a second that one client may send, over two seconds. Further ones get 429 with `Retry-After`.',
  }),
  max_bytes_per_second: limit({
    doc: 'Bytes of request bodies a second that one client may send, over two seconds. Further requests get 429.',
  }),
  rate_limit_by: word({
    words: ['address', 'tenant', 'token'],
    default: 'address',
    defaultText: '`address`',
    doc: 'Who counts as one client: an address (of IPv6 the network of 64 bits), a tenant, or a token.',
  }),
  max_requests_per_second_per_tenant: limit({
    doc: 'Requests a second that one tenant may send from all of its clients. Further ones get 429.',
  }),
  // More than 100, which grpc-go assumes before it has received our settings, so that its calls are not rejected.
  grpc_max_concurrent_streams: positiveInteger({
    sqlType: 'UBIGINT',
    default: 128,
    doc: 'gRPC: calls and OTAP streams that may be open on one connection. Clients wait with further ones.',
  }),
  grpc_keepalive_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 60_000,
    doc: 'gRPC: how often connections are asked whether their client is still there.',
  }),
  grpc_keepalive_timeout_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 20_000,
    doc: 'gRPC: time for the answer to that. The connection of a client that does not answer is closed.',
  }),
  max_decoded_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 512 * MiB,
    doc: 'Upper bound on memory for uncommitted rows. Further requests get 503. Half of it triggers a seal.',
  }),
  max_stored_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 256 * MiB,
    doc: 'Maximum size of the rows of one request once stored in tables: a text that rows share counts in each row. Larger requests get 413.',
  }),
  seal_target_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 128 * MiB,
    doc: 'Seal once this many request bytes wait.',
  }),
  seal_max_age_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 5000,
    doc: 'Seal once the oldest waiting row is this old.',
  }),
  request_timeout_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 60_000,
    doc: 'Time for a request to arrive completely. A slower one gets 408.',
  }),
  headers_timeout_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 10_000,
    doc: 'Time for the headers of a request to arrive. A slower one gets 408.',
  }),
  http_threads: positiveInteger({
    sqlType: 'UBIGINT',
    default: null,
    defaultText: 'from the number of cores',
    doc: 'Threads that decompress and decode requests. Ignored by gRPC listeners.',
  }),
  parquet_export_path: optionalText({
    defaultText: 'none',
    doc: 'Write rows to Parquet files below this path instead of to a catalog.',
    check: notEmpty,
  }),
  target_file_size: positiveInteger({
    sqlType: 'UBIGINT',
    default: 256 * MiB,
    doc: 'DuckLake: target size of the files that compaction writes.',
  }),
  maintenance_retention_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 900_000,
    doc: 'DuckLake: age from which snapshots and unused files may be removed. Parquet: time that files of removed days stay below `_expired`.',
  }),
  lake_partition: word({
    words: ['day', 'tenant_day', 'none'],
    default: 'day',
    defaultText: '`day`',
    doc: 'DuckLake: whether tables that the server creates are partitioned by day, or by tenant and day.',
  }),
  lake_sort: word({
    words: ['none', 'service_time'],
    default: 'none',
    defaultText: '`none`',
    doc: 'DuckLake: whether files of tables that the server creates are sorted by service and time.',
  }),
  ...retentionOptions,
  promote_resource_attributes: optionalText({
    defaultText: 'none',
    doc: 'Resource attributes that get a VARCHAR column each, comma-separated.',
  }),
  promote_scope_attributes: optionalText({
    defaultText: 'none',
    doc: 'Scope attributes that get a VARCHAR column each, comma-separated.',
  }),
  fidelity: word({
    words: fidelities,
    default: 'standard',
    defaultText: '`standard`',
    doc: 'What rows keep: what the columns of the tables hold, or (`exact`) nanoseconds of times and schema URLs too, in columns of their own.',
  }),
  durability: word({
    words: ['memory', 'journal'],
    default: 'memory',
    defaultText: '`memory`',
    doc: 'What a 202 means: the rows are in memory, or the request is in a journal on disk.',
  }),
  journal_path: optionalText({
    defaultText: '`<database>.journal/<scheme-host-port>`',
    doc: 'Folder of the journal.',
    check: notEmpty,
  }),
  journal_max_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 4096 * MiB,
    doc: 'Maximum size of the journal. Further requests get 503.',
  }),
  ...deadLetterOptions,
  allow_at_least_once: flag({
    default: false,
    doc: "Allow `durability := 'journal'` on an Iceberg catalog that cannot commit several tables at once. Rows may then be stored twice after a crash.",
  }),
};

export type ServeOptions = OptionValues<typeof serveOptions>;
export type ServeOptionName = keyof typeof serveOptions;
