// Logical plan → the JSON the kernel runs: ids of columns become positions.
import type { Planning } from '../context.ts';
import { columnExpr } from '../expression.ts';
import { type Node, project } from '../logical.ts';
import { combinations } from './combinations.ts';
import { guarded } from './guards.ts';
import { operators } from './operators.ts';
import { idsOf, type Placed, type Placers, type Placing } from './placed.ts';
import { sources } from './sources.ts';
import type { NodeJson, PlanBody, SubqueryUse } from './wire.ts';

const placers: Placers<Node['kind']> = { ...sources, ...operators, ...combinations };

function placing(ctx: Planning): Placing {
  const place = (node: Node): Placed => {
    const placer = placers[node.kind] as (node: Node, placing: Placing) => Placed;
    return placer(node, self);
  };
  const ordered = (node: Node): NodeJson => {
    const { json, out } = place(node);
    const wanted = idsOf(node.columns);
    if (out.length === wanted.length && out.every((id, i) => id === wanted[i])) return json;
    const items = node.columns.map((column) => ({ column, expr: columnExpr(column) }));
    return place(project(node, items)).json;
  };
  const self: Placing = { ctx, place, ordered };
  return self;
}

function subqueryPlan({ ctx, ordered }: Placing, node: Node, usage: SubqueryUse): NodeJson {
  const json = ordered(node);
  if (usage !== 'set') return json;
  const limited = guarded(ctx.settings, 'set', json);
  if (limited === json) return json;
  return guarded(ctx.settings, 'set', { kind: 'distinct', input: json });
}

/** The finished plan; `optimize` is run over the root and every subquery. */
export function physicalPlan(ctx: Planning, root: Node, optimize: (node: Node) => Node): PlanBody {
  const plan = placing(ctx);
  return {
    root: plan.ordered(optimize(root)),
    names: root.columns.map((c) => c.name),
    subqueries: ctx.subqueries.map((s) => ({
      plan: subqueryPlan(plan, optimize(s.node), s.usage),
      usage: s.usage,
    })),
  };
}
