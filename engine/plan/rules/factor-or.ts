// (a AND b) OR (a AND c) is a AND (b OR c): what all branches ask for can be a key of a join. And what each
// branch asks of one table can be asked of that table alone, before any join.

import { callExpr, conjuncts, type Expr } from '../expression.ts';

const branchesMax = 64;

function branches(e: Expr): Expr[] {
  return e.kind === 'call' && e.name === 'or' ? e.args.flatMap(branches) : [e];
}
const all = (list: readonly Expr[], op: 'and' | 'or'): Expr =>
  list.length === 1 ? (list[0] as Expr) : callExpr(op, list, 'UInt8');

/** Conditions that are together the same as `e`. */
export function common(e: Expr): Expr[] {
  if (e.kind !== 'call' || e.name !== 'or') return [e];
  const lists = branches(e).map(conjuncts);
  if (lists.length > branchesMax) return [e];
  const [first, ...others] = lists as [Expr[], ...Expr[][]];
  const keys = others.map((list) => new Set(list.map((x) => x.key)));
  const shared = first.filter((x) => keys.every((k) => k.has(x.key)));
  if (shared.length === 0) return [e];
  const gone = new Set(shared.map((x) => x.key));
  const rest = lists.map((list) => list.filter((x) => !gone.has(x.key)));
  // A branch that asks for nothing else makes the others idle.
  if (rest.some((list) => list.length === 0)) return shared;
  const left = callExpr(
    'or',
    rest.map((list) => all(list, 'and')),
    e.type,
  );
  return [...shared, left];
}

/** Weaker conditions over one table each that follow from `e`, a condition over several. */
export function perTable(e: Expr, tableOf: (e: Expr) => number | undefined): Expr[] {
  if (e.kind !== 'call' || e.name !== 'or' || tableOf(e) !== undefined) return [];
  const lists = branches(e).map(conjuncts);
  if (lists.length > branchesMax) return [];
  const tables = new Set(lists.flatMap((list) => list.map(tableOf)));
  tables.delete(undefined);
  return [...tables].flatMap((table) => {
    const own = lists.map((list) => list.filter((x) => tableOf(x) === table));
    if (own.some((list) => list.length === 0)) return [];
    return [
      callExpr(
        'or',
        own.map((list) => all(list, 'and')),
        'UInt8',
      ),
    ];
  });
}
