// Events of a server that an operator must see, and at level debug may want to see. Each is declared here once, with its level.

import type { PluginEvent } from '../plugin.js';
import type { ServerAddress } from './server-address.js';

/** Every event names its server as `listen_uri`. Events about a problem carry its `error`. */
export const serverEvents = {
  /** A generation of rows was committed. */
  committed: 'debug',
  /** Commits fail, and rows wait. Reported once until a commit succeeds. */
  commits_failing: 'error',
  commits_recovered: 'info',
  /** The target rejected rows for good. They are dead letters now. */
  rows_set_aside: 'error',
  /** There was no room for more dead letters, and an old one was deleted. */
  dead_letter_evicted: 'error',
  /** A server without a journal stopped with rows that could not be committed. */
  rows_dropped: 'error',
  /** The journal accepts no more writes. */
  journal_failed: 'error',
  /** A socket was closed unexpectedly. */
  listener_failed: 'error',
} as const satisfies Record<string, PluginEvent['level']>;

export type ServerEventName = keyof typeof serverEvents;

export interface ServerEvent {
  readonly level: PluginEvent['level'];
  readonly event: ServerEventName;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Receives the events of all servers. It must not throw. */
export type ServerEventLog = (event: ServerEvent) => void;

/** Events of one server. A lasting problem is reported once, however often it occurs. */
export class ServerEvents {
  /** Holds the server's rows; undefined until it exists. */
  held: { readonly bufferedRows: number } = { bufferedRows: 0 };
  readonly #address: ServerAddress;
  readonly #log: ServerEventLog;
  #areCommitsFailing = false;

  constructor(address: ServerAddress, log: ServerEventLog) {
    this.#address = address;
    this.#log = log;
  }

  tell(event: ServerEventName, fields: ServerEvent['fields'] = {}): void {
    const server = { listen_uri: this.#address.listenUri, buffered_rows: this.held.bufferedRows };
    this.#log({ level: serverEvents[event], event, fields: { ...server, ...fields } });
  }

  commitFailed(error: string): void {
    if (this.#areCommitsFailing) return;
    this.#areCommitsFailing = true;
    this.tell('commits_failing', { error });
  }

  commitSucceeded(committed: { readonly rows: number; readonly admittedBytes: number }, reason: string): void {
    this.tell('committed', { rows: committed.rows, admitted_bytes: committed.admittedBytes, reason });
    if (!this.#areCommitsFailing) return;
    this.#areCommitsFailing = false;
    this.tell('commits_recovered');
  }
}
