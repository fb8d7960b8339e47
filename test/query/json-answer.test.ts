// Answers as JSON, compressed while they are made or not, within the memory of a query and by turns.

import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type AnswerEncoding, JsonAnswer } from '../../src/query/run/json-answer.js';

const items = Array.from({ length: 20_000 }, (_, index) => `item ${index * index}`);

/** A query with so much memory, which is ended once so many pieces of it were reserved. */
function reportOf({ maxBytes = Infinity, endsAfter = Infinity }) {
  const report = {
    held: 0,
    reservations: 0,
    reserveBytes(bytes: number) {
      report.throwIfEnded();
      report.reservations++;
      report.held += bytes;
      if (report.held > maxBytes) throw new Error('too large');
    },
    releaseBytes(bytes: number) {
      report.held -= bytes;
    },
    countSamples: () => undefined,
    throwIfEnded() {
      if (report.reservations >= endsAfter) throw new Error('ended');
    },
  };
  return report;
}

async function answered(encoding: AnswerEncoding, report: ReturnType<typeof reportOf>, written = items) {
  const answer = new JsonAnswer(encoding, report);
  try {
    await answer.list(written, (item) => answer.json.value(item));
    return answer.finish();
  } finally {
    answer.close();
  }
}

for (const encoding of ['gzip', 'plain'] as const) {
  test(`a ${encoding} answer is what was written, and counts its bytes`, async () => {
    const report = reportOf({});
    const { body, isGzipped } = await answered(encoding, report);
    expect(isGzipped).toBe(encoding === 'gzip');
    const bytes = isGzipped ? gunzipSync(body) : body;
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(items);
    expect(report.held).toBe(body.length);
    // More than one piece, so that a large answer is refused before it is there.
    expect(report.reservations).toBeGreaterThan(3);
  });

  test(`a ${encoding} answer that is too large, or not wanted any more, is given up`, async () => {
    await expect(answered(encoding, reportOf({ maxBytes: 10_000 }))).rejects.toThrow('too large');
    await expect(answered(encoding, reportOf({ endsAfter: 1 }))).rejects.toThrow('ended');
  });
}

test('a short answer is not compressed', async () => {
  const { body, isGzipped } = await answered('gzip', reportOf({}), ['a']);
  expect([Buffer.from(body).toString(), isGzipped]).toEqual(['["a"]', false]);
});

test('members of an object', async () => {
  const answer = new JsonAnswer('plain', reportOf({}));
  await answer.members(
    new Map([
      ['a "b"', 1],
      ['c', 2],
    ]),
    (value) => answer.json.value(value),
  );
  expect(Buffer.from(answer.finish().body).toString()).toBe('{"a \\"b\\"":1,"c":2}');
});

// A long answer once held its thread until it was written.
test('others have their turns while a long answer is made', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  function* endless() {
    while (turns < 3) yield 'item';
  }
  try {
    const answer = new JsonAnswer('gzip', reportOf({}));
    await answer.list(endless(), (item) => answer.json.value(item));
    answer.close();
  } finally {
    clearInterval(timer);
  }
});
