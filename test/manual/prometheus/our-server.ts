// Our server as a real one is beside it: telemetry in, queries answered, on a database in memory.

import { OtelDatabase, type OtelServer, TOKEN } from '../../support/otel-database.js';

const READ_TOKEN = 'a-token-to-read-with';

export class OurServer {
  readonly ingestHeaders = { authorization: `Bearer ${TOKEN}` };
  readonly queryHeaders = { authorization: `Bearer ${READ_TOKEN}` };
  readonly readToken = READ_TOKEN;
  readonly queryUrl: string;
  readonly #server: OtelServer;

  private constructor(server: OtelServer, queryUrl: string) {
    this.#server = server;
    this.queryUrl = queryUrl;
  }

  /** With these APIs, and what else the server of queries is to have. */
  static async start(apis = 'prometheus', queryOptions = ''): Promise<OurServer> {
    const database = await OtelDatabase.open(':memory:', 2);
    const server = await database.serve({ seal_max_age_ms: 3_600_000 });
    const [row] = await database.rows(
      `FROM otlp_query_serve('query:127.0.0.1:0', read_token := '${READ_TOKEN}', apis := '${apis}'${queryOptions})`,
    );
    return new OurServer(server, String(row!['listen_url']));
  }

  get ingestUrl(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  async flush(): Promise<void> {
    await this.#server.flush();
  }

  close(): Promise<void> {
    return this.#server.database.close();
  }
}
