// PASTE JOIN: the n-th row of one side beside the n-th of the other, as far as both go. The rows are
// numbered in the order in which they come; the numbers are what is joined and sorted by.

import type { Join } from '../../../../sql/index.ts';
import { failAt, newColumn } from '../../context.ts';
import { type Column, columnExpr } from '../../expression.ts';
import type { Node } from '../../logical.ts';
import type { FrameJson } from '../../physical/wire.ts';
import type { Scope } from '../scope.ts';
import type { BoundFrom } from './index.ts';
import { besides, emptyCondition, joinNode } from './join.ts';

export function pasted(ast: Join, scope: Scope, left: BoundFrom, right: BoundFrom): BoundFrom {
  if (ast.on || ast.using)
    throw failAt(ast.span, 'INVALID_JOIN_ON_EXPRESSION', 'PASTE JOIN takes no ON and no USING');
  const a = numbered(left.node, scope);
  const b = numbered(right.node, scope);
  const on = { ...emptyCondition(), leftKeys: [columnExpr(a.row)], rightKeys: [columnExpr(b.row)] };
  const joined = joinNode(a.node, b.node, 'inner', 'all', on, false);
  const key = { expr: columnExpr(a.row), desc: false, nullsFirst: false };
  const { columns } = joined;
  const node: Node = { kind: 'sort', input: joined, keys: [key], withTies: false, columns };
  return { node, ...besides(left, right) };
}

/** The rows with their numbers. */
function numbered(input: Node, { ctx }: Scope): { node: Node; row: Column } {
  const row = newColumn(ctx, 'row', 'UInt64');
  const frame: FrameJson = {
    unit: 'rows',
    start: { kind: 'unboundedPreceding' },
    end: { kind: 'currentRow' },
  };
  const call = { column: row, name: 'row_number', params: [], args: [], frame };
  const columns = [...input.columns, row];
  return { node: { kind: 'window', input, partition: [], order: [], calls: [call], columns }, row };
}
