// The words of `foreach`: a word is a value, the name of a list of values in angle brackets, or `!value`, which takes
// a value back out.

const signed = ['tinyint', 'smallint', 'integer', 'bigint', 'hugeint'];
const unsigned = ['utinyint', 'usmallint', 'uinteger', 'ubigint', 'uhugeint'];
const integral = [...signed, ...unsigned];
const numeric = [...integral, 'float', 'double'];

/** The columns of DuckDB's `test_all_types()` that its own tests loop over. */
const allTypesColumns = `bool tinyint smallint int bigint hugeint uhugeint utinyint usmallint uint ubigint date time
  timestamp timestamp_s timestamp_ms timestamp_ns time_tz timestamp_tz float double dec_4_1 dec_9_4 dec_18_6 dec38_10
  uuid interval varchar blob bit small_enum medium_enum large_enum int_array double_array date_array timestamp_array
  timestamptz_array varchar_array nested_int_array struct struct_of_arrays array_of_structs map union fixed_int_array
  fixed_varchar_array fixed_nested_int_array fixed_nested_varchar_array fixed_struct_array struct_of_fixed_array
  fixed_array_of_int_list list_of_fixed_int_array`.split(/\s+/);

const lists = new Map<string, readonly string[]>([
  ['<signed>', signed],
  ['<unsigned>', unsigned],
  ['<integral>', integral],
  ['<numeric>', numeric],
  ['<alltypes>', [...numeric, 'bool', 'interval', 'varchar']],
  ['<compression>', ['none', 'uncompressed', 'rle', 'bitpacking', 'dictionary', 'fsst', 'dict_fsst', 'alp', 'alprd']],
  ['<all_types_columns>', allTypesColumns],
]);

export function expandForeachWords(words: readonly string[]): string[] {
  const values: string[] = [];
  for (const word of words) {
    const list = lists.get(word.toLowerCase());
    const excluded = word.startsWith('!') ? values.indexOf(word.slice(1)) : -1;
    if (list !== undefined) values.push(...list);
    else if (excluded >= 0) values.splice(excluded, 1);
    else values.push(word);
  }
  return values;
}
