// Settings under which the rows of a materialised view are those that any query would compute itself.

import type { Settings } from '../settings.ts';

/** Bounds, ways of working and forms of answers: what a query means does not depend on them. */
const harmless =
  /^(max_|min_|insert_|async_insert|wait_|log_|send_|http_|output_format_|input_format_|format_|add_http|cancel_http|enable_http|priority$|queue_|readonly$|default_format$|limit$|offset$|statement_cache|statement_timeout|optimize_|force_|preferred_|use_skip_indexes|kernel_paths_off|optimizer_rules_off|colonnade_|materialized_views_ignore_errors|mutations_sync|alter_sync|final$|exact_rows|extremes$|allow_|enable_)/;

/** A changed setting that may make a query mean something else; undefined when none is. */
export const meaningSetting = ({ changed }: Settings): string | undefined =>
  [...changed.keys()].find((name) => !harmless.test(name));
