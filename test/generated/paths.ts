// Settings that take a query other ways to the same rows.
import { rules } from '../../engine/plan/optimize.ts';

/** All switches of short cuts, thrown. */
export const noFastPaths: Record<string, string> = {
  colonnade_plain_joins: '1',
  optimizer_rules_off: rules.map((rule) => rule.name).join(','),
  kernel_paths_off: 'all',
  use_skip_indexes: '0',
  optimize_use_projections: '0',
  optimize_use_materialized_views: '0',
  max_threads: '1',
};

/** Nothing stays in memory. */
export const allInFiles: Record<string, string> = Object.fromEntries(
  ['group_by', 'sort', 'join'].map((what) => [`max_bytes_before_external_${what}`, '1']),
);
