import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonOfType } from '../../src/host/output/value-json.js';
import { textOfType } from '../../src/host/output/value-text.js';

const TIME_ZONE = 'Asia/Kolkata';
let instance: DuckDBInstance;
let connection: Awaited<ReturnType<DuckDBInstance['connect']>>;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run(`SET TimeZone = '${TIME_ZONE}'`);
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function selected(expression: string) {
  const result = await connection.runAndReadAll(`SELECT ${expression}, (${expression})::VARCHAR`);
  const [value, text] = result.getRows()[0]!;
  return { type: result.columnType(0), value: value!, duckdbText: text };
}

for (const expression of [
  '42',
  '9223372036854775807',
  '-9007199254740993::BIGINT',
  '18446744073709551615::UBIGINT',
  '-170141183460469231731687303715884105727::HUGEINT',
  'true',
  "''",
  "'plain'",
  '-0.05::DECIMAL(5, 2)',
  '123456789012345678901234567890.5::DECIMAL(38, 1)',
  ...['1', '0', '-0.0', '0.1', '1e15', '1e16', '1e-4', '1e-5', '123456789012345678', '1.5e-7', '1e21', '1e300', '100']
    .concat(["'nan'", "'inf'", "'-inf'", '2.5e-4', '9999999999999998', '5e-324', '1.7976931348623157e308'])
    .map((number) => `${number}::DOUBLE`),
  ...['1', '16777216', '1e10', '0.1', '1e-5', '3.4e38', '3.14159', '1e-45'].map((number) => `${number}::FLOAT`),
  "DATE '2020-01-01'",
  "DATE '-44-03-15'",
  "'infinity'::DATE",
  "'-infinity'::DATE",
  "TIMESTAMP '2020-01-01 00:00:00'",
  "TIMESTAMP '2020-01-01 00:00:00.100'",
  "'-infinity'::TIMESTAMP",
  "TIMESTAMP '9999-12-31 23:59:59.999999'",
  "TIMESTAMP '10000-01-01 00:00:00'",
  "TIMESTAMP '1969-12-31 23:59:59.5'",
  "TIMESTAMP '2024-02-29 12:34:56.000001'",
  "'infinity'::TIMESTAMP_NS",
  "'1969-12-31 23:59:59.000000001'::TIMESTAMP_NS",
  "'2262-04-11 23:47:16.854775806'::TIMESTAMP_NS",
  "'2020-01-01 00:00:00.123456789'::TIMESTAMP_NS",
  "'2020-01-01 00:00:00.12'::TIMESTAMP_MS",
  "'2020-01-01 00:00:00'::TIMESTAMP_S",
  "TIMESTAMPTZ '2020-06-01 00:00:00+00'",
  "TIMESTAMPTZ '1800-06-01 00:00:00.5+00'",
  "'infinity'::TIMESTAMPTZ",
  "TIME '10:00:00.5'",
  "TIMETZ '10:00:00+02:30'",
  "INTERVAL '1 year 2 months -3 days 04:05:06.7'",
  "INTERVAL '0 days'",
  "'\\xAAa\\x00'::BLOB",
  "'101'::BIT",
  "UUID '00000000-0000-0000-0000-000000000001'",
  "'a b'::ENUM ('a b', 'c')",
  '[1, NULL, 3]',
  '[[1, NULL], NULL, []]',
  "['', 'null', 'NULL', 'Nullable', 'it''s', 'a\\b', 'a\"b', 'a, b', ' x', 'x ', 'a b', '[x]', '{', 'k=v', 'k:v', 'é']",
  "[TIMESTAMP '2020-01-01', NULL]",
  "[DATE '2020-01-01']",
  "[INTERVAL '1 day', INTERVAL '25 hours']",
  '[1.5::DOUBLE, 2::DOUBLE]',
  '[\'"x"\'::JSON, \'{"a": 1}\'::JSON]',
  "array_value('a', 'b c')",
  "{'a': 1, 'b c': 'x, y', 'it''s': NULL, 'a\\b': [1]}",
  "{'outer': {'inner': 'a:b'}}",
  "map {'a b': 1, 'it''s': NULL, '': 2}",
  "map {1: ['x']}",
  'map {}',
  "union_value(a := 'x y')",
  "[union_value(a := 'x')]",
  "{'a': [1, 2], 'b': 'x'}::VARIANT",
  '42::VARIANT',
]) {
  test(`${expression} reads as its cast to VARCHAR does`, async () => {
    const { type, value, duckdbText } = await selected(expression);
    expect(textOfType(type, TIME_ZONE)(value)).toBe(duckdbText);
  });
}

// A zone's offset is remembered by the hour; in this one it changes twice a year, on the half of UTC's hour.
test('times around a change of the offset each have their own', async () => {
  const zone = 'Australia/Lord_Howe';
  await connection.run(`SET TimeZone = '${zone}'`);
  const result = await connection.runAndReadAll(`SELECT moment, moment::VARCHAR FROM (
    SELECT unnest(generate_series(TIMESTAMPTZ '2026-04-04 14:00:00+00', TIMESTAMPTZ '2026-04-04 17:00:00+00', INTERVAL 10 MINUTE)) AS moment)`);
  await connection.run(`SET TimeZone = '${TIME_ZONE}'`);
  const text = textOfType(result.columnType(0), zone);
  expect(result.getRows().map(([moment]) => text(moment!))).toEqual(result.getRows().map(([, varchar]) => varchar));
});

for (const [expression, json] of [
  ['9223372036854775807', '9223372036854775807'],
  ['123456789012345678901234567890.5::DECIMAL(38, 1)', '123456789012345678901234567890.5'],
  ['0.1::FLOAT', '0.1'],
  ['1e16::DOUBLE', '1e+16'],
  ["'nan'::DOUBLE", '"NaN"'],
  ["'-inf'::DOUBLE", '"-Infinity"'],
  ['false', 'false'],
  ["'a\"\nb'", '"a\\"\\nb"'],
  [`'{"a":\n[1]}'::JSON`, '{"a": [1]}'],
  ["TIMESTAMP '2020-01-01 00:00:00'", '"2020-01-01 00:00:00"'],
  ['[1, NULL, 3]::BIGINT[]', '[1,null,3]'],
  ["{'a': 9223372036854775807, 'b': ['x', NULL]}", '{"a":9223372036854775807,"b":["x",null]}'],
  ["map {1: 'x'}", '{"1":"x"}'],
  ['union_value(a := 1)', '{"a":1}'],
  ["'\\xAA'::BLOB", '"\\\\xAA"'],
  ["{'a': [1, 2]}::VARIANT", '{"a":[1,2]}'],
] as const) {
  test(`${JSON.stringify(expression)} is ${json} in JSON`, async () => {
    const { type, value } = await selected(expression);
    expect(jsonOfType(type, TIME_ZONE)(value)).toBe(json);
    JSON.parse(json);
  });
}
