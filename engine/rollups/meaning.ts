// Settings under which the rows of a materialised view are those that any query would compute itself.

import { type Settings, settingDefinitions } from '../settings/index.ts';

/** Bounds, ways of working and forms of answers: what a query means does not depend on them. */
const harmless =
  /^(max_|min_|insert_|async_insert|wait_|log_|send_|http_|output_format_|input_format_|format_|add_http|cancel_http|enable_http|optimize_|force_|preferred_|kernel_paths_off|optimizer_rules_off|exact_rows|allow_|enable_)|^(priority|readonly|default_format|limit|offset|use_skip_indexes|materialized_views_ignore_errors|mutations_sync|alter_sync|final|extremes|SQL_\w+|custom_\w+)$/;

/** A changed setting that may make a query mean something else; undefined when none is. What ClickHouse does
 *  not have, the server's own affairs, makes none. */
export const meaningSetting = ({ changed }: Settings): string | undefined =>
  [...changed.keys()].find((name) => !harmless.test(name) && !settingDefinitions.get(name)?.own);
