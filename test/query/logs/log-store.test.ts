// What an index of streams would say.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Matcher } from '#promql/syntax/matcher';
import { LogStore, type VolumeRequest } from '../../../src/query/logs/log-store.js';
import { DEFAULT_INDEX_ATTRIBUTES } from '../../../src/schema/loki-options.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { openLogDatabase } from './log-database.js';

const database = await openLogDatabase();
const { signal } = new AbortController();
const SECOND = 1_000_000_000n;
const START = 1_767_225_600n * SECOND;
const hour = { startNs: START, endNs: START + 3600n * SECOND };

beforeAll(() =>
  database.hold(
    [
      ['00:10', 'cart', 'p1', 'four'],
      ['00:20', 'cart', 'p2', 'größe'],
      ['00:40', 'cart', 'p1', '1'],
      ['00:50', 'pay', null, 'three'],
      ['01:10', 'pay', null, 'beyond the hour'],
    ].map(([time, service, pod, body]) => ({
      time_unix_nano: `2026-01-01 ${time}:00`,
      service_name: service!,
      resource_attributes: JSON.stringify({
        'host.name': 'h',
        ...(pod && { 'k8s.pod.name': pod }),
        'service.name': service,
      }),
      body: body!,
    })),
  ),
);
afterAll(() => database.close());

function store(indexAttributes = DEFAULT_INDEX_ATTRIBUTES): LogStore {
  return new LogStore({
    scanner: database.scanner,
    principal: soleTenant,
    home: 'memory.main',
    options: { indexAttributes },
  });
}

test('labels have the values that streams of the time have', async () => {
  expect([...(await store().labels({ matchers: [], ...hour }, signal))]).toEqual([
    ['k8s_pod_name', ['p1', 'p2']],
    ['service_name', ['cart', 'pay']],
  ]);
});

test('index attributes choose what a label of a stream is', async () => {
  const streams = await store(['host.name']).streams([{ matchers: [], ...hour }], signal);
  expect(streams.map(String)).toEqual(['{host_name="h"}']);
});

test('streams match any of the selections', async () => {
  const matching = (value: string) => ({ matchers: [new Matcher('k8s_pod_name', '=', value)], ...hour });
  const streams = await store().streams([matching('p2'), matching(''), matching('p2')], signal);
  expect(streams.map(String)).toEqual(['{k8s_pod_name="p2", service_name="cart"}', '{service_name="pay"}']);
});

test('statistics count streams, entries and bytes', async () => {
  expect(await store().stats({ matchers: [new Matcher('service_name', '=', 'cart')], ...hour }, signal)).toEqual({
    streams: 2,
    entries: 3,
    bytes: 4 + 7 + 1,
  });
  expect(await store().stats({ matchers: [new Matcher('service_name', '=', 'none')], ...hour }, signal)).toEqual({
    streams: 0,
    entries: 0,
    bytes: 0,
  });
});

describe('volumes', () => {
  const cart = new Matcher('service_name', '=', 'cart');
  const all: VolumeRequest = { matchers: [], ...hour, aggregateBy: 'series', targetLabels: [], limit: 100 };
  for (const [title, request, volumes] of [
    [
      'of streams',
      all,
      [
        '{k8s_pod_name="p2", service_name="cart"} 3600=7',
        '{k8s_pod_name="p1", service_name="cart"} 3600=5',
        '{service_name="pay"} 3600=5',
      ],
    ],
    ['by the labels of matchers', { ...all, matchers: [cart] }, ['{service_name="cart"} 3600=12']],
    [
      'by target labels, of streams that have them',
      { ...all, targetLabels: ['k8s_pod_name'] },
      ['{k8s_pod_name="p2"} 3600=7', '{k8s_pod_name="p1"} 3600=5'],
    ],
    ['of labels', { ...all, aggregateBy: 'labels' }, ['service_name 3600=17', 'k8s_pod_name 3600=12']],
    ['of the largest', { ...all, limit: 1 }, ['{k8s_pod_name="p2", service_name="cart"} 3600=7']],
    ['by step', { ...all, stepNs: 1800n * SECOND, matchers: [cart] }, ['{service_name="cart"} 1800=11 3600=1']],
  ] as const) {
    test(title, async () => {
      const found = await store().volumes(request, signal);
      const text = found.map(({ labels, label, samples }) => {
        const points = samples.map(({ timeNs, bytes }) => `${(timeNs - START) / SECOND}=${bytes}`);
        return [label ?? labels, ...points].join(' ');
      });
      expect(text).toEqual(volumes);
    });
  }
});
