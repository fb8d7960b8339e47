// What a recovery makes of files that are not as they were written: it says what and where, keeps the evidence, and goes
// on with what proves itself.

import { expect, test } from 'vitest';
import type { FileStorage } from '../../src/base/file-storage.js';
import { packRows } from '../../src/buffer/packed-rows.js';
import { RequestDecoder } from '../../src/decode/request-decoder.js';
import { Journal } from '../../src/journal/journal.js';
import {
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  type FormatVersion,
  fileHeader,
  RECORD_HEADER_BYTES,
} from '../../src/journal/record.js';
import type { Damage } from '../../src/journal/segment.js';
import { logsRequest, metricsRequest } from '../support/telemetry.js';
import { FOLDER } from './support/memory-server.js';
import { MemoryStorage } from './support/memory-storage.js';

const RECORDS = 5;
const entry = (i: number) =>
  ({
    kind: 'request',
    signal: 'logs',
    format: 'protobuf',
    encoding: 'identity',
    body: Buffer.from(`body ${i}`),
  }) as const;

const open = (storage: FileStorage, damaged: Damage[] = [], version: FormatVersion = FORMAT_VERSION) =>
  Journal.open({
    folder: FOLDER,
    maxBytes: 1 << 20,
    storage,
    version,
    damaged: (damage) => damaged.push(damage),
    failed: () => {},
  });

async function written(records: number, afterSequence = 0, storage = new MemoryStorage()): Promise<MemoryStorage> {
  const journal = await open(storage);
  for await (const _ of journal.replay(afterSequence));
  for (let i = 1; i <= records; i++) await journal.append(entry(i), 0).durable;
  await journal.close();
  return storage.afterwards('killed');
}

interface Recovered {
  readonly sequences: number[];
  readonly bodies: string[];
  readonly damages: Damage[];
  /** Files that are kept as evidence once all is committed. */
  readonly evidence: string[];
}

/** Replays, commits everything, and appends one more. */
async function recover(storage: MemoryStorage, afterSequence = 0): Promise<Recovered> {
  const damages: Damage[] = [];
  const journal = await open(storage, damages);
  const found = { sequences: [] as number[], bodies: [] as string[] };
  for await (const { sequence, entry } of journal.replay(afterSequence)) {
    found.sequences.push(sequence);
    found.bodies.push(entry.kind === 'request' ? Buffer.from(entry.body).toString() : 'rows');
  }
  let appended = 0;
  const group = journal.append(entry(99), 0);
  group.onDurable = (first) => {
    appended = first;
  };
  await group.durable;
  expect(appended).toBeGreaterThan(Math.max(afterSequence, ...found.sequences));
  await journal.release(appended);
  await journal.close();
  const evidence = [...storage.files(`${FOLDER}/damaged`).keys()];
  expect([...storage.files(FOLDER).keys()].sort()).toEqual(['id', 'next']);
  return { ...found, damages, evidence };
}

const SEGMENT = `${FOLDER}/0000000000000001.journal`;
const sound = await written(RECORDS);
const bytes = sound.files(FOLDER).get('0000000000000001.journal')!;
const recordBytes = RECORD_HEADER_BYTES + 'body 1'.length;
const all = Array.from({ length: RECORDS }, (_, i) => i + 1);
const recordAt = (n: number) => FILE_HEADER_BYTES + (n - 1) * recordBytes;

async function withSegment(contents: Buffer): Promise<MemoryStorage> {
  const storage = sound.afterwards('killed');
  storage.put(SEGMENT, contents);
  return storage;
}

test('a segment has the size that its description says', () => {
  expect(bytes.length).toBe(FILE_HEADER_BYTES + RECORDS * recordBytes);
});

test('a flipped bit, at any place: one record at most is lost, and what and where is said', async () => {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const { sequences, bodies, damages, evidence } = await recover(await withSegment(flipped));
    const where = `bit ${bit}`;
    expect(damages.length, where).toBeGreaterThan(0);
    const [damage] = damages;
    expect(damage!.path, where).toBe(SEGMENT);
    expect(evidence, where).toEqual(['0000000000000001.journal']);
    const record = bit >> 3 < FILE_HEADER_BYTES ? 0 : 1 + Math.floor(((bit >> 3) - FILE_HEADER_BYTES) / recordBytes);
    expect(damage!.byte, where).toBe(record === 0 ? 0 : recordAt(record));
    const isInBody = record > 0 && (bit >> 3) - recordAt(record) >= RECORD_HEADER_BYTES;
    const isInBodyChecksum = record > 0 && (bit >> 3) - recordAt(record) >= RECORD_HEADER_BYTES - 4 && !isInBody;
    const isLost = isInBody || isInBodyChecksum;
    expect(sequences, where).toEqual(isLost ? all.filter((n) => n !== record) : all);
    // What is given is what was written.
    expect(bodies, where).toEqual(sequences.map((n) => `body ${n}`));
    if (record > 0) expect(damage!.problem, where).toContain(`record ${record}`);
  }
});

test('a file that was cut, at any place: the whole records before it are there, and nothing is called damaged', async () => {
  for (let length = 0; length < bytes.length; length++) {
    const { sequences, damages, evidence } = await recover(await withSegment(bytes.subarray(0, length)));
    const whole = Math.max(0, Math.floor((length - FILE_HEADER_BYTES) / recordBytes));
    expect(sequences, `${length} bytes`).toEqual(all.slice(0, whole));
    const isClean = length >= FILE_HEADER_BYTES && length === recordAt(whole + 1);
    expect(
      damages.map(({ isTornTail }) => isTornTail),
      `${length} bytes`,
    ).toEqual(isClean ? [] : [true]);
    expect(evidence, `${length} bytes`).toEqual([]);
  }
});

test('an end of zeros is one that was not written', async () => {
  const { sequences, damages, evidence } = await recover(await withSegment(Buffer.concat([bytes, Buffer.alloc(5000)])));
  expect(sequences).toEqual(all);
  expect(damages).toEqual([
    {
      path: SEGMENT,
      byte: bytes.length,
      problem: 'the file ends in zeros where record 6 was to begin',
      isTornTail: true,
    },
  ]);
  expect(evidence).toEqual([]);
});

for (const [name, contents, problem, isTornTail] of [
  ['an empty file', Buffer.alloc(0), 'a file of 0 bytes has no header, which takes 24', true],
  ['zeros', Buffer.alloc(100), 'the file does not begin with "otelduck"', true],
  ['garbage', Buffer.alloc(100, 'garbage'), 'the file does not begin with "otelduck"', false],
] as const) {
  test(`${name} in the place of a segment`, async () => {
    const { sequences, damages, evidence } = await recover(await withSegment(contents));
    expect(sequences).toEqual([]);
    expect(damages[0]).toEqual({ path: SEGMENT, byte: 0, problem, isTornTail });
    expect(evidence).toEqual(isTornTail ? [] : ['0000000000000001.journal']);
  });
}

test('a damaged length whose header cannot be put right ends the segment, which is kept', async () => {
  const damaged = Buffer.from(bytes);
  damaged.writeUInt32LE(12345, recordAt(3));
  const { sequences, damages, evidence } = await recover(await withSegment(damaged));
  expect(sequences).toEqual([1, 2]);
  expect(damages).toEqual([
    { path: SEGMENT, byte: recordAt(3), problem: 'the header of record 3 is damaged', isTornTail: false },
  ]);
  expect(evidence).toEqual(['0000000000000001.journal']);
});

test('a damaged header whose length is right costs that record', async () => {
  const damaged = Buffer.from(bytes);
  damaged.fill(0xa5, recordAt(3) + 4, recordAt(3) + 20);
  const { sequences } = await recover(await withSegment(damaged));
  expect(sequences).toEqual([1, 2, 4, 5]);
});

test('a record inside of the body of another is no record', async () => {
  // Its sequence is the next one, so that only its place gives it away.
  const forged = bytes.subarray(recordAt(3), recordAt(4));
  const storage = new MemoryStorage();
  const journal = await open(storage);
  for await (const _ of journal.replay(0));
  await journal.append(entry(1), 0).durable;
  await journal.append({ ...entry(2), body: forged }, 0).durable;
  await journal.close();
  const left = storage.afterwards('killed');
  const contents = Buffer.from(left.files(FOLDER).get('0000000000000001.journal')!);
  contents.fill(0xff, recordAt(2), recordAt(2) + RECORD_HEADER_BYTES);
  left.put(SEGMENT, contents);
  expect((await recover(left)).sequences).toEqual([1]);
});

test('a missing segment is told by the sequences that are missing, and the others are replayed', async () => {
  const storage = await written(3, 0, await written(3, 0, await written(3)));
  expect([...storage.files(FOLDER).keys()].filter((name) => name.endsWith('.journal'))).toEqual([
    '0000000000000001.journal',
    '0000000000000004.journal',
    '0000000000000007.journal',
  ]);
  await storage.remove(`${FOLDER}/0000000000000004.journal`);
  const { sequences, damages } = await recover(storage);
  expect(sequences).toEqual([1, 2, 3, 7, 8, 9]);
  expect(damages).toEqual([
    {
      path: `${FOLDER}/0000000000000007.journal`,
      byte: 0,
      problem: 'records 4 to 6 are missing before it',
      isTornTail: false,
    },
  ]);
});

test('a missing segment whose records are committed is none', async () => {
  const storage = await written(3, 0, await written(3));
  await storage.remove(SEGMENT);
  const { sequences, damages } = await recover(storage.afterwards('killed'), 3);
  expect(sequences).toEqual([4, 5, 6]);
  expect(damages).toEqual([]);
});

// Were a header of one format taken for that of another, names of tenants would be taken for telemetry.
test.each([2, 3] as const)(
  'without a header the records of format %i are known by their checksums',
  async (version) => {
    const storage = new MemoryStorage();
    const journal = await open(storage, [], version);
    for await (const _ of journal.replay(0));
    for (let i = 1; i <= RECORDS; i++) {
      await journal.append(entry(i), 0, version === 3 && i > 1 ? `tenant-${i}` : undefined).durable;
    }
    await journal.close();
    const contents = Buffer.from(storage.files(FOLDER).get('0000000000000001.journal')!);
    contents.fill(0xff, 0, FILE_HEADER_BYTES);
    const found = storage.afterwards('killed');
    found.put(SEGMENT, contents);
    const damages: Damage[] = [];
    const again = await open(found, damages);
    const records: (readonly [string, string | undefined])[] = [];
    for await (const { entry, tenant } of again.replay(0)) {
      records.push([entry.kind === 'request' ? Buffer.from(entry.body).toString() : 'rows', tenant]);
    }
    expect(records).toEqual(all.map((i) => [`body ${i}`, version === 3 && i > 1 ? `tenant-${i}` : undefined]));
    expect(damages.map(({ byte }) => byte)).toEqual([0]);
    await again.close();
  },
);

test('a segment of a newer version stops the start, and stays where it is', async () => {
  const storage = await written(3, 0, await written(3));
  const path = `${FOLDER}/0000000000000004.journal`;
  const newer = fileHeader(4);
  newer.writeUInt16LE(4, 8);
  storage.put(path, Buffer.concat([newer, Buffer.from('what version 4 has here')]));
  const journal = await open(storage);
  const sequences: number[] = [];
  await expect(async () => {
    for await (const { sequence } of journal.replay(0)) sequences.push(sequence);
  }).rejects.toThrow(`cannot read ${path}: format version 4, and this otelduck reads 3, 2, 1`);
  expect(sequences).toEqual([1, 2, 3]);
  await journal.close();
  expect([...storage.files(FOLDER).keys()].sort()).toEqual([
    '0000000000000001.journal',
    '0000000000000004.journal',
    'id',
  ]);
});

test('a copy of a segment under another name gives nothing twice', async () => {
  const storage = sound.afterwards('killed');
  storage.put(`${FOLDER}/0000000000000004.journal`, bytes);
  const { sequences, damages, evidence } = await recover(storage);
  expect(sequences).toEqual(all);
  expect(damages.map(({ problem }) => problem)).toEqual([
    "the header names record 1 as the first, the file's name 4",
    'record 1 lies where record 4 was to begin',
  ]);
  expect(evidence).toEqual(['0000000000000004.journal']);
});

test('an id that cannot be read stops the start: everything would be replayed under another', async () => {
  const storage = sound.afterwards('killed');
  storage.put(`${FOLDER}/id`, Buffer.from('not an id'));
  await expect(open(storage)).rejects.toThrow(`cannot read ${FOLDER}/id: it holds no id`);
});

test('sequences go on after everything was committed and removed, whatever target comes next', async () => {
  const storage = await written(3);
  await recover(storage, 3); // appends record 4, and releases it
  const journal = await open(storage.afterwards('killed'));
  // A target that has never seen this journal.
  for await (const _ of journal.replay(0));
  expect(journal.lastSequence).toBe(4);
});

/** Rows of two signals with every type of column, as a stream's decoder gives them. */
const packed = [
  packRows(
    new RequestDecoder({ maxBodyBytes: 1 << 20, fidelity: 'standard' }).decode({
      ...requestOf('logs', logsRequest(3)),
    }),
  ),
  packRows(
    new RequestDecoder({ maxBodyBytes: 1 << 20, fidelity: 'standard' }).decode({
      ...requestOf('metrics', metricsRequest()),
    }),
  ),
];

function requestOf(signal: 'logs' | 'metrics', body: Uint8Array) {
  return { signal, format: 'protobuf', encoding: 'identity', body } as const;
}

test('rows come back as they were', async () => {
  const storage = new MemoryStorage();
  const journal = await open(storage);
  for await (const _ of journal.replay(0));
  for (const rows of packed) await journal.append({ kind: 'rows', packed: rows }, 7).durable;
  await journal.close();
  const again = await open(storage.afterwards('killed'));
  const found = [];
  for await (const { entry, admittedBytes } of again.replay(0)) {
    expect(admittedBytes).toBe(7);
    found.push(entry.kind === 'rows' ? entry.packed : undefined);
  }
  expect(found).toEqual(packed);
});
