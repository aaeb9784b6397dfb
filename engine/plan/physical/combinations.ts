// Nodes over several nodes: joins and set operations.
import { exprJson } from './expression.ts';
import { guarded } from './guards.ts';
import { exprs, idsOf, optional, type Placers, positionsOf } from './placed.ts';

export const combinations: Placers<'union' | 'setOperation' | 'join'> = {
  union(node, { ordered }) {
    const inputs = node.inputs.map((input) => ordered(input));
    return { json: { kind: 'union', inputs }, out: idsOf(node.columns) };
  },

  setOperation(node, { ordered }) {
    const { operation, all } = node;
    const [left, right] = [ordered(node.left), ordered(node.right)];
    return {
      json: { kind: 'setOperation', left, right, operation, all },
      out: idsOf(node.columns),
    };
  },

  join(node, { ctx, place }) {
    const [left, right] = [place(node.left), place(node.right)];
    const [l, r] = [positionsOf(left.out), positionsOf(right.out)];
    const out = [...left.out, ...right.out];
    const { join, strictness, useNulls } = node;
    const residual = node.residual && exprJson(node.residual, positionsOf(out), []);
    const asof = node.asof && {
      left: exprJson(node.asof.left, l, []),
      right: exprJson(node.asof.right, r, []),
      op: node.asof.op,
    };
    return {
      json: {
        kind: 'join',
        left: left.json,
        right: guarded(ctx.settings, 'join', right.json),
        join,
        strictness,
        leftKeys: exprs(node.leftKeys, l),
        rightKeys: exprs(node.rightKeys, r),
        ...optional('residual', residual),
        ...optional('asof', asof),
        useNulls,
      },
      out,
    };
  },
};
