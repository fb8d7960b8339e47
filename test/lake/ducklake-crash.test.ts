// A process that is killed when the connection to DuckLake's catalog broke in the middle of a COMMIT, before it could find
// out what became of it: the next process does, and its journal has the rows.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { packageFolder } from '../../src/base/package-folder.js';
import { eventually } from '../support/eventually.js';
import { type SentFate, TcpProxy } from './support/faulty-proxy.js';
import {
  bareRows,
  extensionSettings,
  fileFolder,
  openLakeDatabase,
  s3Path,
  s3Secret,
} from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';
import { PostgresServer } from './support/postgres-server.js';
import { SeaweedServer } from './support/seaweed-server.js';

const TOKEN = 'a-token-of-some-length';
/** Too many to be kept in the catalog itself. */
const ROWS = 300;
/** A process that starts and makes tables over a network takes its time on a busy machine. */
const DEADLINE_MS = 60_000;
/** Transactions that were found to be lost and taken back. */
const UNDONE = "SELECT snapshot_id FROM lake.snapshots() WHERE commit_message LIKE 'undone%'";

lakeSuite('a process that dies without the answer to its COMMIT', ['extensions', 'postgres', 'seaweedfs'], () => {
  const folder = fileFolder();
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;
  let proxy: TcpProxy;

  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
    proxy = await TcpProxy.start(postgres.port);
  });
  afterAll(() => Promise.all([proxy?.close(), postgres?.close(), seaweed?.close()]));

  /** Has the next COMMIT of a transaction that writes a snapshot meet one fate, and all that follows another. */
  function loseCommit(fate: SentFate, afterwards: SentFate): (sent: string) => SentFate {
    let isWriting = false;
    return (sent) => {
      isWriting ||= sent.includes('ducklake_snapshot VALUES');
      if (!isWriting || !/^Q[\s\S]{4}COMMIT/.test(sent)) return 'passes';
      proxy.fate = () => afterwards;
      return fate;
    };
  }

  /** Has a process post rows into a lake of this name, meet a fate in the COMMIT, reach its catalog no more, and die. */
  async function dieInCommit(name: string, fate: SentFate, dataPath = `${join(folder, name)}/`) {
    const uri = await postgres.createDatabase(name);
    const attach = (port?: number) => [
      s3Secret(seaweed.s3Port),
      `ATTACH 'ducklake:postgres:${uri(port)}' AS lake (DATA_PATH '${dataPath}')`,
    ];
    const found = () => bareRows(attach(), sums('lake.otlp_logs'));
    const options = { catalog: 'lake', durability: 'journal', journal_path: join(folder, `${name}-journal`) };
    proxy.fate = () => 'passes';
    const { child, port } = await startChild(join(folder, `${name}-state`), attach(proxy.port), options);
    expect(await post(port, 0)).toBe(202);
    // The first seal is committed, and the second meets its fate.
    await eventually(async () => expect(await found()).toEqual([allBelow(ROWS)]), DEADLINE_MS);
    proxy.harmed = 0;
    proxy.fate = loseCommit(fate, 'reset');
    expect(await post(port, ROWS)).toBe(202);
    // Seals fail for as long as it lives; the first failure has removed the files.
    await eventually(() => expect(proxy.harmed).toBeGreaterThan(2), DEADLINE_MS);
    child.kill('SIGKILL');
    await once(child, 'exit');
    proxy.fate = () => 'passes';
    const start = async () => {
      const database = await openLakeDatabase(attach());
      return database.serve({ ...options, token: TOKEN });
    };
    return { found, start };
  }

  test('a process that lives on goes on, whatever its first COMMIT came to', async () => {
    const uri = await postgres.createDatabase('alive');
    proxy.fate = () => 'passes';
    const database = await openLakeDatabase([
      `ATTACH 'ducklake:postgres:${uri(proxy.port)}' AS lake (DATA_PATH '${join(folder, 'alive')}/')`,
    ]);
    const options = { catalog: 'lake', durability: 'journal', seal_max_age_ms: 3_600_000 };
    const server = await database.serve({ ...options, journal_path: join(folder, 'alive-journal') });
    // So few that the catalog keeps them itself, and the COMMIT is found to have happened.
    await server.post(numberedLogs({ count: 3 }));
    proxy.fate = loseCommit('answer lost', 'passes');
    expect(await server.flush()).toMatchObject({ status: 'failed' });
    await server.flush();
    await server.post(numberedLogs({ first: 3, count: 3 }));
    expect(await server.flush()).toMatchObject({ error: null });
    expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(6)]);
  });

  for (const [place, dataPath] of [
    ['a disk', undefined],
    ['S3', s3Path('lost')],
  ] as const) {
    test(`the catalog has it, and its files are gone from ${place}`, { timeout: 3 * DEADLINE_MS }, async () => {
      const { found, start } = await dieInCommit(dataPath === undefined ? 'lost' : 'lost_s3', 'answer lost', dataPath);
      await expect(found()).rejects.toThrow(/No such file|Cannot open file|404/);
      const server = await start();
      expect(await server.flush()).toMatchObject({ error: null });
      expect(await found()).toEqual([allBelow(2 * ROWS)]);
    });
  }

  test('the catalog gets it while the next process starts', { timeout: 3 * DEADLINE_MS }, async () => {
    const { found, start } = await dieInCommit('late', 'late');
    const starting = start();
    await eventually(async () => expect(await postgres.waitingConnections()).toBeGreaterThan(0), DEADLINE_MS);
    proxy.deliverLate();
    const server = await starting;
    expect(await server.flush()).toMatchObject({ error: null });
    expect(await found()).toEqual([allBelow(2 * ROWS)]);
  });
});

lakeSuite('a lake whose files somebody has removed', ['extensions'], () => {
  const folder = fileFolder();

  test('a start takes nothing back of which the journal has no records', async () => {
    const attach = `ATTACH 'ducklake:${join(folder, 'catalog.ducklake')}' AS lake (DATA_PATH '${join(folder, 'lake')}/')`;
    const options = { catalog: 'lake', durability: 'journal', journal_path: join(folder, 'journal') };
    const database = await openLakeDatabase([attach]);
    const server = await database.serve(options);
    await server.post(numberedLogs({ count: ROWS }));
    await server.stop();
    rmSync(join(folder, 'lake'), { recursive: true });
    await database.serve(options);
    expect(await database.rows(UNDONE)).toEqual([]);
  });
});

lakeSuite('a lake whose files are there', ['extensions'], () => {
  const folder = fileFolder();

  for (const [kind, dataFolder] of [
    ['plain', 'lake'],
    ['odd', 'any [a-z*?] name'],
  ] as const) {
    test(`a start takes nothing back of which the journal has records, on a path that is ${kind}`, async () => {
      const database = await openLakeDatabase([
        `ATTACH 'ducklake:${join(folder, kind)}.ducklake' AS lake (DATA_PATH '${join(folder, dataFolder)}/')`,
      ]);
      const journal = join(folder, `${kind}-journal`);
      const options = { catalog: 'lake', durability: 'journal', journal_path: journal };
      const server = await database.serve(options);
      await server.post(numberedLogs({ count: ROWS }));
      expect(await server.flush()).toMatchObject({ error: null });
      // What a process leaves that dies right after its COMMIT.
      const left = join(folder, `${kind}-left`);
      cpSync(journal, left, { recursive: true, filter: (path) => !basename(path).startsWith('lock-') });
      await server.stop();
      cpSync(left, journal, { recursive: true });
      await database.serve(options);
      expect(await database.rows(UNDONE)).toEqual([]);
      expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(ROWS)]);
    });
  }
});

async function startChild(
  stateFile: string,
  attach: readonly string[],
  options: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; port: number }> {
  const task = {
    database: ':memory:',
    setUp: [...extensionSettings(), ...attach],
    serveFunction: 'otlp_serve',
    uri: 'otlp:127.0.0.1:0',
    options: { token: TOKEN, seal_max_age_ms: 50, ...options },
    stateFile,
  };
  const script = join(packageFolder, 'test/manual/crash/crash-child.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '32' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout!.setEncoding('utf8'), 'data');
  return { child, port: Number(/\d+$/.exec((JSON.parse(line) as { uri: string }).uri)![0]) };
}

async function post(port: number, first: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-protobuf' },
    body: numberedLogs({ first, count: ROWS }),
  });
  return response.status;
}
