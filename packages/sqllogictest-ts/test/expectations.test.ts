// biome-ignore-all lint/suspicious/noTemplateCurlyInString: test files say ${name} too
// The self-test of the runner: every expectation that a file can state holds when it is right, and fails the file when
// it is wrong.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { outcomeOf, runText } from './run-text.js';

const hash = (values: readonly string[]) =>
  `${values.length} values hashing to ${createHash('md5')
    .update(values.map((value) => `${value}\n`).join(''))
    .digest('hex')}`;

const pairs = [
  ['statement ok', 'statement ok\nSELECT 1', 'statement ok\nSELECT nothing', 'line 1: the statement failed'],
  [
    'statement error',
    'statement error\nSELECT nothing\n----\n',
    'statement error\nSELECT 1\n----\n',
    'line 1: the statement succeeded',
  ],
  [
    'statement error with text',
    'statement error\nSELECT nothing\n----\nBinder Error: Referenced column "nothing"',
    'statement error\nSELECT nothing\n----\nParser Error',
    'line 1: the statement failed with another error',
  ],
  [
    'statement error with text, and no error',
    'statement error\nSELECT nothing\n----\nBinder Error',
    'statement error\nSELECT 1\n----\nBinder Error',
    'line 1: the statement succeeded',
  ],
  [
    'statement error with <REGEX>:',
    'statement error\nSELECT nothing\n----\n<REGEX>:Binder Error:.*not.*',
    'statement error\nSELECT nothing\n----\n<REGEX>:Binder Error',
    'line 1: the statement failed with another error',
  ],
  [
    'statement error with <!REGEX>:',
    'statement error\nSELECT nothing\n----\n<!REGEX>:Parser.*',
    'statement error\nSELECT nothing\n----\n<!REGEX>:Binder.*',
    'line 1: the statement failed with another error',
  ],
  [
    'statement maybe',
    'statement maybe\nSELECT nothing\n----\nBinder\n\nstatement maybe\nSELECT 1\n----\nBinder',
    'statement maybe\nSELECT nothing\n----\nParser',
    'line 1: the statement failed with another error',
  ],
  [
    'query',
    'query I\nSELECT 42\n----\n42',
    'query I\nSELECT 42\n----\n43',
    'line 1: wrong result in row 1, column 1 (42)',
  ],
  ['query that fails', 'query I\nSELECT 1\n----\n1', 'query I\nSELECT nothing\n----\n1', 'line 1: the query failed'],
  [
    'number of columns',
    'query II\nSELECT 1 AS a, 2 AS b\n----\n1\t2',
    'query I\nSELECT 1 AS a, 2 AS b\n----\n1\n2',
    'line 1: expected 1 column, got 2 (a, b)',
  ],
  [
    'number of rows',
    'query I\nFROM range(2)\n----\n0\n1',
    'query I\nFROM range(2)\n----\n0',
    'line 1: expected 1 row, got 2',
  ],
  ['no rows', 'query I\nFROM range(0)\n----', 'query I\nFROM range(1)\n----', 'line 1: expected 0 rows, got 1'],
  ['no expectation is no rows', 'query I\nFROM range(0)', 'query I\nFROM range(1)', 'line 1: expected 0 rows, got 1'],
  [
    'a value per line',
    'query IT\nSELECT 1, 2\n----\n1\n2',
    'query IT\nSELECT 1, 2\n----\n2\n1',
    'line 1: wrong result in row 1, column 1 (1)',
  ],
  [
    'values that do not fill rows',
    'query II\nVALUES (1, 2), (3, 4)\n----\n1\n2\n3\n4',
    'query II\nVALUES (1, 2), (3, 4)\n----\n1\n2\n3',
    'line 1: 3 expected values do not fill rows of 2 columns',
  ],
  [
    'row-wise with a value missing',
    'query II\nVALUES (1, 2), (3, 4)\n----\n1\t2\n3\t4',
    'query II\nVALUES (1, 2), (3, 4)\n----\n1\t2\n3',
    'line 1: expected row 2 has 1 value for 2 columns',
  ],
  [
    'several tabs are one',
    'query II\nVALUES (1, 2), (3, 4)\n----\n1\t\t2\n3\t\t\t4',
    'query II\nVALUES (1, 2), (3, 4)\n----\n1\t\t2\n3\t\t\t5',
    'line 1: wrong result in row 2, column 2',
  ],
  [
    'one column whose value has a tab, by a pattern',
    "query T\nSELECT 'a\tb'\n----\n<REGEX>:a.b",
    // DuckDB's runner reads that as two values.
    "query T\nSELECT 'a\tb'\n----\na\tb",
    'line 1: expected row 1 has 2 values for 1 column',
  ],
  // Values once passed through JavaScript, which gave the second of both for structs without names.
  [
    'structs without names',
    'query T\nSELECT row(1, 2)\n----\n(1, 2)',
    'query T\nSELECT row(1, 2)\n----\n(2, 2)',
    'row 1',
  ],
  [
    'structs without names in lists and maps',
    'query TTT\nSELECT [row(1, 2)], map([1], [row(1, 2)]), list_zip([1], [2])\n----\n[(1, 2)]\t{1=(1, 2)}\t[(1, 2)]',
    'query TTT\nSELECT [row(1, 2)], map([1], [row(1, 2)]), list_zip([1], [2])\n----\n[(1, 2)]\t{1=(1, 2)}\t[(2, 2)]',
    'row 1, column 3',
  ],
  [
    'a union of NULL',
    'query T\nSELECT union_value(a := NULL::INT)\n----\nNULL',
    'query T\nSELECT union_value(a := NULL::INT)\n----\n0',
    'row 1',
  ],
  [
    'VARIANT in lists',
    'query T\nSELECT [100::VARIANT, 1.2]\n----\n[100, 1.2]',
    'query T\nSELECT [100::VARIANT, 1.2]\n----\n[100, 1.3]',
    'row 1',
  ],
  ['BIGNUM', 'query T\nSELECT 0::BIGNUM\n----\n0', 'query T\nSELECT 0::BIGNUM\n----\n1', 'row 1'],
  [
    'JSON in lists',
    "query T\nSELECT ['[1, 2]'::JSON]\n----\n[[1, 2]]",
    "query T\nSELECT ['[1, 2]'::JSON]\n----\n['[1, 2]']",
    'row 1',
  ],
  [
    'GEOMETRY in lists',
    "query T\nSELECT ['POINT(1 2)'::GEOMETRY]\n----\n['POINT (1 2)']",
    "query T\nSELECT ['POINT(1 2)'::GEOMETRY]\n----\n['POINT (1 3)']",
    'row 1',
  ],
  [
    'types as values',
    'query TT\nSELECT get_type(1), get_type([1])\n----\nINTEGER\tINTEGER[]',
    'query TT\nSELECT get_type(1), get_type([1])\n----\nINTEGER\tBIGINT[]',
    'row 1, column 2',
  ],
  [
    'times with a zone in a list',
    "statement ok\nSET TimeZone = 'Asia/Tokyo'\n\nquery T\nSELECT [TIMESTAMPTZ '2020-01-01 00:00:00+00']\n----\n['2020-01-01 09:00:00+09']",
    "statement ok\nSET TimeZone = 'Asia/Tokyo'\n\nquery T\nSELECT [TIMESTAMPTZ '2020-01-01 00:00:00+00']\n----\n['2020-01-01 00:00:00+00']",
    'line 4: wrong result in row 1',
  ],
  [
    'NULL of BOOLEAN',
    'query II\nSELECT NULL::BOOLEAN, NULL::BOOLEAN\n----\nNULL\tnull',
    'query I\nSELECT NULL::BOOLEAN\n----\nfalse',
    'row 1',
  ],
  ['NULL', 'query T\nSELECT NULL\n----\nNULL', "query T\nSELECT ''\n----\nNULL", 'line 1: wrong result in row 1'],
  [
    '(empty)',
    "query T\nSELECT ''\n----\n(empty)",
    'query T\nSELECT NULL\n----\n(empty)',
    'line 1: wrong result in row 1',
  ],
  [
    'nosort',
    'query I nosort\nVALUES (2), (1)\n----\n2\n1',
    'query I nosort\nVALUES (2), (1)\n----\n1\n2',
    'line 1: wrong result in row 1',
  ],
  [
    'rowsort',
    'query II rowsort\nVALUES (2, 1), (1, 3)\n----\n1\t3\n2\t1',
    'query II rowsort\nVALUES (2, 1), (1, 3)\n----\n2\t1\n1\t3',
    'line 1: wrong result in row 1',
  ],
  [
    'valuesort',
    'query II valuesort\nVALUES (2, 1), (1, 3)\n----\n1\n1\n2\n3',
    'query II valuesort\nVALUES (2, 1), (1, 3)\n----\n1\n3\n2\n1',
    'line 1: wrong result in row 1, column 2',
  ],
  [
    'sorting by bytes',
    "query T rowsort\nVALUES ('\u{1f986}'), ('\uffee')\n----\n\uffee\n\u{1f986}",
    "query T rowsort\nVALUES ('\u{1f986}'), ('\uffee')\n----\n\u{1f986}\n\uffee",
    'line 1: wrong result in row 1',
  ],
  [
    'a label',
    'query I rowsort same\nVALUES (2), (1)\n\nquery I rowsort same\nVALUES (1), (2)',
    'query I nosort same\nVALUES (2), (1)\n\nquery I nosort same\nVALUES (1), (2)',
    'line 4: the result differs from the earlier one of label same',
  ],
  [
    'a label with values',
    'query I nosort same\nSELECT 1\n----\n1',
    'query I nosort same\nSELECT 1\n----\n2',
    'line 1: wrong result in row 1',
  ],
  [
    'reset label',
    'query I nosort l\nSELECT 1\n\nreset label l\n\nquery I nosort l\nSELECT 2',
    'reset label l',
    'line 1: no query had the label l',
  ],
  [
    'a hash',
    `query IT rowsort\nVALUES (2, NULL), (1, '')\n----\n${hash(['1', '(empty)', '2', 'NULL'])}`,
    `query IT rowsort\nVALUES (2, NULL), (1, '')\n----\n${hash(['1', '(empty)', '2', 'null'])}`,
    'line 1: the result has another hash',
  ],
  [
    'hash-threshold',
    `hash-threshold 2\n\nquery I\nFROM range(3)\n----\n${hash(['0', '1', '2'])}`,
    'hash-threshold 2\n\nquery I\nFROM range(3)\n----\n0\n1',
    `line 3: expected 2 rows, got 3: ${hash(['0', '1', '2'])}`,
  ],
  [
    '<REGEX>:',
    "query T\nSELECT 'a\nbc'\n----\n<REGEX>:a.*c",
    "query T\nSELECT 'abc'\n----\n<REGEX>:ab",
    'line 1: wrong result',
  ],
  [
    '<!REGEX>:',
    "query T\nSELECT 'abc'\n----\n<!REGEX>:x.*",
    "query T\nSELECT 'abc'\n----\n<!REGEX>:a.*",
    'line 1: wrong result',
  ],
  [
    'RE2 syntax',
    "query T\nSELECT 'ABC1'\n----\n<REGEX>:(?i)abc[[:digit:]]",
    "query T\nSELECT 'ABCD'\n----\n<REGEX>:(?i)abc[[:digit:]]",
    'line 1: wrong result',
  ],
  [
    'a malformed pattern',
    "query T\nSELECT 'a'\n----\n<REGEX>:(a)",
    "query T\nSELECT 'a'\n----\n<REGEX>:(a",
    'line 1: Invalid Input Error: missing ): (a',
  ],
  [
    'an integer written otherwise',
    'query I\nSELECT 1\n----\n1.0',
    'query I\nSELECT 1\n----\n1.6',
    'line 1: wrong result',
  ],
  ['a decimal', 'query R\nSELECT 1.50\n----\n1.5', 'query R\nSELECT 1.50\n----\n1.51', 'line 1: wrong result'],
  [
    'a double within one percent',
    'query R\nSELECT 100::DOUBLE\n----\n100.9',
    'query R\nSELECT 100::DOUBLE\n----\n101.1',
    'line 1: wrong result',
  ],
  [
    'nan',
    "query R\nSELECT 'nan'::DOUBLE\n----\nNaN",
    "query R\nSELECT 'inf'::DOUBLE\n----\nNaN",
    'line 1: wrong result',
  ],
  [
    'a number that is NULL',
    'query I\nSELECT NULL::INT\n----\nNULL',
    'query I\nSELECT NULL::INT\n----\n0',
    'line 1: wrong',
  ],
  ['booleans', 'query T\nSELECT true\n----\nTrue', 'query T\nSELECT true\n----\nfalse', 'line 1: wrong result'],
  ['booleans as digits', 'query I\nSELECT false\n----\n0', 'query I\nSELECT false\n----\n1', 'line 1: wrong result'],
  [
    'text is compared as text',
    "query T\nSELECT '1.0'\n----\n1.0",
    "query T\nSELECT '1.0'\n----\n1",
    'line 1: wrong result in row 1',
  ],
  [
    'let',
    "let a\nSELECT 'x.y'\n\nquery T\nSELECT '${a}'\n----\nx.y",
    'let a\nFROM range(2)',
    'line 1: let a needs one row',
  ],
  [
    'let of NULL',
    'let a\nSELECT 0',
    'let a\nSELECT NULL',
    'line 1: let a needs one row with one value that is not NULL',
  ],
  ['let that fails', 'let a\nSELECT 1', 'let a\nSELECT nothing', 'line 1: let a: the query failed'],
  [
    'a variable in a pattern is literal',
    "let a\nSELECT 'x.y'\n\nquery T\nSELECT '<x.y>'\n----\n<REGEX>:.${a}.",
    "let a\nSELECT 'x.y'\n\nquery T\nSELECT '<xzy>'\n----\n<REGEX>:.${a}.",
    'line 4: wrong result',
  ],
  [
    'loop',
    'loop i 0 3\n\nquery I\nSELECT ${i} + {i}\n----\n<REGEX>:[024]\n\nendloop',
    'loop i 0 3\n\nquery I\nSELECT ${i}\n----\n0\n\nendloop',
    'line 3: wrong result',
  ],
  [
    'nested loops and foreach',
    "loop i 0 2\n\nforeach t integer bigint\n\nquery T\nSELECT typeof(${i}::${t}) = upper('${t}')\n----\ntrue\n\nendloop\n\nendloop",
    'loop i 0 2\n\nforeach t integer bigint\n\nquery T\nSELECT typeof(${i}::${t})\n----\nINTEGER\n\nendloop\n\nendloop',
    'line 5: wrong result',
  ],
  [
    'continue, and a condition with two equals signs',
    'loop i 0 3\n\nonlyif i==1\ncontinue\n\nquery I\nSELECT ${i} <> 1\n----\n1\n\nendloop',
    'loop i 0 3\n\nonlyif i==2\ncontinue\n\nquery I\nSELECT ${i} <> 1\n----\n1\n\nendloop',
    'line 6: wrong result in row 1',
  ],
  [
    'conditions in a loop',
    'loop i 0 3\n\nskipif i=1\nquery I\nSELECT ${i} <> 1\n----\n1\n\nonlyif i>=1&&i<2\nquery I\nSELECT ${i}\n----\n1\n\nendloop',
    'loop i 0 3\n\nskipif i=2\nquery I\nSELECT ${i} <> 1\n----\n1\n\nendloop',
    'line 4: wrong result',
  ],
  [
    'concurrentloop',
    'concurrentloop i 0 4\n\nquery I\nSELECT ${i}\n----\n${i}\n\nendloop',
    'concurrentloop i 0 4\n\nquery I\nSELECT ${i}\n----\n0\n\nendloop',
    'line 3: wrong result',
  ],
  [
    'patterns in concurrent rounds',
    'concurrentloop i 0 20\n\nquery I\nSELECT ${i}\n----\n<REGEX>:\\d+\n\nendloop',
    'concurrentloop i 0 20\n\nquery I\nSELECT ${i}\n----\n<REGEX>:\\d\n\nendloop',
    'line 3: wrong result',
  ],
  [
    'concurrentforeach',
    "concurrentforeach x a b\n\nquery T\nSELECT '${x}'\n----\n${x}\n\nendloop",
    "concurrentforeach x a b\n\nquery T\nSELECT '${x}'\n----\na\n\nendloop",
    'line 3: wrong result',
  ],
  [
    'named connections',
    'statement ok con1\nBEGIN\n\nstatement ok con1\nCREATE TABLE t (a INT)\n\nquery I con1\nSELECT count(*) FROM t\n----\n0\n\nstatement error con2\nFROM t\n----\ndoes not exist',
    'statement ok con1\nBEGIN\n\nstatement ok con1\nCREATE TABLE t (a INT)\n\nstatement ok con2\nFROM t',
    'line 7: the statement failed',
  ],
  [
    'set seed',
    'set seed 0.5\n\nlet first\nSELECT random()\n\nset seed 0.5\n\nquery T\nSELECT random()::VARCHAR\n----\n${first}',
    'set seed 0.5\n\nlet first\nSELECT random()\n\nquery T\nSELECT random()::VARCHAR\n----\n${first}',
    'line 6: wrong result',
  ],
  [
    'set always_fail_error_messages',
    'statement error\nSELECT nothing\n----\nBinder',
    'set always_fail_error_messages Binder, other\n\nstatement error\nSELECT nothing\n----\nBinder',
    'line 3: an error with "Binder" is never expected',
  ],
  [
    'an internal error',
    "statement error\nSELECT error('EXTERNAL')\n----\nEXTERNAL",
    "statement error\nSELECT error('INTERNAL')\n----\nINTERNAL",
    'line 1: an error with "INTERNAL" is never expected',
  ],
  [
    'load, restart and what they keep',
    'load __TEST_DIR__/a.db\n\nstatement ok\nCREATE TABLE t AS SELECT 1\n\nrestart\n\nstatement ok\nFROM t\n\nload {TEST_DIR}/a.db readonly\n\nstatement error\nDROP TABLE t\n----\nread-only',
    'load __TEST_DIR__/a.db\n\nstatement ok\nCREATE TABLE t AS SELECT 1\n\nload __TEST_DIR__/a.db\n\nstatement ok\nFROM t',
    'line 8: the statement failed',
  ],
  [
    'restart',
    'load __TEST_DIR__/a.db\n\nstatement ok\nCREATE TABLE t (i INT)\n\nrestart\n\nquery I\nFROM t\n----\n',
    'statement ok\nCREATE TABLE t (i INT)\n\nrestart\n\nquery I\nFROM t\n----\n',
    'line 6: the query failed',
  ],
  [
    'load of what is no database',
    'load __TEST_DIR__/a.db\n\nload',
    "statement ok\nCOPY (SELECT 'no database') TO '__TEST_DIR__/a.db' (FORMAT csv)\n\nload __TEST_DIR__/a.db readonly",
    'line 4: IO Error',
  ],
  [
    'reconnect',
    'statement ok\nCREATE TEMP TABLE t (a INT)\n\nreconnect\n\nstatement error\nFROM t\n----\ndoes not exist',
    'statement ok\nCREATE TEMP TABLE t (a INT)\n\nreconnect\n\nstatement ok\nFROM t',
    'line 6: the statement failed',
  ],
  [
    'unzip',
    `unzip ${import.meta.dirname}/fixtures/words.txt.gz\n\nquery T\nSELECT content FROM read_text('__TEST_DIR__/words.txt')\n----\none`,
    'unzip missing.gz',
    'line 1: ENOENT',
  ],
  [
    'an expected file',
    `query II\nSELECT 1 AS a, NULL AS b\n----\n<FILE>:${import.meta.dirname}/fixtures/expected.csv`,
    `query II\nSELECT 2 AS a, NULL AS b\n----\n<FILE>:${import.meta.dirname}/fixtures/expected.csv`,
    'line 1: wrong result in row 1, column 1 (a)',
  ],
  [
    'an unknown directive',
    'statement ok\nSELECT 1',
    'statement ok\nSELECT 1\n\nquarry I\nSELECT 1',
    'line 4: unknown directive "quarry"',
  ],
] as const;

describe('an expectation holds when right, fails the file when wrong', () => {
  for (const [name, right, wrong, failure] of pairs) {
    test(name, async () => {
      expect(await outcomeOf(right)).toBe('passed');
      expect(await outcomeOf(wrong)).toContain(failure);
    });
  }
});

describe('values read as DuckDB casts them to text', () => {
  for (const [sql, text] of [
    ['1e16::DOUBLE', '1e+16'],
    ['1::DOUBLE', '1.0'],
    ['0.1::FLOAT', '0.1'],
    ["'a' || chr(0)", 'a\\0'],
    ["['a, b', NULL, '']", "['a, b', NULL, '']"],
    ["{'a': [1.0::DOUBLE]}", "{'a': [1.0]}"],
    ["MAP {'k': true}", '{k=true}'],
    ["'\\xAA'::BLOB", '\\xAA'],
    ["TIMESTAMP '2024-01-01 00:00:00.5'", '2024-01-01 00:00:00.5'],
    ["INTERVAL '1 year 2 days'", '1 year 2 days'],
    ["'01'::BIT", '01'],
    ["{'a': 1}::VARIANT", "{'a': 1}"],
    ["'POINT(1 2)'::GEOMETRY", 'POINT (1 2)'],
    ['5::UNION(a INT, b VARCHAR)', '5'],
    ["'x'::ENUM('x')", 'x'],
    ['170141183460469231731687303715884105727', '170141183460469231731687303715884105727'],
  ] as const) {
    test(sql, async () => expect(await outcomeOf(`query T\nSELECT ${sql}\n----\n${text}`)).toBe('passed'));
  }

  test('more values than fit one cast', async () => {
    expect(
      await outcomeOf(
        'query RR\nSELECT sum(a), count(*) FROM (SELECT unnest(range(5000))::DOUBLE AS a)\n----\n12497500.0\t5000',
      ),
    ).toBe('passed');
    const values = Array.from({ length: 5_000 }, (_, value) => `${value}.0`);
    expect(await outcomeOf(`query R\nSELECT range::DOUBLE FROM range(5000)\n----\n${hash(values)}`)).toBe('passed');
  });

  test('TIMESTAMPTZ in the time zone of the connection', async () => {
    const text =
      "statement ok con1\nSET TimeZone = 'Asia/Tokyo'\n\nquery T con1\nSELECT TIMESTAMPTZ '2024-01-01 00:00:00Z'\n----\n2024-01-01 09:00:00+09";
    expect(await outcomeOf(text)).toBe('passed');
  });
});

test('a failure tells the SQL that ran, and what was expected beside what came', async () => {
  const result = await runText('loop i 3 4\n\nquery II\nSELECT ${i} AS a, NULL AS b\n----\n${i}\tx\n\nendloop');
  expect(result).toMatchObject({
    status: 'failed',
    failure: {
      line: 3,
      detail: { sql: 'SELECT 3 AS a, NULL AS b', comparison: { expected: ['3\tx'], got: ['3\tNULL'] } },
    },
  });
});
