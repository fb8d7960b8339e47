// `serve --config FILE`, `--log-level` and `--production`: what a service reads before it serves, and what it refuses.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Answer, parseCommandLine, type ServeInvocation } from '../../src/host/command-line.js';
import { levels, ServiceLog } from '../../src/host/service-log.js';
import { otlp } from '../../src/otlp.js';
import { command, folder, start } from './command.js';
import { eventsOf } from './service-events.js';

let files = 0;

function written(text: string | Buffer, mode = 0o640): string {
  const path = join(folder, `config-${++files}.yaml`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function serve(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return parseCommandLine(['serve', ...argv], environment, otlp.service);
}

function errorOf(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const answer = serve(argv, environment) as Answer;
  expect(answer).toMatchObject({ kind: 'answer', exitCode: 1 });
  return answer.err;
}

describe('a configuration file', () => {
  for (const [text, expected] of [
    ['', { database: undefined, arguments: {} }],
    ['# nothing\n', { database: undefined, arguments: {} }],
    ['database: x.db\nmemory_limit: 1GB\n', { database: 'x.db', memoryLimit: '1GB' }],
    ['drain_timeout_ms: 5\nlog_level: warn\n', { drainTimeoutMs: 5, logLevel: 'warn' }],
    [
      "seal_max_age_ms: 10\ndisable_auth: true\ncreate_tables: false\ncatalog: it's\n",
      { arguments: { seal_max_age_ms: '10', disable_auth: 'true', create_tables: 'false', catalog: "'it''s'" } },
    ],
    ['catalog:\nschema: ""\n', { arguments: {} }],
    ['catalog: 007\nschema: 1.50\n', { arguments: { catalog: "'007'", schema: "'1.50'" } }],
    ['token: "0x10 is a text"\n', { arguments: { token: "'0x10 is a text'" } }],
    [
      'uri: [otlp:localhost:1, otlp:localhost:2]\ngrpc: [localhost:3, none]\n',
      {
        servers: [
          { uri: 'otlp:localhost:1', arguments: { grpc: "'localhost:3'" } },
          { uri: 'otlp:localhost:2', arguments: {} },
        ],
      },
    ],
    [
      'query_uri: query:localhost:4338\nquery_read_token: 0123456789abcdef\n',
      {
        queryServers: [{ uri: 'query:localhost:4338', arguments: { read_token: "'0123456789abcdef'" } }],
      },
    ],
  ] as const) {
    test(JSON.stringify(text), () => {
      expect(serve(['--config', written(text)])).toMatchObject({ kind: 'serve', ...expected });
    });
  }

  test('is named by a flag or by a variable, and flags and variables take precedence over it', () => {
    const path = written('seal_max_age_ms: 1\nseal_target_bytes: 1\nhttp_threads: 1\n');
    const environment = { OTELDUCK_CONFIG: path, OTELDUCK_SEAL_TARGET_BYTES: '2', OTELDUCK_HTTP_THREADS: '' };
    expect(serve(['--seal-max-age-ms', '3'], environment)).toMatchObject({
      arguments: { seal_max_age_ms: '3', seal_target_bytes: '2', http_threads: '1' },
    });
  });

  for (const [text, error] of [
    ['seal_max_age: 1\n', ':1: unknown option seal_max_age; did you mean seal_max_age_ms?'],
    ['config: x\n', ':1: unknown option config'],
    ['database: a\n\nseal_max_age_ms: 1s\n', ':3: seal_max_age_ms must be a whole number, got "1s"'],
    ['seal_max_age_ms: 1.5\n', ':1: seal_max_age_ms must be a whole number, got "1.5"'],
    ['disable_auth: yes\n', ':1: disable_auth must be true or false, got "yes"'],
    ['catalog: [a, b]\n', ':1: catalog must be one value, got a list of 2'],
    ['uri: [a b]\n', ':1: uri must be a list of words without spaces and commas'],
    ['uri: [[a]]\n', ':1: uri must be a list of words without spaces and commas'],
    ['catalog: { a: 1 }\n', ':1: catalog must be text, got a mapping'],
    ['- database\n', ' must be a mapping of options to values'],
    ['database: a\ndatabase: b\n', ':2: Map keys must be unique'],
    ['database: "a\n', ':2: Missing closing "quote'],
    ['drain_timeout_ms: x\n', ':1: drain_timeout_ms must be a whole number, got "x"'],
  ] as const) {
    test(`${JSON.stringify(text)} is refused: ${error}`, () => {
      const path = written(text);
      expect(errorOf(['--config', path])).toBe(`error: ${path}${error}\n`);
    });
  }

  test('that is not there, a folder, or far too long is refused by name', () => {
    const missing = join(folder, 'missing.yaml');
    expect(errorOf(['--config', missing])).toContain(`cannot read the configuration ${missing}: ENOENT`);
    expect(errorOf(['--config', folder])).toContain(`cannot read the configuration ${folder}: EISDIR`);
    const long = written(Buffer.alloc(1024 * 1024 + 1, '#'));
    expect(errorOf(['--config', long])).toContain('it has 1048577 bytes, and a configuration has at most 1048576');
  });

  // A few bytes of aliases stand for gigabytes of text.
  test('with aliases of aliases is refused before they are followed', () => {
    const levelsOfAliases = Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`).slice(1);
    expect(errorOf(['--config', written(`a0: &a0 [x]\n${levelsOfAliases.join('\n')}`)])).toContain('unknown option a0');
  });

  test('of the examples needs tokens besides, and is fit for production with them', () => {
    const argv = ['--config', resolve('examples/deploy/otelduck.yaml')];
    const tokens = { OTELDUCK_TOKEN: '0123456789abcdef', OTELDUCK_QUERY_READ_TOKEN: 'fedcba9876543210' };
    expect(serve(argv, tokens)).toMatchObject({ kind: 'serve' });
    expect(errorOf(argv)).toMatch(/token: the token of otlp:.*\n.*token: the token of query:/);
  });
});

describe('the level of the log', () => {
  for (const [argv, environment, logLevel] of [
    [[], {}, 'info'],
    [[], { LOG_LEVEL: 'DEBUG' }, 'debug'],
    [[], { LOG_LEVEL: 'DEBUG', OTELDUCK_LOG_LEVEL: 'warn' }, 'warn'],
    [['--log-level', 'error'], { OTELDUCK_LOG_LEVEL: 'warn' }, 'error'],
  ] as const) {
    test(`${argv.join(' ')} ${JSON.stringify(environment)}`, () => {
      expect(serve(argv, environment)).toMatchObject({ logLevel });
    });
  }

  test('one that does not exist is refused by the name of what gave it', () => {
    const rest = 'must be one of debug, info, warn, error, got "loud"\n';
    expect(errorOf(['--log-level', 'loud'])).toBe(`error: --log-level ${rest}`);
    expect(errorOf([], { LOG_LEVEL: 'loud' })).toBe(`error: LOG_LEVEL ${rest}`);
  });

  for (const [index, level] of levels.entries()) {
    test(`${level} leaves out what is below`, () => {
      const stream = new PassThrough();
      const log = new ServiceLog(stream, level);
      for (const each of levels) log.write(each, `at_${each}`);
      const events = eventsOf(String(stream.read()));
      expect(events.map(({ event }) => event)).toEqual(levels.slice(index).map((each) => `at_${each}`));
    });
  }
});

describe('--production', () => {
  const fit = ['--production', 'x.db', '--durability', 'journal', '--journal-path', 'j', '--token', '0123456789abcdef'];

  test('takes what is fit for it, by flag or by variable', () => {
    expect(serve(fit)).toMatchObject({ kind: 'serve' });
    expect(serve(fit.slice(1), { OTELDUCK_PRODUCTION: 'true' })).toMatchObject({ kind: 'serve' });
    expect(serve(['--disable-auth'], { OTELDUCK_PRODUCTION: 'false' })).toMatchObject({ kind: 'serve' });
  });

  for (const [rule, argv, text] of [
    ['database', fit.filter((word) => word !== 'x.db'), 'no database is named'],
    ['database', fit.map((word) => (word === 'x.db' ? ':memory:' : word)), 'the database is in memory'],
    ['token', fit.slice(0, -2), 'the token of otlp:localhost:4318 is made at each start'],
    ['auth', [...fit.slice(0, -2), '--disable-auth'], 'otlp:localhost:4318 takes clients without a token'],
    ['tls', [...fit, '--allow-other-hostname'], 'otlp:localhost:4318 may be reached from other machines, and has no'],
    [
      'durability',
      [...fit.slice(0, 2), ...fit.slice(-2)],
      'otlp:localhost:4318 acknowledges rows that a kill can lose',
    ],
    [
      'token',
      [...fit, '--query-uri', 'query:localhost:4338'],
      'the token of query:localhost:4338 is made at each start',
    ],
    [
      'quack_token',
      [...fit, '--uri', 'otlp:localhost:4318', '--quack', 'quack:localhost'],
      'the token of --quack is made',
    ],
  ] as const) {
    test(`refuses ${text}, but where ${rule} is excepted`, () => {
      const error = errorOf(argv);
      expect(error).toContain(`\n  ${rule}: ${text}`);
      expect(error).toContain(`--production-except ${rule} allows them\n`);
      expect(serve([...argv, '--production-except', rule])).toMatchObject({ kind: 'serve' });
    });
  }

  test('names all that is wrong at once, and a rule that does not exist', () => {
    const error = errorOf(['--production', '--disable-auth']);
    expect(error).toMatch(
      /database: .*\n {2}auth: .*\n {2}durability: .*\n--production-except database,auth,durability/,
    );
    expect(errorOf([...fit, '--production-except', 'tsl'])).toMatch(/--production-except must be of .*, got "tsl"/);
  });

  test('refuses a file with a token that all users may read', () => {
    const text = 'token: 0123456789abcdef\n';
    const argv = fit.slice(0, -2);
    expect(serve([...argv, '--config', written(text)])).toMatchObject({ kind: 'serve' });
    expect(errorOf([...argv, '--config', written(text, 0o644)])).toContain(
      'secrets: all users may read the configuration file, with token',
    );
    const { configuration } = serve(['--config', written(text, 0o644)]) as ServeInvocation;
    expect(configuration).toMatchObject({ exposedSecrets: ['token'] });
  });
});

test('a service logs which file it read and that others may read it, tells no secret, and at level debug each commit', async () => {
  const token = '0123456789abcdef';
  const lines = ['database: ":memory:"', `token: ${token}`, 'uri: otlp:127.0.0.1:0', 'log_level: debug'];
  const path = written(`${lines.join('\n')}\n`, 0o644);
  const { child, until, ended } = start(['serve', '--config', path], { program: command });
  const log = await until('stderr', /"event":"ready"/);
  const { listen_url: url } = eventsOf(log).find(({ event }) => event === 'listening')!;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const { status } = await fetch(`${String(url)}/v1/logs`, {
    method: 'POST',
    headers,
    body: readFileSync('examples/log.json'),
  });
  expect(status).toBe(202);
  child.kill('SIGTERM');
  const { stderr } = await ended;
  expect(eventsOf(stderr)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ event: 'configuration_file', file: path }),
      expect.objectContaining({ level: 'warn', event: 'configuration_readable_by_others', options: ['token'] }),
      expect.objectContaining({ level: 'debug', event: 'committed', rows: 1 }),
    ]),
  );
  expect(stderr).not.toContain(token);
});
