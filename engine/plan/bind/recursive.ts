// WITH RECURSIVE r AS (first rows UNION ALL a step that reads r).

import type { SetOperation } from '../../../sql/index.ts';
import { failAt, newColumn } from '../context.ts';
import type { Column } from '../expression.ts';
import type { Node } from '../logical.ts';
import { converted, supertype } from './common-type.ts';
import { bindQuery } from './query.ts';
import { type CommonEntry, nameText, readsTable, type Scope } from './scope.ts';

/** What `name` stands for: the whole recursion, or inside its step the rows that came last. */
export function recursiveNode(scope: Scope, entry: CommonEntry, name: string): Node {
  const { ctx } = scope;
  if (entry.working) {
    const columns = entry.working.columns.map((c) => newColumn(ctx, c.name, c.type));
    return { kind: 'working', table: entry.working.table, name, columns };
  }
  const { table } = entry;
  const refuse = (why: string): Error =>
    failAt(table.span, 'UNSUPPORTED_METHOD', `Recursive CTE \`${name}\` ${why}`, {
      hint: 'Write (SELECT first rows UNION ALL SELECT … FROM itself)',
    });
  const { query } = table;
  if (query.kind !== 'SetOperation' || query.op !== 'UNION') throw refuse('is not a UNION');
  const quantifier = query.quantifier ?? ctx.settings.text('union_default_mode').toUpperCase();
  if (quantifier !== 'ALL' && quantifier !== 'DISTINCT') {
    throw failAt(query.span, 'EXPECTED_ALL_OR_DISTINCT', 'UNION needs ALL or DISTINCT');
  }
  const { with: _with, orderBy: _order, limit: _limit, ...plain } = query;
  if (query.orderBy || query.limit) throw refuse('has ORDER BY or LIMIT behind its UNION');
  const half = (recursive: boolean): SetOperation => ({
    ...plain,
    ...(query.with ? { with: query.with } : {}),
    queries: query.queries.filter((q) => readsTable(q, name) === recursive),
  });
  if (half(false).queries.length === 0) throw refuse('has no part that does not read itself');
  const bind = (part: SetOperation): Node =>
    bindQuery(
      part.queries.length === 1 && !part.with ? (part.queries[0] as never) : part,
      entry.scope,
    ).node;
  const number = ctx.nextColumn++;
  const first = bind(half(false));
  const names = table.columns?.map((c) => nameText(ctx, c)) ?? first.columns.map((c) => c.name);
  if (names.length !== first.columns.length) {
    const text = `${names.length} column aliases for ${first.columns.length} columns`;
    throw failAt(table.span, 'BAD_ARGUMENTS', text);
  }
  // A step may make wider numbers of the ones it reads: it is bound until its types stay.
  let types = first.columns.map((c) => c.type);
  const tries = ctx.settings.number('recursive_cte_max_steps_in_type_inference');
  const subqueries = ctx.subqueries.length;
  for (let i = 0; ; i++) {
    ctx.subqueries.length = subqueries;
    entry.working = {
      table: number,
      columns: names.map((n, c) => ({ name: n, type: types[c] as string })),
    };
    let step: Node;
    try {
      step = bind(half(true));
    } finally {
      delete entry.working;
    }
    if (step.columns.length !== types.length) {
      const text = `The step of \`${name}\` has ${step.columns.length} column(s), its first rows ${types.length}`;
      throw failAt(query.span, 'UNION_ALL_RESULT_STRUCTURES_MISMATCH', text);
    }
    const next = types.map((type, c) => {
      const other = (step.columns[c] as Column).type;
      const common = supertype(ctx, [type, other]);
      if (common !== undefined) return common;
      const text = `Column \`${names[c]}\` of \`${name}\` is ${type} in the first rows and ${other} in the step`;
      throw failAt(query.span, 'NO_COMMON_TYPE', text);
    });
    if (i < tries && next.some((type, c) => type !== types[c])) {
      types = next;
      continue;
    }
    return {
      kind: 'recursive',
      table: number,
      name,
      first: converted(ctx, first, types),
      step: converted(ctx, step, types),
      stepsMax: ctx.settings.number('max_recursive_cte_evaluation_depth'),
      distinct: quantifier === 'DISTINCT',
      columns: first.columns.map((c, i2) => newColumn(ctx, c.name, types[i2] as string)),
    };
  }
}
