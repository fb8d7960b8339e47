// What a host has to know to run otlp's servers as a program. It starts them by the same SQL that a user types.

import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from './base/failure.js';
import { redacted } from './base/redaction.js';
import { codeIn, withCode } from './base/sql-error.js';
import { quotedString } from './duckdb/sql-text.js';
import type {
  AskedServer,
  PluginService,
  ServerStartError,
  ServersAsked,
  ServiceOption,
  StartedServer,
  UnfitSetting,
} from './plugin.js';
import type { Options } from './schema/option-declaration.js';
import { apiNames, type QueryServeOptions, queryServeOptions } from './schema/query-options.js';
import { type ServeOptionName, serveOptions } from './schema/serve-options.js';
import { serveFunctionOf } from './serve.js';

const DEFAULT_URI = 'otlp:localhost:4318';
/** Beside the default URI: SDKs send to one or the other. */
const DEFAULT_GRPC = 'localhost:4317';
/** Rows of a server that runs while somebody looks are committed at once, so that queries see them. */
const DEV_SEAL_MAX_AGE_MS = 500;

/** For whoever finds the port of a server taken. */
const INGEST_HINT = '--uri and --grpc name other addresses, and --grpc none opens no second listener';

/** What a host is told about options beyond the option table. */
const forHosts: Readonly<Partial<Record<ServeOptionName, Partial<ServiceOption>>>> = {
  token: { isSecret: true },
  transport: { ofListener: 'word' },
  grpc: {
    ofListener: 'address',
    defaultText: `${DEFAULT_GRPC} when neither --uri nor --transport is given, else none; none opens no such listener`,
  },
};

const queryForHosts: Readonly<Partial<Record<keyof QueryServeOptions, Partial<ServiceOption>>>> = {
  read_token: { isSecret: true },
  admin_token: { isSecret: true },
};

/** An option table, with what a host is told beyond it. */
function serviceOptions<O extends Options>(
  declared: O,
  told: Partial<Record<keyof O & string, Partial<ServiceOption>>>,
) {
  return Object.fromEntries(
    Object.entries(declared).map(([name, option]): [string, ServiceOption] => [name, { ...option, ...told[name] }]),
  );
}

/** All but what changes servers, which takes a token. */
const devApis = apiNames.filter((name) => name !== 'admin');

export const otlpService: PluginService = {
  options: serviceOptions(serveOptions, forHosts),
  queries: {
    options: serviceOptions(queryServeOptions, queryForHosts),
    // Where the rows are.
    inherited: ['catalog', 'schema'] satisfies (keyof QueryServeOptions)[],
    exampleUri: 'query:localhost:4338',
    devArguments: { disable_auth: 'true', apis: quotedString(devApis.join(',')) },
    start: startQueries,
  },
  agents: {
    uri: 'query:127.0.0.1:0',
    arguments: (sql) => ({ apis: "'mcp'", mcp_sql: String(sql === 'with SQL') }),
    async serve(server, input, output) {
      const { serveAgent } = await import('./agents/serve-stdio.js');
      await serveAgent(server, input, output);
    },
  },
  // Of the extension that otelduck can replace.
  variablePrefixes: ['DUCKDB_OTLP_'],
  otherHostsSwitch: 'allow_other_hostname' satisfies ServeOptionName,
  defaultServer: {
    uri: DEFAULT_URI,
    addresses: { grpc: DEFAULT_GRPC },
    doc: `${DEFAULT_URI}, with OTLP/gRPC at ${DEFAULT_GRPC}`,
  },
  dev: {
    arguments: { disable_auth: 'true', seal_max_age_ms: String(DEV_SEAL_MAX_AGE_MS) },
    uriDoc: 'where to listen for OTLP/HTTP',
    addressDocs: { grpc: 'where to listen for OTLP/gRPC and OTAP, or none' },
    banner: (listeners, queries, place) => [
      ...listeners.map(({ url, transport }) => `  ${transport === 'grpc' ? 'OTLP/gRPC' : 'OTLP/HTTP'}  ${url}`),
      ...queries.map(({ url }) => `  pages      ${url}`),
      place === 'default'
        ? 'SDKs on this machine send there by default: no variables needed, and no token.'
        : `SDKs on this machine need OTEL_EXPORTER_OTLP_ENDPOINT=${listeners[0]!.url}, and no token.`,
    ],
    exampleQuery: 'FROM otlp_services()',
    demo: {
      doc: 'send the telemetry of a made-up shop with faults in it',
      async start(listeners, failed) {
        const { runDemo } = await import('./demo/run-demo.js');
        return runDemo({ url: listeners.find(({ transport }) => transport === 'http')!.url, failed });
      },
    },
  },
  productionRules: {
    auth: 'clients need a token: `disable_auth` is off',
    token: 'tokens are chosen by somebody, and not made at each start and told in the log',
    tls: 'servers that other machines reach (`allow_other_hostname`) have TLS; waive it behind a proxy that has it',
    durability: "what was acknowledged survives a kill: `durability := 'journal'`",
  },
  unfitForProduction,
  start,
};

/** Options that bring a token. One of them is enough. */
const tokenOptions: Readonly<Record<'servers' | 'queryServers', readonly string[]>> = {
  servers: ['token', 'token_file', 'tenant_tokens_file'] satisfies ServeOptionName[],
  queryServers: ['read_token', 'read_token_file', 'tenant_tokens_file'] satisfies (keyof QueryServeOptions)[],
};

function unfitForProduction(asked: ServersAsked): UnfitSetting[] {
  return (['servers', 'queryServers'] as const).flatMap((kind) =>
    asked[kind].flatMap(({ uri, arguments: given }) => {
      const isOn = (name: string) => given[name] === 'true';
      const found: UnfitSetting[] = [];
      if (isOn('disable_auth')) found.push({ rule: 'auth', text: `${uri} takes clients without a token` });
      else if (!tokenOptions[kind].some((name) => given[name] !== undefined)) {
        found.push({ rule: 'token', text: `the token of ${uri} is made at each start, and told in the log` });
      }
      if (isOn('allow_other_hostname') && given['tls_cert_file'] === undefined) {
        found.push({ rule: 'tls', text: `${uri} may be reached from other machines, and has no tls_cert_file` });
      }
      if (kind === 'servers' && given['durability'] !== "'journal'") {
        found.push({ rule: 'durability', text: `${uri} acknowledges rows that a kill can lose` });
      }
      return found;
    }),
  );
}

async function start(connection: DuckDBConnection, asked: AskedServer): Promise<StartedServer> {
  const { auth_token: token, ...server } = await called(connection, serveFunctionOf(asked.uri), asked, INGEST_HINT);
  const listed = await connection.runAndReadAll('SELECT listeners FROM otlp_server_list() WHERE listen_uri = $1', [
    String(server['listen_uri']),
  ]);
  // A server that somebody has stopped meanwhile is in no list.
  const [{ listeners } = { listeners: [] }] = listed.getRowObjectsJson() as unknown as Pick<
    StartedServer,
    'listeners'
  >[];
  // A token that nobody chose must be told to somebody; one that was given is not repeated in a log.
  const isGenerated = asked.arguments['token'] === undefined && token !== '';
  return { facts: { ...server, listeners, ...(isGenerated ? { auth_token: token } : {}) }, listeners };
}

async function startQueries(connection: DuckDBConnection, asked: AskedServer): Promise<StartedServer> {
  const { read_token: token, ...server } = await called(
    connection,
    'otlp_query_serve',
    asked,
    '--query-uri names another address',
  );
  const isGenerated = asked.arguments['read_token'] === undefined && token !== '';
  return {
    facts: { ...server, ...(isGenerated ? { read_token: token } : {}) },
    listeners: [{ url: String(server['listen_url']), transport: 'http' }],
  };
}

/** The row of a function that starts a server. `hint` is for whoever finds the port taken. */
async function called(
  connection: DuckDBConnection,
  functionName: string,
  { uri, arguments: given }: AskedServer,
  hint: string,
): Promise<Record<string, unknown>> {
  const named = Object.entries(given).map(([option, sql]) => `, ${option} := ${sql}`);
  const statement = `CALL ${functionName}(${quotedString(uri)}${named.join('')})`;
  const result = await connection.runAndReadAll(statement).catch((error: unknown) => {
    throw startError(error, statement, hint);
  });
  return result.getRowObjectsJson()[0]!;
}

/** `statement` is what was run: DuckDB quotes it in its errors from anywhere on, from the middle of a token too. */
function startError(error: unknown, statement: string, hint: string): ServerStartError {
  const message = redacted(messageOf(error), statement);
  const inUse = 'address already in use';
  return Object.assign(
    new Error(
      message.replace(withCode('OTLP_LISTEN_FAILED', inUse), withCode('OTLP_LISTEN_FAILED', `${inUse}; ${hint}`)),
      { cause: error },
    ),
    codeIn(message) === 'OTLP_HOST_NOT_ALLOWED' ? { otherHost: /got '(.*?)'/.exec(message)?.[1] } : {},
  );
}
