// The made-up shop as rows of otlp_traces, with one fault or none.

import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { type Fault, Shop, type ShopSpan } from '../../src/demo/shop.js';

/** The first seed of the proof: others than those that the rules were tried with. */
export const FIRST_SEED = 4200;
export const FAULTY_SHOPS = 20;
export const QUIET_SHOPS = 10;

export const SHOP = {
  startUs: Date.UTC(2026, 0, 5, 12) * 1000,
  faultAtUs: Date.UTC(2026, 0, 5, 13) * 1000,
  endUs: Date.UTC(2026, 0, 5, 13, 15) * 1000,
};

export function shopSpans(seed: number, fault: Fault | undefined): readonly ShopSpan[] {
  const faultAt = (timeUs: number) => (timeUs >= SHOP.faultAtUs ? fault : undefined);
  return [...new Shop(seed).traces(SHOP.startUs, SHOP.endUs, faultAt)].flat();
}

/** What otlp_root_cause() says of the last quarter of an hour of a shop; `service` is whose traces are looked at. */
export async function causesOf(
  connection: DuckDBConnection,
  seed: number,
  fault: Fault | undefined,
  service?: string,
): Promise<Record<string, Json>[]> {
  await connection.run('DELETE FROM otlp_traces');
  await insertSpans(connection, shopSpans(seed, fault));
  const [since, until] = [SHOP.faultAtUs, SHOP.endUs].map((us) => `make_timestamp(${us})`);
  const only = service === undefined ? '' : `, service := '${service}'`;
  const found = await connection.runAndReadAll(`FROM otlp_root_cause(${since}, until := ${until}${only})`);
  return found.getRowObjectsJson();
}

/** Puts spans into otlp_traces, which exists. */
async function insertSpans(connection: DuckDBConnection, spans: readonly ShopSpan[]): Promise<void> {
  const rows = spans.map(({ attributes, isError, ...span }) => ({
    ...span,
    status_code: isError ? 2 : null,
    span_attributes: JSON.stringify(attributes),
  }));
  await connection.run(
    `INSERT INTO otlp_traces BY NAME
     SELECT * EXCLUDE (start_us, duration_ns), make_timestamp(start_us) AS start_time_unix_nano, duration_ns AS duration_time_unix_nano
     FROM (SELECT unnest(from_json($1, '[{"trace_id":"VARCHAR","span_id":"VARCHAR","parent_span_id":"VARCHAR","service_name":"VARCHAR","name":"VARCHAR","kind":"INTEGER","start_us":"BIGINT","duration_ns":"BIGINT","status_code":"INTEGER","span_attributes":"VARCHAR"}]'), recursive := true))`,
    [JSON.stringify(rows)],
  );
}
