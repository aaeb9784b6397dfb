// One type for several: of branches, of rows of a union, of both sides of a join.
import { newColumn, type Planning } from '../context.ts';
import { columnExpr } from '../expression.ts';
import { type Node, project } from '../logical.ts';
import type { LitValue } from '../physical/wire.ts';
import { arrayElementType } from '../types.ts';
import { convert } from './expression/resolve-call.ts';

/** The type that values of all given types fit into. */
export function supertype(ctx: Planning, types: readonly string[]): string | undefined {
  const distinct = [...new Set(types)];
  if (distinct.length === 1) return distinct[0];
  try {
    return arrayElementType(
      ctx.kernel.resolveFunction(
        'array',
        distinct.map((type) => ({ type })),
      ),
    );
  } catch {
    return undefined;
  }
}

/** The node with its columns converted to `types`; itself when they have them. */
export function converted(ctx: Planning, node: Node, types: readonly string[]): Node {
  if (node.columns.every((c, i) => c.type === types[i])) return node;
  const items = node.columns.map((c, i) => {
    const type = types[i] as string;
    if (c.type === type) return { column: c, expr: columnExpr(c) };
    return { column: newColumn(ctx, c.name, type), expr: convert(columnExpr(c), type) };
  });
  return project(node, items);
}

/** A constant as a value of another type. */
export function castLit(
  ctx: Planning,
  lit: { type: string; value: LitValue },
  type: string,
): LitValue {
  if (lit.type === type || lit.value === null) return lit.value;
  const folded = ctx.kernel.fold({ cast: { lit }, to: type });
  return folded ? folded.value : lit.value;
}
