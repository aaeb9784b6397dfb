// Random SELECTs: a shape from shapes/, and settings that change what it means.
import type { Random } from './random.ts';
import { combined, flat, grouped, nested, unfolded } from './shapes/basic.ts';
import { cut, filled, merged } from './shapes/clauses.ts';
import { joined, joinedFurther, nearest } from './shapes/joins.ts';
import type { Query } from './shapes/parts.ts';
import { filtered, recursive, scalars } from './shapes/subqueries.ts';
import { qualified, ranged, windowed } from './shapes/windows.ts';

const shapes: readonly (readonly [number, (random: Random) => Query])[] = [
  [6, flat],
  [6, grouped],
  [4, joined],
  [1, nearest],
  [2, joinedFurther],
  [3, nested],
  [2, filtered],
  [1, scalars],
  [0.3, recursive],
  [3, windowed],
  [1, ranged],
  [1, qualified],
  [2, combined],
  [1, unfolded],
  [1, filled],
  [2, cut],
  [1, merged],
];

/** Settings that change answers, not only the way to them. */
const meanings = [
  'join_use_nulls = 1',
  'group_by_use_nulls = 1',
  'transform_null_in = 1',
  'aggregate_functions_null_for_empty = 1',
  'cast_keep_nullable = 1',
  'prefer_column_name_to_alias = 1',
  'enable_extended_results_for_datetime_functions = 1',
  "default_null_order = 'nulls_first'",
];

export function query(random: Random): Query {
  const { sql, ordered, settings: needed = [] } = random.weighted(shapes)(random);
  // behind sets of rows they would be those of the last part
  const free = random.chance(0.15) && !/ (UNION|INTERSECT|EXCEPT) /.test(sql);
  const wanted = free ? [random.pick(meanings)] : [];
  const settings = [...new Set([...needed, ...wanted])];
  return { sql: settings.length > 0 ? `${sql} SETTINGS ${settings.join(', ')}` : sql, ordered };
}
