// Reads a projection or a materialised view instead of the table's own rows, where its groups are finer
// than those that an aggregation asks for. EXPLAIN says which, and of the others why not.

import type { Planning } from '../context.ts';
import { type Aggregate, type Node, type Rollup, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { type Below, below } from '../rollups/below.ts';
import { overRollup } from '../rollups/rewrite.ts';

interface Choice {
  readonly rollup: Rollup;
  readonly node: Node;
  readonly cost: number;
}

const title = ({ face, name }: Rollup): string =>
  `${face === 'view' ? 'View' : 'Projection'} ${name}`;

/** Aggregates that statistics of the whole table answer, which is cheaper than any rollup. */
const fromStatistics = (node: Aggregate, { filters }: Below): boolean =>
  node.keys.length === 0 &&
  filters.length === 0 &&
  node.aggregates.every(({ name }) => /^(count|min|max|sum|avg)$/.test(name));

function reasonAgainst(node: Aggregate, under: Below, rollup: Rollup): string | undefined {
  if (rollup.face === 'view') {
    return rollup.unfit === undefined && fromStatistics(node, under)
      ? 'statistics of the table answer without reading rows'
      : undefined;
  }
  return rollup.rows.projected === 0
    ? 'no segment has it; MATERIALIZE PROJECTION makes it'
    : undefined;
}

/** The cheapest way to the same groups; undefined when the rows themselves are. */
function picked(node: Aggregate, ctx: Planning): Node | undefined {
  const under = below(node.input);
  const faces = ctx.settings;
  const rollups = (under?.scan.table.rollups?.() ?? []).filter(({ face }) =>
    faces.bool(face === 'view' ? 'optimize_use_materialized_views' : 'optimize_use_projections'),
  );
  if (!under || rollups.length === 0) return undefined;
  const preferred = ctx.settings.text('preferred_optimize_projection_name');
  const choices: Choice[] = [];
  for (const rollup of rollups) {
    if (rollup.face === 'projection' && !rollup.grouped) continue;
    const cost = rollup.rows.projected + rollup.rows.rest;
    const made =
      reasonAgainst(node, under, rollup) ??
      (cost > rollup.rows.base && rollup.name !== preferred
        ? 'it has more rows than the table'
        : overRollup(node, under, rollup, ctx));
    if (typeof made === 'string') ctx.notes?.push(`${title(rollup)} is not read: ${made}`);
    else choices.push({ rollup, node: made, cost });
  }
  const [cheapest] = [...choices].sort((a, b) => a.cost - b.cost);
  const best = choices.find((c) => c.rollup.name === preferred) ?? cheapest;
  for (const { rollup, cost } of choices) {
    if (rollup !== best?.rollup) {
      ctx.notes?.push(`${title(rollup)} is not read: it would read ${cost} rows`);
    } else {
      ctx.notes?.push(`${title(rollup)} is read: ${cost} rows instead of ${rollup.rows.base}`);
    }
  }
  return best?.node;
}

/** HAVING stands over its aggregation, which sees what it takes out of the totals; a rollup would part them. */
const havingOfTotals = (node: Node): boolean =>
  node.kind === 'filter' &&
  node.input.kind === 'aggregate' &&
  node.input.totals &&
  node.input.totalsOfAll !== true;

function visit(node: Node, ctx: Planning): Node {
  if (havingOfTotals(node)) {
    ctx.notes?.push('No rollup is read: the totals leave out the groups that HAVING does');
    return withInputs(node, (input) => withInputs(input, (rows) => visit(rows, ctx)));
  }
  if (node.kind === 'aggregate') {
    const made = picked(node, ctx);
    if (made) return made;
  }
  return withInputs(node, (input) => visit(input, ctx));
}

export const pickRollup: Rule = {
  name: 'pick-rollup',
  doc: 'Aggregates a projection or a materialised view that holds finer groups of the same rows',
  apply: visit,
};
