import { describe, expect, test } from 'vitest';
import { parseTestFile, TestFailure } from '../src/sqllogictest.js';

const place = { line: 1, conditions: [] };

describe('a record', () => {
  for (const [text, record] of [
    [
      'statement ok\nSELECT 1\n  FROM t',
      {
        kind: 'statement',
        outcome: 'ok',
        sql: 'SELECT 1\n  FROM t',
        connection: '',
        expectedError: '',
        expectedAt: { line: 4, lines: 0 },
      },
    ],
    [
      'statement error con1\nSELECT x\n----\nBinder\nError',
      {
        kind: 'statement',
        outcome: 'error',
        sql: 'SELECT x',
        connection: 'con1',
        expectedError: 'Binder\nError',
        expectedAt: { line: 3, lines: 3 },
      },
    ],
    [
      'query IT rowsort first\nSELECT 1, 2\n----\n1\n# not a comment',
      {
        kind: 'query',
        columnCount: 2,
        sort: 'rowsort',
        connection: '',
        label: 'first',
        sql: 'SELECT 1, 2',
        expected: ['1', '# not a comment'],
        expectedAt: { line: 3, lines: 3 },
      },
    ],
    [
      'query D con2\nSELECT 1',
      {
        kind: 'query',
        columnCount: 1,
        sort: 'nosort',
        connection: 'con2',
        label: '',
        sql: 'SELECT 1',
        expected: [],
        expectedAt: { line: 3, lines: 0 },
      },
    ],
    ['let port con1\nSELECT 1', { kind: 'let', name: 'port', connection: 'con1', sql: 'SELECT 1' }],
    [
      'post http://[::1]:1/v1/logs a.json 202\ncontent-type: application/json\nx-empty:\n----\n"rows":1',
      {
        kind: 'post',
        url: 'http://[::1]:1/v1/logs',
        file: 'a.json',
        status: 202,
        headers: [
          ['content-type', 'application/json'],
          ['x-empty', ''],
        ],
        expectedBody: '"rows":1',
      },
    ],
    ['require VECTOR_SIZE 2048', { kind: 'require', name: 'vector_size', parameters: ['2048'] }],
    ['require-env HOME', { kind: 'environment', name: 'HOME', otherwise: { action: 'skip', wanted: undefined } }],
    ['test-env A b', { kind: 'environment', name: 'A', otherwise: { action: 'default', value: 'b' } }],
    ['load a.db readonly', { kind: 'load', database: 'a.db', readonly: true, storageVersion: '' }],
    ['load a.db readwrite v1.2.0', { kind: 'load', database: 'a.db', readonly: false, storageVersion: 'v1.2.0' }],
    ['load', { kind: 'load', database: '', readonly: false, storageVersion: '' }],
    ['restart', { kind: 'restart', reloadExtensions: true }],
    ['restart no_extension_load', { kind: 'restart', reloadExtensions: false }],
    ['reconnect', { kind: 'reconnect' }],
    ['sleep 2 seconds', { kind: 'sleep', durationMs: 2_000 }],
    ['sleep 1500 micro', { kind: 'sleep', durationMs: 2 }],
    ['unzip data/a.db.gz', { kind: 'unzip', source: 'data/a.db.gz', target: '__TEST_DIR__/a.db' }],
    ['unzip data/a.db.gz b.db', { kind: 'unzip', source: 'data/a.db.gz', target: 'b.db' }],
    ['mode output_hash', { kind: 'mode', mode: 'output_hash' }],
    ['hash-threshold 8', { kind: 'hash-threshold', values: 8 }],
    [
      'set ignore_error_messages HTTP Error,  timeout ,',
      { kind: 'messages', list: 'ignore_error_messages', messages: ['HTTP Error', 'timeout'] },
    ],
    ['set seed 0.5', { kind: 'seed', seed: '0.5' }],
    ['reset label first', { kind: 'reset-label', label: 'first' }],
  ] as const) {
    test(text.split('\n')[0]!, () => {
      expect(parseTestFile(text, 'a.test').records).toEqual([{ ...place, ...record }]);
    });
  }

  test('tags leaves no record', () => {
    expect(parseTestFile('tags slow memory>=64GB', 'a.test').records).toEqual([]);
  });

  test('carriage returns and comments are no part of it', () => {
    const { records } = parseTestFile('# name: x\r\n\r\nstatement ok\r\nSELECT 1\r\n# done\r\n', 'a.test');
    expect(records).toMatchObject([{ line: 3, sql: 'SELECT 1' }]);
  });
});

describe('a loop', () => {
  for (const [text, variables, rounds] of [
    ['loop i 2 5', ['i'], [['2'], ['3'], ['4']]],
    ['foreach type integer varchar', ['type'], [['integer'], ['varchar']]],
    ['foreach a,b 1,x 2,y', ['a', 'b'], [['1', 'x'], ['2', 'y']]], // biome-ignore format: one round per pair
    ['foreach t <signed> !hugeint', ['t'], [['tinyint'], ['smallint'], ['integer'], ['bigint']]],
    ['concurrentloop i 0 1', ['i'], [['0']]],
    ['concurrentforeach x a', ['x'], [['a']]],
  ] as const) {
    test(text, () => {
      const { records } = parseTestFile(`${text}\n\nstatement ok\nSELECT 1\n\nendloop\n`, 'a.test');
      const concurrent = text.startsWith('concurrent');
      expect(records).toMatchObject([{ kind: 'loop', concurrent, variables, rounds, body: [{ kind: 'statement' }] }]);
    });
  }

  test('loops nest, and conditions guard what follows them', () => {
    const text = `
loop i 0 2

loop j 0 2

skipif i=1
onlyif j>0&&j<>3
statement ok
SELECT 1

endloop

endloop
`;
    expect(parseTestFile(text, 'a.test').records).toMatchObject([
      {
        variables: ['i'],
        body: [
          {
            variables: ['j'],
            body: [
              {
                conditions: [
                  { action: 'skipif', variable: 'i', comparison: '=', value: '1' },
                  { action: 'onlyif', variable: 'j', comparison: '>', value: '0' },
                  { action: 'onlyif', variable: 'j', comparison: '<>', value: '3' },
                ],
              },
            ],
          },
        ],
      },
    ]);
  });
});

describe('what is left out', () => {
  const kept = 'statement ok\nSELECT 1\n\n';
  for (const [name, text, count] of [
    ['skipif duckdb', `skipif duckdb\n${kept}${kept}`, 1],
    ['skipif another engine', `skipif mysql\n${kept}`, 1],
    ['onlyif duckdb', `onlyif duckdb\n${kept}`, 1],
    ['onlyif another engine, whatever it says', `onlyif mysql\nstatement count 3\nSELECT\n----\n# x\ny\n\n${kept}`, 1],
    // DuckDB's files have these; they were once refused.
    ['mode unskip without a skip leaves out nothing', `mode unskip\n\n${kept}`, 1],
    ['words after the connection', `statement ok nosort label\nSELECT 1\n\n${kept}`, 2],
    ['halt', `${kept}halt\n\nnonsense`, 1],
    ['mode skip', `mode skip\n\n${kept}halt\n\nmode unskip\n\n${kept}`, 1],
    ['nested mode skip', `mode skip\n\nmode skip\n\n${kept}mode unskip\n\n${kept}mode unskip\n\n${kept}`, 1],
  ] as const) {
    test(name, () => expect(parseTestFile(text, 'a.test').records).toHaveLength(count));
  }
});

describe('a file is refused', () => {
  for (const [text, message] of [
    ['statment ok\nSELECT 1', 'a.test:1: unknown directive "statment"'],
    ['mode skip\n\nnonsense\n', 'a.test:3: unknown directive "nonsense"'],
    ['statement fine\nSELECT 1', 'a.test:1: statement must be "statement ok|error|maybe [connection]"'],
    ['statement ok', 'a.test:1: statement must have SQL on the lines below it'],
    ['statement ok\nSELECT 1\n----\n1', 'a.test:1: statement ok cannot expect an error'],
    ['query\nSELECT 1', 'a.test:1: query must be'],
    ['query i\nSELECT 1', 'a.test:1: query must be'],
    ['query I nosort a b\nSELECT 1', 'a.test:1: query must be'],
    ['let 1x\nSELECT 1', 'a.test:1: let must be'],
    ['let x\nSELECT 1\n----\n1', 'a.test:1: let cannot expect a result; use query'],
    ['post http://127.0.0.1/ a.json', 'a.test:1: post must be'],
    ['post http://127.0.0.1/ a.json ok', 'a.test:1: post must be'],
    [
      'post http://127.0.0.1/ a.json 202\nno header',
      'a.test:2: a header of post must be "name: value", got "no header"',
    ],
    ['require', 'a.test:1: require must name'],
    ['require-env', 'a.test:1: require-env must be'],
    ['test-env A', 'a.test:1: test-env must be'],
    ['load a.db readonyl', 'a.test:1: load must be'],
    ['restart now', 'a.test:1: restart must be'],
    ['sleep 1', 'a.test:1: sleep must be'],
    ['sleep 1 fortnight', 'a.test:1: sleep must be'],
    ['sleep 1000 seconds', 'a.test:1: sleep must not exceed 10 minutes, got 1000 seconds'],
    ['unzip a.zip', 'a.test:1: unzip must be'],
    [
      'mode loud',
      'a.test:1: mode must be one of output_hash, output_result, no_output, debug, skip, unskip, got "loud"',
    ],
    ['set seed x', 'a.test:1: set must be'],
    ['set colour red', 'a.test:1: set must be'],
    ['reset label', 'a.test:1: reset must be'],
    ['hash-threshold many', 'a.test:1: hash-threshold must be'],
    ['loop i 0', 'a.test:1: loop must be'],
    ['loop i 3 3', 'a.test:1: the end of a loop must be greater than its start, got 3 3'],
    ['foreach x', 'a.test:1: foreach must be'],
    ['foreach a,b 1,2 3', 'a.test:1: foreach a,b needs 2 values, got "3"'],
    ['loop i 0 3\n\nstatement ok\nSELECT 1\n', 'a.test:1: this loop has no endloop'],
    ['endloop', 'a.test:1: endloop must follow a loop'],
    ['reconnect\nstatement ok', 'a.test:1: reconnect must be followed by an empty line, got "statement ok"'],
    ['skipif', 'a.test:1: skipif must name an engine'],
    ['skipif i=1', 'a.test:1: skipif must stand before a record'],
    ['onlyif duckdb\nskipif i=>1\nstatement ok\nSELECT 1', 'skipif must compare as in i=3 or i>3, got "i=>1"'],
    ['statement error\nSELECT x', 'a.test:1: statement error must have ---- and text of the error below its SQL'],
    ['statement maybe\nSELECT x', 'a.test:1: statement maybe must have ---- and text of the error below its SQL'],
    ['continue', 'a.test:1: continue must stand in a loop'],
    ['concurrentloop i 0 2\n\ncontinue\n\nendloop', 'a.test:3: continue cannot stand in a concurrent loop'],
    ['onlyif i=1\nstatement ok\nSELECT 1', 'skipif and onlyif on a loop variable must stand in a loop'],
    ['skipif duckdb\nloop i 0 2\n\nendloop', 'skipif duckdb cannot guard loop; guard the records inside'],
    ['concurrentloop i 0 2\n\nrestart\n\nendloop', 'a.test:3: restart cannot stand in a concurrent loop'],
    ['concurrentloop i 0 2\n\nconcurrentloop j 0 2\n\nendloop\n\nendloop', 'a concurrent loop cannot stand in another'],
    ['concurrentloop i 0 2\n\nstatement ok con1\nSELECT 1\n\nendloop', 'connection con1 cannot be named'],
    ['  \nstatement ok', 'a.test:1: a line of spaces stands where a directive must'],
  ] as const) {
    test(JSON.stringify(text), () => {
      expect(() => parseTestFile(text, 'a.test')).toThrow(TestFailure);
      expect(() => parseTestFile(text, 'a.test')).toThrow(message);
    });
  }
});
