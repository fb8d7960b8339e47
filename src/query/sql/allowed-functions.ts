// What SQL of clients may call, with the reason. Everything else is refused: a function that DuckDB gains is refused until it is listed.
//
// What may be listed reads nothing but its arguments (no files, no network, no settings, no secrets, no other statements), changes
// nothing, does not wait, and makes no result that is out of proportion to its arguments: DuckDB counts neither the texts nor the
// lists of an expression as memory, and cannot be interrupted while it computes one.

/** How much longer than its arguments a result may be. */
export type Growth =
  /** No longer than the longest. */
  | 'longest'
  /** All of them together. */
  | 'sum'
  /** So many times the longest. */
  | number
  /** As often the first as the constant texts behind it have characters: others than constants are refused. */
  | 'by constants';

export interface FunctionGroup {
  readonly why: string;
  readonly names: string;
  readonly growth?: Growth;
}

export const functionGroups: readonly FunctionGroup[] = [
  {
    why: 'Operators and comparisons.',
    names:
      '+ - * / // % ** ^ & | << >> ~ @ abs xor ~~ !~~ ~~* !~~* ~~~ like_escape not_like_escape ilike_escape not_ilike_escape ^@',
  },
  {
    why: 'Choices between arguments.',
    names: 'coalesce ifnull nullif if greatest least constant_or_null',
  },
  {
    why: 'Numbers.',
    names:
      'acos asin atan atan2 bit_count cbrt ceil ceiling cos cot degrees divide even exp fdiv floor fmod gamma gcd isfinite isinf isnan lcm ln log log10 log2 mod multiply nextafter pi pow power radians random round round_even sign signbit sin sqrt subtract add tan trunc',
  },
  {
    why: 'Times.',
    names:
      'age ago century current_date current_localtime current_localtimestamp current_time current_timestamp date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_ns epoch_us era get_current_time get_current_timestamp hour isodow isoyear julian last_day localtime localtimestamp make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond millennium millisecond minute month monthname nanosecond normalized_interval now quarter second time_bucket timezone timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today transaction_timestamp week weekday weekofyear year yearweek',
  },
  {
    why: 'Times as text and back. A format gives some characters for each of its own.',
    names: 'strftime strptime try_strptime',
    growth: 'by constants',
  },
  {
    why: 'Looks at texts, and parts of them.',
    names:
      'ascii bit_length char_length character_length contains damerau_levenshtein ends_with hamming instr jaccard jaro_similarity jaro_winkler_similarity left length len levenshtein lower lcase ltrim md5 nfc_normalize octet_length ord parse_dirname parse_dirpath parse_filename position prefix regexp_extract regexp_full_match regexp_matches reverse right rtrim sha1 sha256 split_part starts_with strip_accents strlen strpos substr substring suffix translate trim ucase unicode upper chr',
  },
  {
    why: 'Texts put together.',
    names: '|| concat concat_ws',
    growth: 'sum',
  },
  {
    why: 'Texts put in place of others: bounded because the new text is a constant.',
    names: 'replace regexp_replace',
    growth: 'by constants',
  },
  {
    why: 'Parts of a text as a list. An item takes 16 bytes, however short it is.',
    names:
      'regexp_extract_all regexp_split_to_array split str_split str_split_regex string_split string_split_regex string_to_array',
    growth: 16,
  },
  {
    why: 'Numbers and bytes as text.',
    names:
      'bin format_bytes formatReadableDecimalSize formatReadableSize hex to_hex to_base64 base64 encode decode url_decode',
    growth: 8,
  },
  {
    why: 'Attributes, which are JSON.',
    names:
      '-> ->> json_array_length json_contains json_exists json_extract json_extract_path json_extract_path_text json_extract_string json_keys json_type json_valid json_value',
    growth: 4,
  },
  {
    why: 'Values as JSON. A character may take six.',
    names: 'json_array json_object json_quote to_json',
    growth: 6,
  },
  {
    why: 'Lists: of exemplars, buckets and bounds.',
    names:
      'array_extract array_length array_position cardinality element_at list_any_value list_avg list_contains list_has list_has_all list_has_any list_count list_distinct list_element list_extract list_first list_last list_max list_median list_min list_position list_product list_reverse list_reverse_sort list_slice list_sort list_stddev_pop list_stddev_samp list_sum list_unique list_var_pop list_var_samp map_contains map_extract map_extract_value map_keys map_values array_slice flatten struct_extract struct_extract_at unnest',
  },
  {
    why: 'Lists and structs made of arguments.',
    names: 'list_value list_pack list_concat list_cat list_append list_prepend list_zip map row struct_pack',
    growth: 'sum',
  },
  {
    why: 'What a value is.',
    names: 'typeof hash',
  },
  {
    why: 'Aggregates: DuckDB counts what they hold as memory, or it is bounded by what the process may grow by.',
    names:
      'any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat histogram kurtosis last list listagg mad max max_by mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp string_agg sum sum_no_overflow var_pop var_samp variance wavg weighted_avg',
  },
  {
    why: 'Windows.',
    names:
      'cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number',
  },
];

/** How functions grow, by name. */
export const allowedFunctions: ReadonlyMap<string, Growth> = new Map(
  functionGroups.flatMap(({ names, growth = 'longest' }) =>
    names.split(' ').map((name): [string, Growth] => [name.toLowerCase(), growth]),
  ),
);

/** Table functions of DuckDB that read nothing but their arguments. They give rows as they are asked for them. */
export const allowedTableFunctions: ReadonlySet<string> = new Set(['generate_series', 'json_each', 'range', 'unnest']);

/**
 * Functions of ours that answer questions about the tables. Not: functions that start, stop or change something, that read files,
 * that remember what was read (`otlp_tail`), and those that begin another query, which would wait for a place that this one holds.
 */
export const summaryFunctions: ReadonlySet<string> = new Set([
  'otlp_anomalies',
  'otlp_errors',
  'otlp_impact',
  'otlp_live_logs',
  'otlp_live_metrics_exp_histogram',
  'otlp_live_metrics_gauge',
  'otlp_live_metrics_histogram',
  'otlp_live_metrics_sum',
  'otlp_live_metrics_summary',
  'otlp_live_traces',
  'otlp_root_cause',
  'otlp_search_logs',
  'otlp_service_health',
  'otlp_service_map',
  'otlp_services',
  'otlp_slow',
  'otlp_trace',
]);

/** Functions of ours that say how servers are. None of them shows a token, or the texts of other clients' queries. */
export const statusFunctions: ReadonlySet<string> = new Set([
  'otlp_dead_letter_list',
  'otlp_metrics',
  'otlp_query_server_list',
  'otlp_seal_list',
  'otlp_server_list',
]);

/** Types that values may be cast to. Arrays of a fixed size and ENUMs take memory that their values do not. */
export const allowedTypes: ReadonlySet<string> = new Set([
  'BIGINT',
  'BLOB',
  'BOOLEAN',
  'DATE',
  'DECIMAL',
  'DOUBLE',
  'FLOAT',
  'HUGEINT',
  'INTEGER',
  'INTERVAL',
  'JSON',
  'SMALLINT',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIMESTAMP_S',
  'TIMESTAMPTZ',
  'TINYINT',
  'UBIGINT',
  'UHUGEINT',
  'UINTEGER',
  'USMALLINT',
  'UTINYINT',
  'UUID',
  'VARCHAR',
]);
