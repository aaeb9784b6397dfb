// FROM a, b WHERE a.x = b.x is an inner join on x, not all pairs.

import { supertype } from '../bind/common-type.ts';
import { convert } from '../bind/expression/resolve-call.ts';
import type { Planning } from '../context.ts';
import { columnsOf, conjuncts, type Expr } from '../expression.ts';
import { type Node, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { filtered } from './push-down-filter.ts';

function visit(node: Node, ctx: Planning): Node {
  if (node.kind !== 'filter' || node.input.kind !== 'join')
    return withInputs(node, (n) => visit(n, ctx));
  const join = node.input;
  const able = (join.join === 'cross' || join.join === 'inner') && join.strictness === 'all';
  if (!able) return withInputs(node, (n) => visit(n, ctx));
  const left = new Set(join.left.columns.map((c) => c.id));
  const right = new Set(join.right.columns.map((c) => c.id));
  const within = (e: Expr, ids: ReadonlySet<number>): boolean => {
    const used = columnsOf(e);
    return used.size > 0 && [...used].every((id) => ids.has(id));
  };
  const leftKeys: Expr[] = [];
  const rightKeys: Expr[] = [];
  const rest: Expr[] = [];
  for (const part of conjuncts(node.predicate)) {
    let pair: [Expr, Expr] | undefined;
    if (part.kind === 'call' && part.name === 'equals' && part.args.length === 2) {
      const [a, b] = part.args as [Expr, Expr];
      if (within(a, left) && within(b, right)) pair = [a, b];
      else if (within(b, left) && within(a, right)) pair = [b, a];
    }
    const type = pair && supertype(ctx, [pair[0].type, pair[1].type]);
    if (pair && type !== undefined) {
      leftKeys.push(convert(pair[0], type));
      rightKeys.push(convert(pair[1], type));
    } else rest.push(part);
  }
  const inputs = withInputs(join, (n) => visit(n, ctx));
  if (leftKeys.length === 0 || inputs.kind !== 'join')
    return filtered(inputs, conjuncts(node.predicate));
  const made: Node = {
    ...inputs,
    join: 'inner',
    leftKeys: [...inputs.leftKeys, ...leftKeys],
    rightKeys: [...inputs.rightKeys, ...rightKeys],
  };
  return filtered(made, rest);
}

export const crossToInner: Rule = {
  name: 'cross-to-inner',
  doc: 'Equalities over a cross join become keys of an inner join',
  apply: visit,
};
