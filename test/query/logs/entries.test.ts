// A row, and the entry that Loki would make of the record it holds.

import { afterAll, describe, expect, test } from 'vitest';
import { Matcher } from '#promql/syntax/matcher';
import { TableLogSource } from '../../../src/query/logs/log-source.js';
import { LogTable } from '../../../src/query/logs/log-table.js';
import { ResourceCatalogue } from '../../../src/query/logs/resource-catalogue.js';
import { DEFAULT_INDEX_ATTRIBUTES } from '../../../src/schema/loki-options.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { openLogDatabase } from './log-database.js';

const database = await openLogDatabase();
const NOON = 1_767_268_800n;

afterAll(() => database.close());

const cases: readonly {
  readonly title: string;
  readonly row: Readonly<Record<string, string | number>>;
  readonly entry: readonly [time: string, line: string, stream: string, metadata: string] | undefined;
}[] = [
  {
    title: 'of all fields',
    row: {
      time_unix_nano: '2026-01-01 12:00:00.000001',
      observed_time_unix_nano: '2026-01-01 12:00:01',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
      severity_number: 9,
      severity_text: 'INFO',
      event_name: 'checkout',
      body: 'order placed',
      resource_attributes: '{"host.name":"h1","service.name":"cart"}',
      scope_name: 'lib',
      scope_version: '1.2',
      scope_attributes: '{"short.lived":true}',
      log_attributes: '{"event_name":"other","items":[1,2],"user":{"id":7}}',
      dropped_attributes_count: 2,
      flags: -1,
    },
    entry: [
      '1767268800000001000',
      'order placed',
      '{service_name="cart"}',
      '{detected_level="info", dropped_attributes_count="2", event_name="checkout", flags="4294967295", host_name="h1", items="[1,2]", observed_timestamp="1767268801000000000", scope_name="lib", scope_version="1.2", severity_number="9", severity_text="INFO", short_lived="true", span_id="b7ad6b7169203331", trace_id="0af7651916cd43dd8448eb211c80319c", user_id="7"}',
    ],
  },
  {
    // It then says nothing more of the time.
    title: 'observed, without a time of its own',
    row: { observed_time_unix_nano: '2026-01-01 12:00:01', body: 'a failed attempt: error' },
    entry: [
      '1767268801000000000',
      'a failed attempt: error',
      '{service_name="unknown_service"}',
      '{detected_level="error"}',
    ],
  },
  {
    title: 'of a row without a body',
    row: { time_unix_nano: '2026-01-01 12:00:00' },
    entry: ['1767268800000000000', '', '{service_name="unknown_service"}', '{detected_level="unknown"}'],
  },
  { title: 'of a row without any time', row: { body: 'when?' }, entry: undefined },
  {
    title: 'whose attributes say its level',
    row: { time_unix_nano: '2026-01-01 12:00:00', log_attributes: '{"detected.level":"WRN"}', severity_number: 17 },
    entry: [
      '1767268800000000000',
      '',
      '{service_name="unknown_service"}',
      '{detected_level="warn", severity_number="17"}',
    ],
  },
];

describe('an entry', () => {
  for (const { title, row, entry } of cases) {
    test(title, async () => {
      await database.hold([row]);
      expect(await entries()).toEqual(entry === undefined ? [] : [entry]);
    });
  }
});

async function entries(): Promise<string[][]> {
  const source = new TableLogSource(
    async () => new LogTable(database.scanner, 'microseconds'),
    new ResourceCatalogue(DEFAULT_INDEX_ATTRIBUTES),
  );
  const selection = {
    matchers: [new Matcher('service_name', '=~', '.+')],
    startNs: NOON * 1_000_000_000n,
    endNs: (NOON + 60n) * 1_000_000_000n,
    order: 'newest-first',
    filters: [],
    prefilters: [],
    limit: 10,
    needs: { line: true, metadata: 'all' },
  } as const;
  const found: string[][] = [];
  const context = { principal: soleTenant, signal: new AbortController().signal, warn: () => undefined };
  for await (const { rowCount, times, lines, streams, metadata } of source.read(selection, context)) {
    for (let i = 0; i < rowCount; i++)
      found.push([String(times[i]), lines[i]!, String(streams[i]), String(metadata[i])]);
  }
  return found;
}
