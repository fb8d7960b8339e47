// Writers that number their rows, and readers that look for gaps and doubles in what live functions return.

import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'vitest';
import type { OtelDatabase, OtelServer } from './otel-database.js';
import { logsRequest } from './telemetry.js';

/** Posts requests of `rows` rows one after the other, each body `<name>:<number>`, until `isOver`. */
export class NumberingWriter {
  readonly name: string;
  /** Rows that have been acknowledged. */
  acknowledged = 0;
  readonly #server: OtelServer;

  constructor(name: string, server: OtelServer) {
    this.name = name;
    this.#server = server;
  }

  async write(rows: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const { status } = await this.#server.post(logsRequest(rows, `${this.name}:`, this.acknowledged));
      expect(status).toBe(202);
      this.acknowledged += rows;
      // So that the tables stay small enough for many reads.
      await pause(5);
    }
  }
}

/**
 * Reads all rows of `relation` on a connection, and expects of each writer the rows 0, 1, … without a gap, each once, up to
 * the last one that was acknowledged before the query began, or some further.
 */
export async function expectEachOnce(
  database: OtelDatabase,
  connection: DuckDBConnection,
  relation: string,
  writers: readonly NumberingWriter[],
): Promise<void> {
  const acknowledged = new Map(writers.map(({ name, acknowledged }) => [name, acknowledged]));
  const found = await database.rows(
    `SELECT split_part(body, ':', 1) AS name, count(*) AS rows, count(DISTINCT body) AS different,
       max(split_part(body, ':', 2)::BIGINT) + 1 AS expected
     FROM ${relation} GROUP BY ALL ORDER BY name`,
    connection,
  );
  for (const { name, rows, different, expected } of found) {
    expect({ name, rows, different }).toEqual({ name, rows: expected, different: expected });
    expect(Number(rows)).toBeGreaterThanOrEqual(acknowledged.get(String(name))!);
    acknowledged.delete(String(name));
  }
  for (const [name, rows] of acknowledged) expect({ name, rows }).toEqual({ name, rows: 0 });
}

/** Runs writers until each reader has read so many times. */
export async function readWhileWriting(
  writers: readonly NumberingWriter[],
  { rows, reads }: { rows: number; reads: number },
  readers: readonly (() => Promise<void>)[],
): Promise<void> {
  let reading = readers.length;
  await Promise.all([
    ...writers.map((writer) => writer.write(rows, () => reading === 0)),
    ...readers.map(async (read) => {
      try {
        for (let i = 0; i < reads; i++) await read();
      } finally {
        reading--;
      }
    }),
  ]);
}
