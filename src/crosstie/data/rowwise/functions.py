"""What a `features.sql` may call: functions that give the same for the same row, wherever and whenever they run.

Nothing here reads a file, a setting, a clock or another row; nothing makes rows or chooses by chance. It is the list
of what is known to be safe, so that what a later engine brings is refused until somebody has looked at it.
"""

_MATH = """
abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp
factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least
least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round round_even
roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor
"""
_TEXT = """
ascii bar base64 bit_length char_length character_length chr concat concat_ws contains damerau_levenshtein editdist3
ends_with format from_base64 hamming hex ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left
left_grapheme len length length_grapheme levenshtein like_escape lower lpad ltrim md5 mismatches nfc_normalize
not_ilike_escape not_like_escape octet_length ord position prefix printf regexp_escape regexp_extract
regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array replace reverse right
right_grapheme rpad rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split
string_split_regex string_to_array strip_accents strlen strpos substr substring substring_grapheme suffix to_base
to_base64 to_hex translate trim ucase unicode upper url_decode url_encode
"""
_DATES = """
century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear julian last_day
make_date make_timestamp make_timestamp_ms microsecond millennium millisecond minute month monthname quarter second
strftime strptime time_bucket to_centuries to_days to_decades to_hours to_microseconds to_milliseconds to_millennia
to_minutes to_months to_quarters to_seconds to_weeks to_years try_strptime week weekday weekofyear year yearweek
"""
_LISTS = """
array_contains array_extract array_has array_has_all array_has_any array_length array_position array_to_string
element_at flatten list_append list_avg list_cat list_concat list_contains list_count list_distinct list_element
list_extract list_first list_has list_has_all list_has_any list_indexof list_intersect list_last list_max list_min
list_position list_reverse list_slice list_sort list_sum list_unique list_value list_pack
json_array_length json_contains json_exists json_extract json_extract_string json_type json_valid
"""
_CHOICE = "coalesce constant_or_null if ifnull nullif"
_SIGNS = "! % & && * ** + - ->> / // << <@ >> @ @> ^ ^@ | || ~ ~~ !~~ ~~* !~~* ~~~"

ALLOWED = frozenset(f"{_MATH} {_TEXT} {_DATES} {_LISTS} {_CHOICE} {_SIGNS}".split())

_CLOCK = """
ago age current_date current_localtime current_localtimestamp current_time current_timestamp get_current_time
get_current_timestamp localtime localtimestamp now today transaction_timestamp
"""
_CHANCE = "random setseed uuid uuidv4 uuidv7 gen_random_uuid nextval currval"
_SETTINGS = """
current_catalog current_database current_role current_schema current_setting current_user getenv getvariable
session_user user version
"""
_ROWS = "generate_series generate_subscripts range regexp_split_to_table repeat unnest unpivot_list"
_FILES = "glob parquet_scan read_blob read_csv read_csv_auto read_json read_json_auto read_parquet read_text"
_AGGREGATES = """
any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_min argmax argmin array_agg avg
bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp cume_dist
dense_rank entropy favg first first_value fsum group_concat histogram kurtosis lag last last_value lead list listagg
mad max max_by mean median min min_by mode nth_value ntile percent_rank product quantile quantile_cont quantile_disc
rank regr_slope reservoir_quantile row_number skewness stddev stddev_pop stddev_samp string_agg sum sumkahan var_pop
var_samp variance
"""
_ACROSS = (
    "looks at other rows; a request is one row. Work it out in a step, or learn it in training"
)

WHY = {
    **dict.fromkeys(_CLOCK.split(), "gives another value tomorrow; give the date as a column"),
    **dict.fromkeys(_CHANCE.split(), "gives another value each time; a row must always give the same"),
    **dict.fromkeys(_SETTINGS.split(), "depends on where it runs; a row must give the same everywhere"),
    **dict.fromkeys(_ROWS.split(), "makes more than one value of a row, or without end"),
    **dict.fromkeys(_FILES.split(), "reads files; a model sees nothing but the row"),
    **dict.fromkeys(_AGGREGATES.split(), _ACROSS),
}  # fmt: skip
"""Why some that people try are refused."""
