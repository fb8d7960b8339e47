import { SqlError } from '../base/sql-error.js';
import { lokiOptions } from './loki-options.js';
import { mcpOptions } from './mcp-options.js';
import {
  flag,
  limit,
  notEmpty,
  type Option,
  type OptionValues,
  optionalText,
  positiveInteger,
} from './option-declaration.js';
import { allowedOrigins } from './origins.js';
import { promqlOptions } from './promql-options.js';
import { sqlOptions } from './sql-options.js';
import { tempoOptions } from './tempo-options.js';
import { tenantOptions } from './tenant-options.js';
import { tlsOptions } from './tls-options.js';

const MiB = 1 << 20;

/** The APIs of query servers, by the names that `apis` takes. */
export const apiNames = ['prometheus', 'loki', 'tempo', 'sql', 'mcp', 'pages', 'admin'] as const;
export type ApiName = (typeof apiNames)[number];
/** What a server answers that was not told. SQL of clients, agents and administration are asked for by name. */
const defaultApis: readonly ApiName[] = ['prometheus', 'loki', 'tempo', 'pages'];

/**
 * Options that all queries of the DuckDB instance share, those of SQL functions too. While servers run, each must have the same values.
 */
export const sharedQueryOptions = {
  // Prometheus's default.
  max_concurrent_queries: positiveInteger({
    sqlType: 'UBIGINT',
    default: 20,
    doc: 'Maximum number of queries at work. Further ones wait. The same for all servers.',
  }),
  // Dashboards of fifty people are refreshed at once, of a dozen panels each. A query that waits holds its text alone.
  max_waiting_queries: positiveInteger({
    sqlType: 'UBIGINT',
    default: 1000,
    doc: 'Maximum number of queries that wait. Further ones get 503. The same for all servers.',
  }),
  max_concurrent_statements: positiveInteger({
    sqlType: 'UBIGINT',
    default: null,
    defaultText: "the number of cores, at most a quarter of libuv's pool",
    doc: "Maximum number of statements that DuckDB works on for queries at once. Each holds a thread of libuv's pool meanwhile. The same for all servers.",
  }),
  query_threads: positiveInteger({
    sqlType: 'UBIGINT',
    default: null,
    defaultText: 'the number of cores',
    doc: 'Threads that evaluate queries. The same for all servers.',
  }),
  query_memory_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 512 * MiB,
    doc: 'Upper bound on what all queries hold beside DuckDB. A query that needs more fails. The same for all servers.',
  }),
};
export type SharedQueryOptions = OptionValues<typeof sharedQueryOptions>;

/** Options of `otlp_query_serve`. */
export const queryServeOptions = {
  catalog: optionalText({
    defaultText: "the connection's default catalog",
    doc: 'Attached catalog that holds the tables.',
  }),
  schema: optionalText({
    defaultText: "`main`; the connection's schema when `catalog` is not given",
    doc: 'Schema of the catalog that holds the tables. Tables that do not exist have no rows.',
    check: notEmpty,
  }),
  read_token: optionalText({
    defaultText: '32 random hex digits',
    doc: 'Token that clients must present, at least 16 characters: as a Bearer token, or as the password of Basic. Ignored with `disable_auth`.',
  }),
  read_token_file: optionalText({
    defaultText: 'none',
    doc: 'File with tokens that clients may present instead, one a line. A changed file is read within a second.',
    check: notEmpty,
  }),
  admin_token: optionalText({
    defaultText: 'none',
    doc: 'Token for what changes the server, at least 16 characters. Without one nobody may.',
  }),
  disable_auth: flag({ default: false, doc: 'Answer queries without a token.' }),
  apis: apiList(),
  allow_other_hostname: flag({
    default: false,
    doc: 'Allow listening on hosts other than localhost, 127.0.0.1 and ::1.',
  }),
  // Grafana opens a connection for each panel that it loads: fifty people who refresh a dozen panels each have 600.
  max_connections: positiveInteger({
    sqlType: 'UBIGINT',
    default: 1024,
    doc: 'Maximum number of open connections. Further connections are closed at once.',
  }),
  cors_allowed_origins: optionalText({
    defaultText: 'none',
    doc: 'Origins of web pages that may ask (CORS), comma-separated, or `*` for all. Grafana asks from its server and needs none.',
    check: allowedOrigins,
  }),
  // Forms of queries and matchers. The longest that Grafana sends are some hundred kilobytes.
  max_body_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 4 * MiB,
    doc: 'Maximum size of a request body. Larger bodies get 413.',
  }),
  api_rate_limit_rps: limit({
    doc: 'Requests a second that one address may make, over two seconds. Further ones get 429 with `Retry-After`.',
  }),
  ...tlsOptions,
  ...tenantOptions,
  ...sharedQueryOptions,
  ...promqlOptions,
  ...lokiOptions,
  ...tempoOptions,
  ...sqlOptions,
  ...mcpOptions,
};
export type QueryServeOptions = OptionValues<typeof queryServeOptions>;

function apiList(): Option<readonly ApiName[]> {
  return {
    sqlType: 'VARCHAR',
    defaultText: defaultApis.map((name) => `\`${name}\``).join(', '),
    doc: `APIs that the server answers, comma-separated: ${apiNames.map((name) => `\`${name}\``).join(', ')}.`,
    read(name, given) {
      if (given === null) return defaultApis;
      const words = String(given)
        .split(',')
        .map((word) => word.trim().toLowerCase());
      return [...new Set(words)].map((word) => {
        const found = apiNames.find((candidate) => candidate === word);
        if (found !== undefined) return found;
        const choices = apiNames.map((choice) => `'${choice}'`).join(', ');
        throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must be a list of ${choices}, got '${given}'`);
      });
    },
  };
}
