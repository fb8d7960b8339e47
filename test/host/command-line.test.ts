import { version as duckdbVersion } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  DEFAULT_DRAIN_TIMEOUT_MS,
  parseCommandLine,
  type ShellInvocation,
} from '../../src/host/command-line.js';
import { unknownVariables } from '../../src/host/serve-settings.js';
import { otlp } from '../../src/otlp.js';
import { queryServeOptions } from '../../src/schema/query-options.js';
import { serveOptions } from '../../src/schema/serve-options.js';
import { command, run, runProcess } from './command.js';

function parse(argv: readonly string[], environment: Readonly<Record<string, string>>) {
  return parseCommandLine(argv, environment, otlp.service);
}

describe('the command', () => {
  test('--version names both versions', async () => {
    expect(await runProcess(['--version'], { program: command })).toEqual({
      stdout: `otelduck v0.1.0, DuckDB ${duckdbVersion()}\n`,
      stderr: '',
      exitCode: 0,
    });
  });

  test('--help shows all options of the shell, serve --help those of the option table', async () => {
    const shell = await run(['--help'], { program: command });
    for (const option of ['-c,', '-f,', '--init', '--readonly', '--csv', '--json', '--markdown', '--plugin', 'serve']) {
      expect(shell.stdout).toContain(option);
    }
    const serve = await run(['serve', '--help'], { program: command });
    for (const name of Object.keys(serveOptions)) expect(serve.stdout).toContain(name.replaceAll('_', '-'));
    expect([shell.exitCode, shell.stderr, serve.exitCode, serve.stderr]).toEqual([0, '', 0, '']);
  });

  for (const [args, message] of [
    [['--jsno'], "error: unknown option '--jsno'\n(Did you mean --json?)\n"],
    [['-jsno'], "error: unknown option '--jsno'\n(Did you mean --json?)\n"],
    [['-c'], "error: option '-c, --command <sql>' argument missing\n"],
    [['serve', '--tokn', 'x'], "error: unknown option '--tokn'\n(Did you mean --token?)\n"],
    [['serve', '--max-body-bytes', '1MB'], 'error: --max-body-bytes must be a whole number, got "1MB"\n'],
    [['serve', '--query-apis', 'loki'], 'error: --query-apis needs --query-uri or OTELDUCK_QUERY_URI\n'],
    [['serve', '--drain-timeout-ms', 'x'], 'error: --drain-timeout-ms must be a whole number, got "x"\n'],
  ] as const) {
    test(`${args.join(' ')} is refused: ${message.split('\n')[0]}`, async () => {
      expect(await run(args, { program: command })).toEqual({ stdout: '', stderr: message, exitCode: 1 });
    });
  }
});

/** Of what was parsed, with the SQL of the inputs. */
type ExpectedShell = Partial<Omit<ShellInvocation, 'inputs'>> & { readonly inputs?: readonly string[] };

describe('single dashes', () => {
  for (const [argv, inputs, settings] of [
    [['-csv', '-c', '-csv'], [{ kind: 'sql', text: '-csv' }], { mode: 'csv' }],
    [['-c', 'SELECT 1', '-json'], [{ kind: 'sql', text: 'SELECT 1' }], { mode: 'json' }],
    [['-f', '-noheader'], [{ kind: 'file', text: '-noheader' }], {}],
    [['-separator', '-c', '-noheader'], [], { separator: '-c', hasHeaders: false }],
    [['--command=SELECT 1'], [{ kind: 'sql', text: 'SELECT 1' }], {}],
    [['-s', 'SELECT 1', '-bail'], [{ kind: 'sql', text: 'SELECT 1' }], { isBailing: true }],
    [['-insert', '-header'], [], { mode: 'insert' }],
  ] as const) {
    test(argv.join(' '), () => {
      expect(parse(argv, {})).toMatchObject({ kind: 'shell', database: ':memory:', inputs, settings });
    });
  }

  for (const [argv, expected] of [
    [['x.db', 'SELECT 1', 'SELECT 2'], { database: 'x.db', inputs: ['SELECT 1', 'SELECT 2'] }],
    [['-c', 'SELECT 1', 'x.db', 'SELECT 2'], { database: 'x.db', inputs: ['SELECT 1', 'SELECT 2'] }],
    [['-cmd', 'SELECT 1', '-cmd', '.mode csv'], { firstCommands: ['SELECT 1', '.mode csv'], ignoresInput: false }],
    [['-no-stdin', '-no-init'], { ignoresInput: true, ignoresInitFile: true, init: undefined }],
    [['-init', 'x.sql'], { init: 'x.sql', ignoresInitFile: false }],
    [['-safe', '-unsigned', '-batch'], { isSafe: true, isUnsigned: true, isBatch: true }],
  ] satisfies [string[], ExpectedShell][]) {
    test(argv.join(' '), () => {
      const { inputs, ...others }: ExpectedShell = expected;
      expect(parse(argv, {})).toMatchObject({
        kind: 'shell',
        ...others,
        ...(inputs === undefined ? {} : { inputs: inputs.map((text) => ({ kind: 'sql', text })) }),
      });
    });
  }

  test('what follows -- is a database', () => {
    expect(parse(['--', '-csv'], {})).toMatchObject({ database: '-csv' });
  });
});

describe('settings of serve', () => {
  for (const [argv, environment, expected] of [
    [[], {}, { database: undefined, arguments: {}, drainTimeoutMs: 30_000 }],
    [['-init', 'x.sql'], {}, { servers: [], init: 'x.sql' }],
    [[], { OTELDUCK_DATABASE: 'x.db' }, { database: 'x.db' }],
    [['y.db'], { OTELDUCK_DATABASE: 'x.db' }, { database: 'y.db' }],
    [
      ['--seal-max-age-ms', '10', '--disable-auth', '--no-create-tables', '--catalog', "it's"],
      {},
      { arguments: { seal_max_age_ms: '10', disable_auth: 'true', create_tables: 'false', catalog: "'it''s'" } },
    ],
    [['--disable-auth', 'x.db'], {}, { database: 'x.db', arguments: { disable_auth: 'true' } }],
    [[], { OTELDUCK_DISABLE_AUTH: 'false' }, { arguments: { disable_auth: 'false' } }],
    [[], { OTELDUCK_CREATE_TABLES: '0' }, { arguments: { create_tables: 'false' } }],
    [[], { OTELDUCK_TOKEN: '' }, { arguments: {} }],
    [[], { DUCKDB_OTLP_HTTP_THREADS: '3' }, { arguments: { http_threads: '3' } }],
    [[], { DUCKDB_OTLP_HTTP_THREADS: '3', OTELDUCK_HTTP_THREADS: '4' }, { arguments: { http_threads: '4' } }],
    [['--http-threads', '5'], { OTELDUCK_HTTP_THREADS: '4' }, { arguments: { http_threads: '5' } }],
    [[], { OTELDUCK_DRAIN_TIMEOUT_MS: '5' }, { drainTimeoutMs: 5 }],
    [[], { OTELDUCK_DRAIN_TIMEOUT_MS: '' }, { drainTimeoutMs: DEFAULT_DRAIN_TIMEOUT_MS }],
  ] as const) {
    test(`${argv.join(' ')} ${JSON.stringify(environment)}`, () => {
      expect(parse(['serve', ...argv], environment)).toMatchObject({ kind: 'serve', ...expected });
    });
  }

  const uri = 'otlp:localhost:4318';
  const both = { grpc: "'localhost:4317'" };
  const [http, grpc] = [{ transport: "'http'" }, { transport: "'grpc'" }];
  for (const [argv, environment, servers] of [
    ['', {}, [{ uri, arguments: both }]],
    ['--seal-max-age-ms 7', {}, [{ uri, arguments: { ...both, seal_max_age_ms: '7' } }]],
    ['--grpc localhost:5317', {}, [{ uri, arguments: { grpc: "'localhost:5317'" } }]],
    ['--grpc none', {}, [{ uri, arguments: {} }]],
    ['', { OTELDUCK_GRPC: 'none' }, [{ uri, arguments: {} }]],
    // Who says how to listen, gets that and nothing beside it.
    ['--transport grpc', {}, [{ uri, arguments: grpc }]],
    ['', { OTELDUCK_TRANSPORT: 'http' }, [{ uri, arguments: http }]],
    ['--uri otlp:a', {}, [{ uri: 'otlp:a', arguments: {} }]],
    ['--uri otlp:a --transport grpc', {}, [{ uri: 'otlp:a', arguments: grpc }]],
    ['--transport grpc --uri otlp:a', {}, [{ uri: 'otlp:a', arguments: grpc }]],
    ['--grpc h:1 --uri otlp:a', {}, [{ uri: 'otlp:a', arguments: { grpc: "'h:1'" } }]],
    ['--uri otlp:a', { OTELDUCK_GRPC: 'h:1' }, [{ uri: 'otlp:a', arguments: { grpc: "'h:1'" } }]],
    // Both became gRPC.
    [
      '--uri otlp:a --uri otlp:b --transport grpc',
      {},
      [
        { uri: 'otlp:a', arguments: {} },
        { uri: 'otlp:b', arguments: grpc },
      ],
    ],
    [
      '--transport grpc --uri otlp:a --uri otlp:b --transport http --grpc h:1 --token 0123456789abcdef',
      {},
      [
        { uri: 'otlp:a', arguments: { ...grpc, token: "'0123456789abcdef'" } },
        { uri: 'otlp:b', arguments: { ...http, grpc: "'h:1'", token: "'0123456789abcdef'" } },
      ],
    ],
    [
      '',
      { OTELDUCK_URI: 'otlp:a, otlp:b', OTELDUCK_TRANSPORT: 'http,grpc', DUCKDB_OTLP_GRPC: 'h:1, none' },
      [
        { uri: 'otlp:a', arguments: { ...http, grpc: "'h:1'" } },
        { uri: 'otlp:b', arguments: grpc },
      ],
    ],
    [
      '',
      { OTELDUCK_URI: 'otlp:a,otlp:b', OTELDUCK_TRANSPORT: 'grpc' },
      [
        { uri: 'otlp:a', arguments: grpc },
        { uri: 'otlp:b', arguments: grpc },
      ],
    ],
  ] as const) {
    test(`servers of: ${argv} ${JSON.stringify(environment)}`, () => {
      const words = argv.split(' ').filter(Boolean);
      expect(parse(['serve', ...words], environment)).toHaveProperty('servers', servers);
    });
  }

  for (const [argv, environment, message] of [
    ['--grpc h:1 --uri otlp:a --uri otlp:b', {}, '--grpc is of one server: write it after the --uri of that server'],
    [
      '--uri otlp:a --uri otlp:b',
      { OTELDUCK_GRPC: 'h:1' },
      'OTELDUCK_GRPC must have an address or none for each of 2 servers, commas between, got "h:1"',
    ],
    [
      '',
      { OTELDUCK_TRANSPORT: 'http,grpc' },
      'OTELDUCK_TRANSPORT must have one word for all of them or one for each of 1 servers, commas between, got "http,grpc"',
    ],
    ['--uri=', {}, "option '--uri <uri>' argument '' is invalid. it is empty."],
    ['--transport=', {}, "option '--transport <text>' argument '' is invalid. it is empty."],
  ] as const) {
    test(`${argv} ${JSON.stringify(environment)} is refused`, () => {
      const words = argv.split(' ').filter(Boolean);
      expect(parse(['serve', ...words], environment)).toMatchObject({ err: `error: ${message}\n` });
    });
  }

  test('every option of the table has a flag and both variables', () => {
    for (const [name, { sqlType, defaultText }] of Object.entries(serveOptions)) {
      const isSwitch = sqlType === 'BOOLEAN';
      const flag = `--${defaultText === 'true' ? 'no-' : ''}${name.replaceAll('_', '-')}`;
      const given = isSwitch ? String(defaultText !== 'true') : '7';
      const sql = sqlType === 'VARCHAR' ? "'7'" : given;
      const expected = { servers: [{ arguments: { [name]: sql } }] };
      expect(parse(['serve', flag, ...(isSwitch ? [] : ['7'])], {})).toMatchObject(expected);
      for (const prefix of ['OTELDUCK_', 'DUCKDB_OTLP_']) {
        const environment = { [prefix + name.toUpperCase()]: given };
        expect(parse(['serve'], environment)).toMatchObject(expected);
      }
    }
  });

  const query = 'query:localhost:4338';
  for (const [argv, environment, queryServers] of [
    ['', {}, []],
    // Options alone start nothing.
    [`--query-uri ${query}`, {}, [{ uri: query, arguments: {} }]],
    [
      '',
      { OTELDUCK_QUERY_URI: 'query:a, query:b' },
      [
        { uri: 'query:a', arguments: {} },
        { uri: 'query:b', arguments: {} },
      ],
    ],
    ['--query-uri query:a', { OTELDUCK_QUERY_URI: 'query:b' }, [{ uri: 'query:a', arguments: {} }]],
    [
      '--query-uri query:a --query-read-token x --query-memory-bytes 7',
      { OTELDUCK_QUERY_READ_TOKEN: 'y', OTELDUCK_QUERY_TIMEOUT_MS: '9' },
      [{ uri: 'query:a', arguments: { read_token: "'x'", query_memory_bytes: '7', query_timeout_ms: '9' } }],
    ],
    // They look where the others write, and are not open because those are.
    [
      '--catalog lake --schema s --disable-auth --allow-other-hostname --query-uri query:a --query-schema t',
      {},
      [{ uri: 'query:a', arguments: { catalog: "'lake'", schema: "'t'", allow_other_hostname: 'true' } }],
    ],
  ] as const) {
    test(`servers of queries of: ${argv} ${JSON.stringify(environment)}`, () => {
      const words = argv === '' ? [] : argv.split(' ');
      expect(parse(['serve', ...words], environment)).toHaveProperty('queryServers', queryServers);
    });
  }

  test('every option of queries has a flag and a variable that begin with query', () => {
    for (const [name, { sqlType }] of Object.entries(queryServeOptions)) {
      if (name === 'allow_other_hostname') continue;
      const words = name.startsWith('query_') ? name : `query_${name}`;
      const isSwitch = sqlType === 'BOOLEAN';
      const expected = {
        queryServers: [{ arguments: { [name]: isSwitch ? 'true' : sqlType === 'VARCHAR' ? "'7'" : '7' } }],
      };
      const flag = `--${words.replaceAll('_', '-')}`;
      expect(parse(['serve', '--query-uri', 'query:a', flag, ...(isSwitch ? [] : ['7'])], {})).toMatchObject(expected);
      const environment = {
        [`OTELDUCK_${words.toUpperCase()}`]: isSwitch ? 'true' : '7',
        OTELDUCK_QUERY_URI: 'query:a',
      };
      expect(parse(['serve'], environment)).toMatchObject(expected);
      expect(unknownVariables(environment, otlp.service)).toEqual([]);
    }
  });

  for (const [environment, message] of [
    [{ OTELDUCK_DISABLE_AUTH: 'perhaps' }, 'OTELDUCK_DISABLE_AUTH must be true or false, got "perhaps"'],
    [{ DUCKDB_OTLP_MAX_BODY_BYTES: '1MB' }, 'DUCKDB_OTLP_MAX_BODY_BYTES must be a whole number, got "1MB"'],
  ] as const) {
    test(message, () => {
      expect(parse(['serve'], environment)).toMatchObject({
        kind: 'answer',
        err: `error: ${message}\n`,
        exitCode: 1,
      });
    });
  }

  // A timer of more fires at once: the service would have dropped its rows.
  test('--drain-timeout-ms is at most what a timer takes', () => {
    expect(parse(['serve', '--drain-timeout-ms', '2147483648'], {})).toMatchObject({
      err: 'error: --drain-timeout-ms must be at most 2147483647, got 2147483648\n',
    });
  });

  test('the help of a switch that is on says what its flag does, and that ps shows tokens', () => {
    const { out } = parse(['serve', '--help'], {}) as Answer;
    const help = out.replaceAll(/\s+/g, ' ');
    expect(help).toContain('--no-create-tables Create no tables: they must exist');
    for (const name of ['OTELDUCK_TOKEN', 'OTELDUCK_QUACK_TOKEN', 'OTELDUCK_QUERY_READ_TOKEN'])
      expect(help).toContain(`(ps) reads it here: prefer ${name}.`);
  });

  test('a mistyped variable is noticed', () => {
    expect(unknownVariables({ OTELDUCK_SEAL_MAX_AGE: '1', OTELDUCK_TOKEN: 'x', HOME: '/' }, otlp.service)).toEqual([
      { variable: 'OTELDUCK_SEAL_MAX_AGE', meant: 'OTELDUCK_SEAL_MAX_AGE_MS' },
    ]);
  });
});
