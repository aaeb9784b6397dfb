// Random SELECTs in the SQL that ClickHouse and DuckDB share in meaning, with the few words that differ as ⟨ours¦theirs⟩.
// Where ClickHouse's meaning is another than the standard's, ours runs under the setting that makes them one.
import type { Random } from '../random.ts';
import type { Query } from '../shapes/parts.ts';
import { joins } from './joins.ts';
import { selects } from './selects.ts';
import { subqueries } from './subqueries.ts';
import { windows } from './windows.ts';

export { worded } from './expressions.ts';
export { portableSetup } from './tables.ts';

const shapes = [...selects, ...joins, ...subqueries, ...windows];

export const portableQuery = (random: Random): Query => random.weighted(shapes)(random);

/** What makes ours mean what the standard says. */
export const portableSettings: Record<string, string> = {
  join_use_nulls: '1',
  cast_keep_nullable: '1',
  aggregate_functions_null_for_empty: '1',
  group_by_use_nulls: '1',
  union_default_mode: 'DISTINCT',
  session_timezone: 'UTC',
};
