// Calls that answer differently for each row, whatever their arguments. All equal ones of a query block are one
// value a row, as in ClickHouse: `SELECT rand() = rand()` is 1, and an alias keeps its value from WHERE to SELECT.

import type { Node as Ast, Select } from '../../sql/ast.ts';
import { walk } from '../../sql/walk.ts';
import type { Expr } from './expression.ts';

const random = /^(rand(?!omConst|Const)|generate(UUID|ULID|Snowflake)|fuzz)/i;

export const isRandom = (expr: Expr): boolean => expr.kind === 'call' && random.test(expr.name);

/** Whether a value of such a call can be asked for twice: it stands twice, or it has a name. */
export function repeatsRandom(select: Select): boolean {
  let times = 0;
  const look = (root: Ast, weight: number): void =>
    walk(root, (node) => {
      if (node.kind === 'Select' || node.kind === 'SetOperation') return node === select;
      if (node.kind === 'Alias') {
        look(node.expr, 2);
        return false;
      }
      if (node.kind === 'Function' && random.test(node.name)) times += weight;
      return undefined;
    });
  for (const part of clauses(select)) look(part, 1);
  for (const item of select.with?.items ?? []) if ('expr' in item) look(item.expr, 2);
  return times > 1;
}

function clauses(select: Select): Ast[] {
  const { prewhere, where, groupBy, having, qualify, orderBy, limitBy } = select;
  const some = [prewhere, where, groupBy, having, qualify, orderBy, limitBy];
  return [...select.columns, ...some.filter((part) => part !== undefined)];
}
