// `tail`: what a websocket gets, and when.

import { on, once } from 'node:events';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { ManualClock } from '../../support/manual-clock.js';
import { LokiServer } from './loki-server.js';

let server: LokiServer;

beforeAll(async () => {
  server = await LokiServer.start();
});
afterAll(() => server.close());

interface Frame {
  readonly streams: readonly { readonly stream: Record<string, string>; readonly values: readonly unknown[][] }[];
  readonly dropped_entries?: readonly { readonly labels: Record<string, string>; readonly timestamp: string }[];
  readonly encodingFlags?: readonly string[];
}

function record(body: string, timeMs = Date.now()): object {
  return { timeUnixNano: `${timeMs}000000`, severityText: 'INFO', body: { stringValue: body } };
}

/** Frames as they come. */
async function* framesOf(socket: WebSocket): AsyncGenerator<Frame, never> {
  for await (const [data] of on(socket, 'message')) yield JSON.parse(String(data)) as Frame;
  throw new Error('a websocket has no end of messages');
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

const linesOf = ({ streams }: Frame) => streams.flatMap(({ values }) => values.map(([, line]) => line));

test('a tail has the last entries, and then those that come, before their commit', async () => {
  const now = Date.now();
  // The clock of who sent the last one is fast.
  await server.push({ 'service.name': 'old' }, [
    record('before 1', now - 1002),
    record('before 2', now - 998),
    record('before 3', now + 20_000),
  ]);
  const socket = await opened(server.tail('{service_name="old"} != "other"', '&limit=2'));
  const frames = framesOf(socket);
  expect((await frames.next()).value).toEqual({
    streams: [
      {
        stream: { detected_level: 'info', service_name: 'old', severity_text: 'INFO' },
        values: [
          [`${now - 998}000000`, 'before 2'],
          [`${now + 20_000}000000`, 'before 3'],
        ],
      },
    ],
  });
  // One without a time of its own, and one whose time is long ago: both have just come.
  await server.push({ 'service.name': 'old' }, [
    record('other'),
    { body: { stringValue: 'timeless' } },
    record('late', 1),
  ]);
  await server.push({ 'service.name': 'new' }, [record('of another stream')]);
  expect(linesOf((await frames.next()).value)).toEqual(['late', 'timeless']);
});

test('labels come by where they are from for who asks so', async () => {
  const flags = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' };
  const socket = await opened(server.tail('{service_name="categories"} | logfmt', '', flags));
  const frames = framesOf(socket);
  const now = Date.now();
  // Its history has no entries, so the first frame is of what comes.
  await server.push({ 'service.name': 'categories' }, [record('a=1', now)]);
  expect((await frames.next()).value).toEqual({
    streams: [
      {
        stream: { service_name: 'categories' },
        values: [
          [
            `${now}000000`,
            'a=1',
            { structuredMetadata: { detected_level: 'info', severity_text: 'INFO' }, parsed: { a: '1' } },
          ],
        ],
      },
    ],
    encodingFlags: ['categorize-labels'],
  });
});

test('a slow client is told what it missed, and the server keeps little for it', async () => {
  const socket = await opened(server.tail('{service_name="loud"}'));
  const frames = framesOf(socket);
  await server.push({ 'service.name': 'loud' }, [record('begin')]);
  expect(linesOf((await frames.next()).value)).toEqual(['begin']);
  socket.pause();
  // More than sockets take: the first ones wait, those behind them are dropped. Another client sees when they were sent.
  const witness = framesOf(await opened(server.tail('{service_name="loud"} |= "begin"')));
  await witness.next();
  const line = 'x'.repeat(20_000);
  for (let i = 0; i < 4; i++) {
    const records = Array.from({ length: 700 }, () => record(`${i} ${line}`));
    await server.push({ 'service.name': 'loud' }, [...records, record('begin')]);
    await witness.next();
  }
  socket.resume();
  let [lines, dropped] = [0, 0];
  for await (const frame of frames) {
    lines += linesOf(frame).length;
    dropped += frame.dropped_entries?.length ?? 0;
    if (dropped > 0) {
      expect(frame.dropped_entries![0]).toEqual({
        labels: { service_name: 'loud' },
        timestamp: expect.stringMatching(/^\d{19}$/),
      });
      break;
    }
  }
  expect(lines).toBeLessThan(4 * 701);
  expect(dropped).toBeLessThanOrEqual(100);
});

for (const [what, query, rest, message] of [
  ['a query that is none', '{a=', '', /^parse error at line 1, col 4/],
  ['a query of samples', 'rate({a="b"}[1m])', '', /only log selector is supported/],
  ['a template that is none', '{a="b"} | line_format "{{.x"', '', /template/],
  ['too long a delay', '{a="b"}', '&delay_for=6', /^delay_for can't be greater than 5$/],
] as const) {
  test(`${what} is refused before there is a websocket`, async () => {
    const socket = server.tail(query, rest);
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      NodeJS.ReadableStream & { statusCode: number },
    ];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect([response.statusCode, Buffer.concat(chunks).toString()]).toEqual([400, expect.stringMatching(message)]);
  });
}

// The token is checked when a tail begins: tails once outlived it for as long as they were read.
test('a tail ends after an hour', async () => {
  const clock = new ManualClock();
  const hourly = await LokiServer.start({ clock });
  onTestFinished(() => hourly.close());
  const socket = await opened(hourly.tail('{service_name="quiet"}'));
  const closed = once(socket, 'close');
  await clock.advance(3_599_999);
  const answered = once(socket, 'pong');
  socket.ping();
  await answered;
  await clock.advance(1);
  const [code, reason] = (await closed) as [number, Buffer];
  expect([code, String(reason)]).toEqual([1001, 'a tail lasts an hour at most: begin another']);
});

test('a failure closes the websocket with its text, and so does a stop', async () => {
  const small = await LokiServer.start({ max_samples: 3 });
  await small.push({ 'service.name': 'big' }, [record('begin')]);
  const failing = await opened(small.tail('{service_name="big"}'));
  const closed = once(failing, 'close');
  await framesOf(failing).next();
  await small.push(
    { 'service.name': 'big' },
    Array.from({ length: 10 }, () => record('line')),
  );
  const [code, reason] = (await closed) as [number, Buffer];
  expect([code, String(reason)]).toEqual([1011, expect.stringMatching(/samples/)]);
  const other = await opened(small.tail('{service_name="quiet"}'));
  const stopped = once(other, 'close');
  await small.close();
  expect((await stopped)[0]).toBe(1001);
});
