import type { Principal } from '../../server/identity/principal.js';
import type { QueryAccount } from './query-account.js';

/** What is said of a query while it runs. */
export interface QueryLabel {
  /** Which language or endpoint, such as `promql`. */
  readonly kind: string;
  readonly text: string;
  /** Who asked: the address of a client, or `sql`. */
  readonly client: string;
  readonly principal: Principal;
}

/** A query from the moment that it is asked on, waiting or at work. */
export class RunningQuery {
  readonly id: number;
  readonly label: QueryLabel;
  readonly startedMs: number;
  readonly account: QueryAccount;
  readonly #clients: () => number;
  readonly #abort = new AbortController();
  #state: 'waiting' | 'running' = 'waiting';

  constructor(id: number, label: QueryLabel, startedMs: number, account: QueryAccount, clients = () => 1) {
    this.#clients = clients;
    this.id = id;
    this.label = label;
    this.startedMs = startedMs;
    this.account = account;
  }

  /** Aborted, with what the client is to be told, when the query is canceled or late. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Clients that wait for its answer. */
  get clients(): number {
    return this.#clients();
  }

  get state(): 'waiting' | 'running' {
    return this.#state;
  }

  begin(): void {
    this.#state = 'running';
  }

  /** Ends the query from outside. The first reason counts. */
  end(reason: Error): void {
    if (this.signal.aborted) return;
    this.account.end();
    this.#abort.abort(reason);
  }
}
