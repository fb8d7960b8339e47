// What a host loads: a name, and one function that attaches everything to a DuckDB instance.

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A plugin for any program that has a DuckDB instance. Its package exports it under its name. */
export interface DuckDBPlugin {
  readonly name: string;
  /** For hosts that show results to people. */
  readonly display?: DisplayHints;
  /** For hosts that run the plugin's servers. */
  readonly service?: PluginService;
  /** For hosts that show what servers accept as it comes. */
  readonly arrivals?: ArrivalFeed;
  /** Registers the plugin's functions with the instance. Rejects if this plugin is attached to it already. */
  attach(instance: DuckDBInstance, options?: AttachOptions): Promise<AttachedPlugin>;
}

/** How results are best shown to people. They are recognised by the names of their columns. */
export interface DisplayHints {
  /** Columns to keep when not all of a result fit, the most telling first. */
  readonly tellingColumns: readonly string[];
  /** Results with these columns are spans of a trace, and are drawn as a waterfall. */
  readonly waterfall?: WaterfallColumns;
}

/** Names of the columns that a waterfall needs. Start and duration are numbers of one unit. */
export interface WaterfallColumns {
  readonly depth: string;
  readonly name: string;
  readonly start: string;
  readonly duration: string;
}

/** How a host runs a plugin's servers: what can be said of them, and how one is started. */
export interface PluginService {
  /** Options by name, as SQL spells it. A host makes a flag and an environment variable of each. */
  readonly options: Readonly<Record<string, ServiceOption>>;
  /** What variables of options may begin with besides the host's own prefix, which wins. */
  readonly variablePrefixes: readonly string[];
  /** The switch for listening on hosts other than this one. It is meant for the host's own listeners, too. */
  readonly otherHostsSwitch: string;
  /** The server that runs when nobody names one. */
  readonly defaultServer: DefaultServer;
  readonly dev: DevService;
  /** Servers that answer queries of other programs. */
  readonly queries?: QueryService;
  /** Tools for agents, which servers of queries have. */
  readonly agents?: AgentService;
  /** What must be so where it is run in earnest, by a word for each rule. */
  readonly productionRules: Readonly<Record<string, string>>;
  /** Settings of these servers that break such a rule. */
  unfitForProduction(asked: ServersAsked): readonly UnfitSetting[];
  /** Starts a server on a connection that has the plugin's functions. Rejects with a `ServerStartError`. */
  start(connection: DuckDBConnection, server: AskedServer): Promise<StartedServer>;
}

export interface ServersAsked {
  readonly servers: readonly AskedServer[];
  /** Servers that answer queries. */
  readonly queryServers: readonly AskedServer[];
}

/** A setting that must not be used where a service is run in earnest. */
export interface UnfitSetting {
  /** One of the rules. */
  readonly rule: string;
  /** What is wrong, and with which server. */
  readonly text: string;
}

/** How a host gives agents their tools. */
export interface AgentService {
  /** Where a server of queries listens that only the agent of this process asks. */
  readonly uri: string;
  /** What is different in it. */
  arguments(sql: 'with SQL' | 'without SQL'): ServerArguments;
  /** Answers an agent by what a server has. Resolves when the agent has closed its side. */
  serve(
    server: { readonly url: string; readonly token: string | undefined },
    input: NodeJS.ReadStream,
    output: NodeJS.WriteStream,
  ): Promise<void>;
}

/** How a host runs servers that answer queries. */
export interface QueryService {
  /**
   * Options by name, as SQL spells it. Flags and variables of them begin with `query`, so that they are not those of other servers.
   * The switch for other hosts is shared with those.
   */
  readonly options: Readonly<Record<string, ServiceOption>>;
  /** Options that have the value of the other servers, unless they are given one of their own. */
  readonly inherited: readonly string[];
  /** A URI to show as example, and where a developer's machine has it. */
  readonly exampleUri: string;
  /** What is different on a developer's machine, where nobody needs a token. */
  readonly devArguments: ServerArguments;
  start(connection: DuckDBConnection, server: AskedServer): Promise<StartedServer>;
}

export interface ServiceOption {
  readonly sqlType: 'VARCHAR' | 'BOOLEAN' | 'UBIGINT' | 'BIGINT';
  readonly doc: string;
  readonly defaultText: string;
  /** For a switch that is on by default: what turning it off does. */
  readonly offDoc?: string;
  /** Whether others must not read it in a list of processes. */
  readonly isSecret?: true;
  /** For what each server has of its own: a word that several may share, or the address of one more listener, or `none`. */
  readonly ofListener?: 'word' | 'address';
}

export interface DefaultServer {
  readonly uri: string;
  /** Values of options with addresses, by name. They hold where nobody says how to listen. */
  readonly addresses: Readonly<Record<string, string>>;
  /** URI and addresses in words. */
  readonly doc: string;
}

/** What is different in a server that runs on a developer's machine, without a token and watched. */
export interface DevService {
  readonly arguments: ServerArguments;
  /** What the URI is for, and each option with an address. */
  readonly uriDoc: string;
  readonly addressDocs: Readonly<Record<string, string>>;
  /** What people are told when it listens: where, how programs send there, and where queries are answered. */
  banner(
    listeners: readonly StartedListener[],
    queries: readonly StartedListener[],
    place: 'default' | 'other',
  ): readonly string[];
  /** A query to begin with. */
  readonly exampleQuery: string;
  readonly demo?: DemoService;
}

/** Something made up for those who have nothing to send yet. */
export interface DemoService {
  readonly doc: string;
  /** Sends to servers that listen there. `failed` is told once when it cannot any more. */
  start(listeners: readonly StartedListener[], failed: (message: string) => void): Promise<StartedDemo>;
}

export interface StartedDemo {
  /** What people are told of it. */
  readonly story: readonly string[];
  /** Resolves when nothing is being sent any more. */
  stop(): Promise<void>;
}

/** SQL literals by option. */
export type ServerArguments = Readonly<Record<string, string>>;

/** A server that is to be started. */
export interface AskedServer {
  readonly uri: string;
  readonly arguments: ServerArguments;
}

export interface StartedServer {
  /** What there is to know of it, for a log. A token is told only if nobody chose it. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly listeners: readonly StartedListener[];
}

export interface StartedListener {
  readonly url: string;
  readonly transport: string;
}

/** Its message tells a user of the host what to do, and has no secret. */
export interface ServerStartError extends Error {
  /** The host that is not this machine, where that is the cause. */
  readonly otherHost?: string | undefined;
}

/** Rows that servers of this process accept, as they come. */
export interface ArrivalFeed {
  /** The kinds of rows that lines can be made of. */
  readonly kinds: readonly string[];
  /** Plurals of the words in the column `what`. */
  readonly plurals: Readonly<Record<string, string>>;
  /**
   * The query of the rows of a kind that have come since it was last run for this reader, with all their columns. A WHERE may
   * be written after it. For a kind that does not exist, the query fails and names those that do.
   */
  rowsSql(kind: string, reader: string): string;
  /** The query of the same rows with the columns of `ArrivalRow`, in that order, for lines that people read. */
  linesSql(kind: string, reader: string): string;
}

/** A row as people see it pass. At most one of `label`, `duration_ms` and `amount` is shown. */
export interface ArrivalRow {
  /** One word for it, such as "log". */
  readonly what: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly service: string;
  readonly words: string;
  readonly label: string | null;
  readonly duration_ms: number | null;
  readonly amount: number | null;
  readonly unit: string | null;
  readonly tone: 'failure' | 'warning' | null;
}

export interface AttachOptions {
  /** Takes what happens to the plugin's background work, in the moment in which it happens. */
  readonly log?: (event: PluginEvent) => void;
}

/**
 * Something that whoever runs the plugin has to know, such as that commits fail, or at level debug may want to know, such as each
 * commit. Not one for each request or row.
 */
export interface PluginEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** A word for it that does not change. */
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A plugin at work on one DuckDB instance. */
export interface AttachedPlugin {
  /** Opens a connection on which the plugin's functions exist. The caller closes it. */
  connect(): Promise<DuckDBConnection>;
  /** Makes the plugin's functions exist on a connection of the same instance that somebody else opened. */
  register(connection: DuckDBConnection): Promise<void>;
  /** Starts no more background work from now on, in a database that is to be kept from the network and from files. */
  refuseWork?(reason: string): void;
  /**
   * Ends all background work, having made everything durable that was accepted. Must be called before the instance is
   * closed; safe to call twice. Resolves with what the end of each piece of work came to.
   */
  close(): Promise<readonly ClosedWork[]>;
}

/** How one piece of a plugin's background work ended, in rows. */
export interface ClosedWork {
  /** The work, as its user named it: a listen URI. */
  readonly name: string;
  /** Rows committed from its start to its end. */
  readonly committedRows: number;
  readonly droppedRows: number;
  /** Rows that could not be committed, and stay in a journal for the next start. Absent when there are none. */
  readonly journaledRows?: number;
  /** Why rows were dropped, or stay in the journal. */
  readonly error?: string;
}
