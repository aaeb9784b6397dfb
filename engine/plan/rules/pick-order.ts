// Reads a projection in another order, where the filter of a scan is on its first sort key; a segment
// without one is read itself.

import { type EngineError, fail } from '../../errors.ts';
import type { Planning } from '../context.ts';
import {
  type Column,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
  replaceColumns,
} from '../expression.ts';
import { inputs, type Node, type Rollup, type Scan, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { inScan } from '../rollups/below.ts';
import { isConstant } from '../rollups/keys.ts';
import { dependsOnZone } from '../rollups/time-buckets.ts';

/** Conditions that a sorted column answers by a search. */
const searched: ReadonlySet<string> = new Set([
  'equals',
  'less',
  'lessOrEquals',
  'greater',
  'greaterOrEquals',
]);

const searches = (condition: Expr, key: Expr): boolean =>
  (condition.kind === 'call' &&
    searched.has(condition.name) &&
    condition.args.some((a) => a.key === key.key) &&
    condition.args.some(isConstant)) ||
  (condition.kind === 'in' && !condition.negated && condition.expr.key === key.key);

/** Whether a projection has what the scan reads, in an order that its filter searches. */
function serves(rollup: Rollup, scan: Scan, needed: readonly string[], ctx: Planning): boolean {
  const { ordered } = rollup;
  const first = ordered?.keys[0];
  if (!ordered || !first || rollup.rows.projected === 0 || !scan.filter || scan.final) return false;
  const zoned = !/^(|UTC)$/.test(ctx.settings.text('session_timezone'));
  if (zoned && ordered.keys.some(dependsOnZone)) return false;
  if (!needed.every((name) => ordered.names.has(name))) return false;
  const conditions = conjuncts(scan.filter);
  const key = replaceColumns(first, inScan(rollup, scan));
  if (!conditions.some((c) => searches(c, key))) return false;
  // The table's own order serves as well.
  const own = scan.names.indexOf(scan.table.sortKey[0] ?? '');
  const column = scan.columns[own];
  return !column || !conditions.some((c) => searches(c, columnExpr(column)));
}

/** Names that a scan's consumers and its own filter use. */
function neededNames(scan: Scan): string[] {
  const ids = new Set(scan.columns.map((c) => c.id));
  if (scan.filter) columnsOf(scan.filter, ids);
  return scan.names.filter((_, i) => ids.has((scan.columns[i] as Column).id));
}

function reordered(scan: Scan, ctx: Planning): Scan {
  const all = scan.filter && ctx.settings.bool('optimize_use_projections');
  const choices = (all ? (scan.table.rollups?.() ?? []) : []).filter((rollup) =>
    serves(rollup, scan, neededNames(scan), ctx),
  );
  const preferred = ctx.settings.text('preferred_optimize_projection_name');
  const [cheapest] = [...choices].sort((a, b) => a.rows.rest - b.rows.rest);
  const best = choices.find((c) => c.name === preferred) ?? cheapest;
  return best ? { ...scan, table: best.part('reordered') } : scan;
}

const visit = (node: Node, ctx: Planning): Node =>
  node.kind === 'scan' ? reordered(node, ctx) : withInputs(node, (input) => visit(input, ctx));

const scansOf = (node: Node): Scan[] =>
  node.kind === 'scan' ? [node] : inputs(node).flatMap(scansOf);

/** The settings that make it an error to read no projection. */
function check(root: Node, ctx: Planning): void {
  if (!ctx.settings.bool('optimize_use_projections')) return;
  const name = ctx.settings.text('force_optimize_projection_name');
  if (!ctx.settings.bool('force_optimize_projection') && name === '') return;
  const scans = scansOf(root);
  const used = scans.some((s) => (name === '' ? s.table.projection : s.table.projection === name));
  if (!used && scans.length > 0) throw notUsed(name);
}

const notUsed = (name: string): EngineError =>
  fail(
    name === '' ? 'PROJECTION_NOT_USED' : 'INCORRECT_DATA',
    name === ''
      ? 'No projection is used when processing the query'
      : `Projection ${name} is not used when processing the query`,
    { hint: 'EXPLAIN shows what is read; leave force_optimize_projection out' },
  );

/** Behind prune-columns, when it is known which columns are read. */
export const pickOrder: Rule = {
  name: 'pick-order',
  doc: 'Reads a projection whose order serves the filter',
  apply(node, ctx) {
    const picked = visit(node, ctx);
    check(picked, ctx);
    return picked;
  },
};
