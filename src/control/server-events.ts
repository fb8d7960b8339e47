// Events of a server that an operator must see. Each is declared here once, with its level.

import type { ServerAddress } from './server-address.js';

/** Every event names its server as `listen_uri`. Events about a problem carry its `error`. */
export const serverEvents = {
  /** Commits fail, and rows wait. Reported once until a commit succeeds. */
  commits_failing: 'error',
  commits_recovered: 'info',
  /** The target rejected rows for good. They are dead letters now. */
  rows_set_aside: 'error',
  /** A server without a journal stopped with rows that could not be committed. */
  rows_dropped: 'error',
  /** The journal accepts no more writes. */
  journal_failed: 'error',
  /** A socket was closed unexpectedly. */
  listener_failed: 'error',
} as const satisfies Record<string, 'info' | 'error'>;

export type ServerEventName = keyof typeof serverEvents;

export interface ServerEvent {
  readonly level: 'info' | 'error';
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

  commitSucceeded(): void {
    if (!this.#areCommitsFailing) return;
    this.#areCommitsFailing = false;
    this.tell('commits_recovered');
  }
}
