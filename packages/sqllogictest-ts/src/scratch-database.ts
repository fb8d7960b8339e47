// A DuckDB instance beside the tested one, for what DuckDB is asked about results. The tested instance may be in a
// failed transaction, starved of memory or closed, and it would show our tables and queries to the file under test.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export class ScratchDatabase {
  #opened: Promise<Opened> | undefined;
  /** What runs now, or ran last: rounds of a concurrent loop ask at the same time, and a connection takes one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `ask` once nobody else asks. The instance is opened for the first. */
  use<T>(ask: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const answer = this.#last.then(async () => {
      this.#opened ??= open();
      return ask((await this.#opened).connection);
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    await this.#last;
    const opened = await this.#opened;
    this.#opened = undefined;
    opened?.connection.closeSync();
    opened?.instance.closeSync();
  }
}

interface Opened {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
}

async function open(): Promise<Opened> {
  // One thread, so that rows come back in the order in which they went in.
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  return { instance, connection: await instance.connect() };
}
