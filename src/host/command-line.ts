// argv → what to run. Long options may be written with one dash, as the duckdb command does.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { packageVersion } from '../base/package-version.js';
import { checkToken } from '../base/token-rule.js';
import { version as duckdbVersion } from '../duckdb/node-api.js';
import { type LoadInvocation, loadCommand } from '../load/load-command.js';
import type { AskedServer, PluginService, ServerArguments, ServiceOption } from '../plugin.js';
import { type Configuration, readConfiguration } from './configuration-file.js';
import { isAddress, ListenerFlags, listenerArguments, listenerOptionNames } from './listener-settings.js';
import { type ModeName, modes } from './output/result-modes.js';
import { checkProduction, hostRules } from './production.js';
import {
  type Environment,
  flagOf,
  hostVariables,
  isOnByDefault,
  isTrue,
  listedWords,
  queryOptions,
  queryServers,
  type ServeFlags,
  type ServiceOptions,
  sharedArguments,
  variableOf,
} from './serve-settings.js';
import { type Level, levels } from './service-log.js';
import type { ShellSettings } from './shell/shell-settings.js';

interface HostSettings {
  readonly memoryLimit: string | undefined;
  readonly plugins: readonly string[];
}

export interface ShellInvocation extends HostSettings {
  readonly kind: 'shell';
  readonly database: string;
  /** Names of commands that could stand in place of the database. */
  readonly commandNames: readonly string[];
  readonly isReadOnly: boolean;
  readonly init: string | undefined;
  /** Whether the user's init file is skipped. */
  readonly ignoresInitFile: boolean;
  /** Values of `--cmd`: run before all inputs and before the first prompt. */
  readonly firstCommands: readonly string[];
  readonly isSafe: boolean;
  readonly isUnsigned: boolean;
  /** Whether a terminal is read like a pipe. */
  readonly isBatch: boolean;
  /** Whether standard input is not read at all. */
  readonly ignoresInput: boolean;
  /** Values of `-c` and `-f`, in order. If there are any, standard input is not read. */
  readonly inputs: readonly { readonly kind: 'sql' | 'file'; readonly text: string }[];
  readonly settings: Partial<ShellSettings>;
}

export interface ServeInvocation extends HostSettings {
  readonly kind: 'serve';
  /** Undefined if none was given. */
  readonly database: string | undefined;
  readonly servers: readonly AskedServer[];
  /** Servers that answer queries. */
  readonly queryServers: readonly AskedServer[];
  readonly init: string | undefined;
  /** Arguments of all servers. */
  readonly arguments: ServerArguments;
  readonly drainTimeoutMs: number;
  /** The configuration that was read, if any. */
  readonly configuration: Configuration | undefined;
  /** Events below this level are not logged. */
  readonly logLevel: Level;
  /** Where other DuckDBs attach, if anywhere. */
  readonly quack: { readonly uri: string; readonly token: string | undefined } | undefined;
}

export interface DevInvocation extends HostSettings {
  readonly kind: 'dev';
  readonly database: string;
  readonly server: AskedServer;
  /** The server that answers queries, if there is to be one. */
  readonly queryServer: AskedServer | undefined;
  readonly hasDemo: boolean;
  /** Whether a browser is shown where queries are answered. */
  readonly opensBrowser: boolean;
}

export interface McpInvocation extends HostSettings {
  readonly kind: 'mcp';
  /** A database file, or the URL of a server of queries. */
  readonly target: string;
  /** Whether the agent may write SQL. */
  readonly offersSql: boolean;
}

export type Invocation = ShellInvocation | ServeInvocation | DevInvocation | McpInvocation | LoadInvocation;

/** Help, a version, or what is wrong with the arguments. */
export interface Answer {
  readonly kind: 'answer';
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

export const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;
/** Database of a service without a given one. A database in memory would lose its rows at the end. */
export const DEFAULT_DATABASE = 'otelduck.duckdb';
/** With a longer timeout, setTimeout() fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const versionText = `otelduck v${packageVersion}, DuckDB ${duckdbVersion()}`;

/** `service` declares the flags of servers. `serveEnvironment` is called for `serve` only, because it may read a file. */
export function parseCommandLine(
  argv: readonly string[],
  environment: Environment,
  service: PluginService,
  serveEnvironment: () => Environment = () => environment,
): Invocation | Answer {
  let out = '';
  let err = '';
  let invocation: Invocation | undefined;
  const accept = (parsed: Invocation) => {
    invocation = parsed;
  };
  const program = shellCommand(accept)
    .addCommand(serveCommand(service, serveEnvironment, accept))
    .addCommand(devCommand(service, accept))
    .addCommand(mcpCommand(accept))
    .addCommand(loadCommand(environment, accept));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        out += text;
      },
      writeErr: (text) => {
        err += text;
      },
    });
  }
  try {
    program.parse(withDoubleDashes(argv, program), { from: 'user' });
    return invocation!;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'answer', out, err, exitCode: error.exitCode };
  }
}

function shellCommand(accept: (invocation: ShellInvocation) => void): Command {
  const inputs: { kind: 'sql' | 'file'; text: string }[] = [];
  const command = new Command('otelduck')
    .description('A DuckDB shell that takes in OpenTelemetry. Reads SQL from a terminal, a pipe, -c or -f.')
    .argument('[database]', 'database file; in memory when not given')
    .argument('[sql...]', 'statements to run, as with -c')
    .option('-c, --command <sql>', 'run these statements and leave; may be repeated', (text) => {
      inputs.push({ kind: 'sql', text });
    })
    .option('-s <sql>', 'the same as -c', (text) => {
      inputs.push({ kind: 'sql', text });
    })
    .option('-f, --file <file>', "run a file's statements and leave; may be repeated", (text) => {
      inputs.push({ kind: 'file', text });
    })
    .option('--init <file>', "run a file's statements first, instead of those of ~/.otelduckrc")
    .option('--no-init', 'run no file first')
    .option('--cmd <sql>', 'run these statements first, and go on; may be repeated', collected)
    .option('--bail', 'stop at the first error (default, but at a terminal)')
    .option('--batch', 'read a terminal as if it were a pipe')
    .option('--no-stdin', 'leave after the options, without reading standard input')
    .option('--safe', 'keep SQL from files, programs, servers and the network')
    .option('--unsigned', 'allow extensions that are not signed')
    .option('--readonly', 'open the database for reading only')
    .version(versionText, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError();
  addHostOptions(command);
  const settings: Partial<ShellSettings> = {};
  command.optionsGroup('Results:');
  for (const [name, { doc }] of Object.entries(modes)) {
    command.option(`--${name}`, doc).on(`option:${name}`, () => {
      settings.mode = name as ModeName;
    });
  }
  command
    .option('--header', 'column names (default)')
    .option('--noheader', 'no column names')
    .option('--nullvalue <text>', 'text shown for NULL')
    .option('--separator <text>', 'text between the columns of --list, --csv and --tabs')
    .option('--echo', 'show each command before it runs');
  return command.action((database: string | undefined, statements: readonly string[]) => {
    inputs.push(...statements.map((text) => ({ kind: 'sql' as const, text })));
    const options = command.opts<{
      init?: string | false;
      cmd?: string[];
      bail?: true;
      batch?: true;
      stdin: boolean;
      safe?: true;
      unsigned?: true;
      readonly?: true;
      noheader?: true;
      nullvalue?: string;
      separator?: string;
      echo?: true;
      memoryLimit?: string;
      plugin?: string[];
    }>();
    accept({
      kind: 'shell',
      commandNames: command.commands.map((other) => other.name()),
      database: database ?? ':memory:',
      isReadOnly: options.readonly ?? false,
      memoryLimit: options.memoryLimit,
      plugins: options.plugin ?? [],
      init: options.init === false ? undefined : options.init,
      ignoresInitFile: options.init === false,
      firstCommands: options.cmd ?? [],
      isSafe: options.safe ?? false,
      isUnsigned: options.unsigned ?? false,
      isBatch: options.batch ?? false,
      ignoresInput: !options.stdin,
      inputs,
      settings: {
        ...settings,
        ...(options.bail ? { isBailing: true } : {}),
        ...(options.noheader ? { hasHeaders: false } : {}),
        ...(options.nullvalue === undefined ? {} : { nullText: options.nullvalue }),
        ...(options.separator === undefined ? {} : { separator: options.separator }),
        ...(options.echo ? { isEchoed: true } : {}),
      },
    });
  });
}

function serveCommand(
  service: PluginService,
  environment: () => Environment,
  accept: (invocation: ServeInvocation) => void,
): Command {
  const listeners = new ListenerFlags(service);
  const rules = { ...hostRules, ...service.productionRules };
  const listenerFlags = listenerOptionNames(service).map((name) => flagOf(name, service.options[name]!));
  const command = new Command('serve')
    .description(
      'Runs servers until SIGTERM, SIGINT or SIGHUP, then commits what they hold. Each option can be given as an ' +
        'environment variable too, or in a file .env of the working folder: OTELDUCK_SEAL_MAX_AGE_MS for --seal-max-age-ms; or ' +
        'in the file of --config: seal_max_age_ms. Flags come first, then variables, then that file.',
    )
    .argument('[database]', `database file, or :memory: (default: ${DEFAULT_DATABASE} in the working folder)`)
    .option(
      '--uri <uri>',
      `where a server listens; may be repeated (default: ${service.defaultServer.doc}, or none with --init or --quack). ${listenerFlags.join(' and ')} are of the --uri before them`,
      (uri: string) => listeners.addUri(nonEmptyFlag(uri)),
    )
    .option('--config <file>', 'YAML with values of these options, by name', nonEmptyFlag)
    .option('--init <file>', 'SQL to run first: attach catalogs, start servers')
    .option('--log-level <level>', `least level that is logged: ${levels.join(', ')} (default: info)`)
    .option('--production', `refuse settings that are not for production: ${Object.keys(rules).join(', ')}`)
    .option('--production-except <rules>', 'rules of --production that need not hold, with commas between')
    .option('--drain-timeout-ms <ms>', `longest wait for the last commit (default: ${DEFAULT_DRAIN_TIMEOUT_MS})`)
    .option('--quack <uri>', 'where other DuckDBs attach and run SQL, such as quack:localhost:9494')
    .option(
      '--quack-token <text>',
      `token that they must present (default: 32 random hex digits). ${shownByPs(hostVariables.quackToken)}`,
    )
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError();
  addQueryUri(command, service);
  addHostOptions(command);
  command.optionsGroup('Servers:');
  for (const [name, option] of Object.entries(service.options)) {
    const flag = flagWithValue(name, option);
    const help = serveOptionHelp(name, option);
    if (option.ofListener === undefined) command.option(flag, help);
    else command.option(flag, help, (text: string) => listeners.setOption(name, nonEmptyFlag(text)));
  }
  const queries = queryOptions(service);
  if (service.queries !== undefined) command.optionsGroup('Servers of queries:');
  for (const [name, option] of Object.entries(queries.options)) {
    command.option(flagWithValue(name, option), serveOptionHelp(name, option));
  }
  return command.action((database: string | undefined) => {
    const options = command.opts<{
      config?: string;
      init?: string;
      logLevel?: string;
      production?: true;
      productionExcept?: string;
      drainTimeoutMs?: string;
      quack?: string;
      quackToken?: string;
      queryUri?: string[];
      memoryLimit?: string;
      plugin?: string[];
    }>();
    try {
      const { variables, configuration } = settingsOf(options.config, environment(), service);
      const init = options.init ?? nonEmpty(variables[hostVariables.init]);
      const quack = quackSettings(options, variables);
      const shared = sharedArguments(service, serveFlags(command, service), variables);
      const queryUris = options.queryUri ?? listedWords(variables[hostVariables.queryUri]);
      const invocation: ServeInvocation = {
        kind: 'serve',
        database: database ?? nonEmpty(variables[hostVariables.database]),
        memoryLimit: options.memoryLimit ?? nonEmpty(variables[hostVariables.memoryLimit]),
        plugins: options.plugin ?? [],
        servers: listeners.servers(variables, shared, init === undefined && quack === undefined ? 'default' : 'none'),
        queryServers: queryServers(service, queryUris, serveFlags(command, queries), variables, shared),
        init,
        arguments: shared,
        drainTimeoutMs:
          options.drainTimeoutMs !== undefined
            ? milliseconds('--drain-timeout-ms', options.drainTimeoutMs)
            : milliseconds(hostVariables.drainTimeoutMs, nonEmpty(variables[hostVariables.drainTimeoutMs])),
        configuration,
        logLevel: logLevel(options.logLevel, variables),
        quack,
      };
      if (options.production ?? isTrue(hostVariables.production, variables)) {
        const except = options.productionExcept ?? variables[hostVariables.productionExcept];
        checkProduction({ ...invocation, exposedSecrets: configuration?.exposedSecrets ?? [] }, service, except);
      }
      accept(invocation);
    } catch (error) {
      command.error(`error: ${(error as Error).message}`);
    }
  });
}

/** Variables, with those that a configuration file stands for where the environment has none. */
function settingsOf(
  flag: string | undefined,
  environment: Environment,
  service: PluginService,
): { variables: Environment; configuration: Configuration | undefined } {
  const file = flag ?? nonEmpty(environment[hostVariables.config]);
  if (file === undefined) return { variables: environment, configuration: undefined };
  const configuration = readConfiguration(file, service);
  const given = Object.entries(environment).filter(([, value]) => nonEmpty(value) !== undefined);
  return { variables: { ...configuration.variables, ...Object.fromEntries(given) }, configuration };
}

/** `LOG_LEVEL` is what many programs of a fleet share. */
function logLevel(flag: string | undefined, variables: Environment): Level {
  const [source, text] =
    flag !== undefined
      ? ['--log-level', flag]
      : nonEmpty(variables[hostVariables.logLevel]) !== undefined
        ? [hostVariables.logLevel, variables[hostVariables.logLevel]!]
        : ['LOG_LEVEL', nonEmpty(variables['LOG_LEVEL']) ?? 'info'];
  const level = levels.find((known) => known === text.toLowerCase());
  if (level !== undefined) return level;
  throw new Error(`${source} must be one of ${levels.join(', ')}, got "${text}"`);
}

function devCommand(service: PluginService, accept: (invocation: DevInvocation) => void): Command {
  const { dev, defaultServer, queries } = service;
  const command = new Command('dev')
    .description(
      'Takes what the SDKs of programs on this machine send by default, without a token, and shows it as it comes, with ' +
        'a prompt for SQL below. Ctrl-C or Ctrl-D ends it.',
    )
    .argument('[database]', 'database file; in memory when not given')
    .option('--uri <uri>', dev.uriDoc, nonEmptyFlag, defaultServer.uri);
  const addresses = Object.entries(defaultServer.addresses);
  for (const [name, address] of addresses) {
    const flag = flagOf(name, service.options[name]!);
    command.option(`${flag} <address>`, dev.addressDocs[name]!, nonEmptyFlag, address);
  }
  if (queries !== undefined) {
    command.option(
      '--query-uri <uri>',
      'where to answer queries of pages and other programs, or none',
      nonEmptyFlag,
      queries.exampleUri,
    );
    command.option('--open', 'show that address in a browser');
  }
  if (dev.demo !== undefined) command.option('--demo', dev.demo.doc);
  command.helpOption('-h, --help', 'show this help').showSuggestionAfterError();
  addHostOptions(command);
  return command.action((database: string | undefined) => {
    const { uri, memoryLimit, plugin, queryUri, demo, open } = command.opts<{
      uri: string;
      memoryLimit?: string;
      plugin?: string[];
      queryUri?: string;
      demo?: true;
      open?: true;
    }>();
    const answersQueries = queries !== undefined && queryUri !== undefined && isAddress(queryUri);
    if (open && !answersQueries) command.error('error: --open needs an address: --query-uri is none');
    const values = command.opts<Record<string, string>>();
    const given = Object.fromEntries(addresses.map(([name]) => [name, values[keyOf(name)]!]));
    accept({
      kind: 'dev',
      database: database ?? ':memory:',
      memoryLimit,
      plugins: plugin ?? [],
      server: { uri, arguments: { ...dev.arguments, ...listenerArguments(given, service) } },
      queryServer: answersQueries ? { uri: queryUri, arguments: queries.devArguments } : undefined,
      hasDemo: demo ?? false,
      opensBrowser: open ?? false,
    });
  });
}

function mcpCommand(accept: (invocation: McpInvocation) => void): Command {
  const command = new Command('mcp')
    .description(
      'Gives an agent tools to look at telemetry, by the Model Context Protocol on standard input and output.',
    )
    .argument(
      '<database|url>',
      'database file, which is only read, or the URL of a server of queries that has the API mcp',
    )
    .option('--sql', 'offer SELECTs over a database, fenced as over HTTP')
    .addHelpText('after', '\nOTELDUCK_QUERY_READ_TOKEN is the token of the server at a URL.')
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError();
  addHostOptions(command);
  return command.action((target: string) => {
    const { memoryLimit, plugin, sql } = command.opts<{ memoryLimit?: string; plugin?: string[]; sql?: true }>();
    accept({ kind: 'mcp', target, offersSql: sql ?? false, memoryLimit, plugins: plugin ?? [] });
  });
}

/** Where queries are answered, for a plugin that answers any. */
function addQueryUri(command: Command, { queries }: PluginService): void {
  if (queries === undefined) return;
  command.option(
    '--query-uri <uri>',
    `where queries are answered, such as ${queries.exampleUri}; may be repeated (default: nowhere)`,
    collected,
  );
}

function flagWithValue(name: string, option: ServiceOption): string {
  const value = option.sqlType === 'BOOLEAN' ? '' : option.sqlType === 'VARCHAR' ? ' <text>' : ' <number>';
  return `${flagOf(name, option)}${value}`;
}

function addHostOptions(command: Command): void {
  command
    .option('--memory-limit <size>', "DuckDB's memory limit, such as 4GB; 750MB of serve, else 80% of the machine")
    .option('--plugin <module>', 'package or file of a plugin to load beside otlp; may be repeated', collected);
}

function collected(value: string, before: string[] = []): string[] {
  return [...before, nonEmptyFlag(value)];
}

function nonEmptyFlag(value: string): string {
  if (value === '') throw new InvalidArgumentError('it is empty.');
  return value;
}

function serveOptionHelp(name: string, { doc, offDoc, defaultText, isSecret }: ServiceOption): string {
  // The flag of a switch that is on by default turns it off.
  if (offDoc !== undefined) return offDoc.replaceAll('`', '');
  const help = `${doc.replaceAll('`', '')} (default: ${defaultText.replaceAll('`', '')})`;
  return isSecret ? `${help} ${shownByPs(variableOf(name))}` : help;
}

function shownByPs(variable: string): string {
  return `Whoever may list processes (ps) reads it here: prefer ${variable}.`;
}

/** Server options of the command line, by SQL name. */
function serveFlags(command: Command, { options }: ServiceOptions): ServeFlags {
  const values = command.opts<Record<string, string | boolean>>();
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) => {
      const value = values[keyOf(name)];
      // Commander sets a value for switches that are on by default, even without their flag.
      return value === undefined || (isOnByDefault(option) && value === true) ? [] : [[name, value]];
    }),
  );
}

/** Key of a flag's value in Commander. */
function keyOf(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function milliseconds(source: string, text: string | undefined): number {
  if (text === undefined) return DEFAULT_DRAIN_TIMEOUT_MS;
  if (!/^\d+$/.test(text)) throw new Error(`${source} must be a whole number, got "${text}"`);
  if (Number(text) > LONGEST_TIMER_MS) throw new Error(`${source} must be at most ${LONGEST_TIMER_MS}, got ${text}`);
  return Number(text);
}

function quackSettings(
  flags: { readonly quack?: string; readonly quackToken?: string },
  environment: Environment,
): ServeInvocation['quack'] {
  const uri = flags.quack ?? nonEmpty(environment[hostVariables.quack]);
  const token = flags.quackToken ?? nonEmpty(environment[hostVariables.quackToken]);
  const source = flags.quackToken === undefined ? hostVariables.quackToken : '--quack-token';
  if (uri === undefined) {
    if (token !== undefined) throw new Error(`${source} needs --quack or ${hostVariables.quack}`);
    return undefined;
  }
  if (!uri.startsWith('quack:')) throw new Error(`--quack must be a URI such as quack:localhost:9494, got "${uri}"`);
  if (token !== undefined) checkToken(source, token);
  return { uri, token };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** `-csv` → `--csv`: commander takes a single dash for a row of one-letter options, and would read `-c sv`. */
export function withDoubleDashes(argv: readonly string[], program: Command): string[] {
  const takesValue = new Set(
    [program, ...program.commands].flatMap(({ options }) =>
      options.filter((option) => option.required).flatMap((option) => [option.short, option.long]),
    ),
  );
  const rewritten: string[] = [];
  let isValue = false;
  for (const word of argv) {
    if (word === '--' && !isValue) return [...rewritten, ...argv.slice(rewritten.length)];
    const option: string = !isValue && /^-[a-z][a-z-]+/i.test(word) ? `-${word}` : word;
    isValue = !isValue && takesValue.has(option);
    rewritten.push(option);
  }
  return rewritten;
}
