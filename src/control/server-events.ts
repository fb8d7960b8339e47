// What happens to a server that its operator has to know who looks at nothing else: each event with its level, once.

import type { ServerAddress } from './server-address.js';

/** Every event names its server as `listen_uri`; those that begin something tell the `error`. */
export const serverEvents = {
  /** Rows cannot be committed, and wait. Told once, until a commit succeeds. */
  commits_failing: 'error',
  commits_recovered: 'info',
  /** The target refuses rows for good: they are dead letters now. */
  rows_set_aside: 'error',
  /** A server has ended with rows that could not be committed, and had no journal to keep them in. */
  rows_dropped: 'error',
  /** The journal takes nothing more. */
  journal_failed: 'error',
  /** Nobody listens at a socket any more. */
  listener_failed: 'error',
} as const satisfies Record<string, 'info' | 'error'>;

export type ServerEventName = keyof typeof serverEvents;

export interface ServerEvent {
  readonly level: 'info' | 'error';
  readonly event: ServerEventName;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Where events of all servers go. It must not throw. */
export type ServerEventLog = (event: ServerEvent) => void;

/** What one server tells. A trouble that lasts is told once, however often it shows. */
export class ServerEvents {
  /** What holds the server's rows, once it is there. */
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
