import { afterAll, beforeAll, expect, test } from 'vitest';
import { Matcher } from '#promql/syntax/matcher';
import { LinePatterns } from '../../../src/query/logs/line-patterns.js';
import { LogStore } from '../../../src/query/logs/log-store.js';
import { DEFAULT_INDEX_ATTRIBUTES } from '../../../src/schema/loki-options.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { openLogDatabase } from './log-database.js';

const database = await openLogDatabase();
const START = 1_767_225_600_000_000_000n;

beforeAll(() =>
  database.hold([
    ...Array.from({ length: 30 }, (_, i) => row(i, `GET /users/${i}?page=${i * 7} took ${i}ms`)),
    ...['alice', 'bob', 'carol'].map((name, i) => row(i, `the user named ${name} has logged in`)),
    row(59, 'done'),
    { ...row(1, 'of another service'), service_name: 'pay', resource_attributes: '{"service.name":"pay"}' },
  ]),
);
afterAll(() => database.close());

function row(second: number, body: string): Record<string, string> {
  const time_unix_nano = `2026-01-01 00:00:${String(second).padStart(2, '0')}`;
  return { time_unix_nano, service_name: 'cart', resource_attributes: '{"service.name":"cart"}', body };
}

test('lines that differ in numbers or few words are one pattern', async () => {
  const store = new LogStore({
    scanner: database.scanner,
    principal: soleTenant,
    home: 'memory.main',
    options: { indexAttributes: DEFAULT_INDEX_ATTRIBUTES },
  });
  const patterns = await store.patterns(
    {
      matchers: [new Matcher('service_name', '=', 'cart')],
      startNs: START,
      endNs: START + 60_000_000_000n,
      stepNs: 20_000_000_000n,
    },
    new AbortController().signal,
  );
  expect(
    patterns.map(({ text, buckets }) => [text, ...buckets.map(({ bucket, count }) => `${bucket}:${count}`)]),
  ).toEqual([
    ['GET /users/<_>?page=<_> took <_>', '0:20', '1:10'],
    ['the user named <_> has logged in', '0:3'],
    ['done', '2:1'],
  ]);
});

test('memory is bounded whatever the lines', () => {
  const patterns = new LinePatterns();
  for (let i = 0; i < 10_000; i++) patterns.add(`${String(i).repeat(3)} ${'word '.repeat(500)}`, i, 1);
  const found = patterns.patterns();
  expect(found.length).toBe(2000);
  expect(Math.max(...found.map(({ text }) => text.split(' ').length))).toBe(100);
});
