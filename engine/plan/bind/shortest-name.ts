// What a column is called in a result: the shortest of `a`, `t.a` and `db.t.a` that means it and no other.

import { findSource, type Scope, type Source } from './scope.ts';

/** @param key of the column's expression; @param source its table */
export function shortestName(scope: Scope, name: string, source: Source, key: string): string {
  if (means(scope, name, source, key)) return name;
  const table = source.alias ?? source.table;
  if (table === undefined) return name;
  if (findSource(scope, [table]) === source || source.database === undefined)
    return `${table}.${name}`;
  return `${source.database}.${source.table}.${name}`;
}

/** Whether the bare name is that column. */
export function means(scope: Scope, name: string, source: Source, key: string): boolean {
  const alias = scope.aliases.get(name);
  if (alias && !isItself(scope, name, source)) return false;
  const merged = scope.merged.get(name);
  if (merged) return merged.left === key;
  const hits = scope.sources.filter((s) => s.byName.has(name));
  if (hits.length < 2) return true;
  const preferLeft =
    scope.sources.length === 2 && scope.ctx.settings.bool('single_join_prefer_left_table');
  return preferLeft && hits[0] === source;
}

/** `a AS a`: the alias hides nothing. */
function isItself(scope: Scope, name: string, source: Source): boolean {
  const ast = scope.aliases.get(name)?.ast;
  if (ast?.kind !== 'Identifier') return false;
  const [last, table] = ast.parts.toReversed().map((part) => part.name);
  return last === name && (table === undefined || table === (source.alias ?? source.table));
}
