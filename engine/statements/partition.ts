// PARTITION expr | ID 'x' | ALL → a test of the partition texts that segments carry.

import type { Partition } from '../../sql/ast.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { convert } from '../plan/bind-call.ts';
import { bindExpression } from '../plan/bind-expression.ts';
import { constantOf } from '../plan/constants.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { callExpr, type Expr } from '../plan/expression.ts';
import { newScope } from '../plan/scope.ts';
import { type Run, sessionJson } from '../query/core.ts';
import { startPlanning } from '../query/plan-query.ts';
import { bindTable, partitionKey } from '../tables/shape.ts';
import { keyList } from './definition.ts';

/** The text of a partition's value as segments carry it: toString of one key, of a tuple of several. */
export function partitionFilter(
  run: Run,
  definition: TableDefinition,
  partition: Partition,
): (text: string) => boolean {
  if (partition.type === 'ALL') return () => true;
  if (partition.type === 'PART') throw notBuilt(partition.span, 'PART');
  if (partition.type === 'ID') {
    const { id } = partition;
    return (text) => partitionId(text) === id || text === id;
  }
  const keys = partitionKey(definition);
  const written = partition.expr;
  if (!written)
    throw failAt(partition.span, 'INVALID_PARTITION_VALUE', 'The partition has no value');
  if (keys.length === 0) {
    if (keyList(written).length === 0) return () => true;
    throw failAt(
      written.span,
      'INVALID_PARTITION_VALUE',
      `Table ${definition.name} has no PARTITION BY`,
    );
  }
  const values =
    keys.length === 1 && !(written.kind === 'Tuple' && written.items.length === 1)
      ? [written]
      : keyList(written);
  if (values.length !== keys.length) {
    throw failAt(
      written.span,
      'INVALID_PARTITION_VALUE',
      `The partition has ${values.length} value(s), PARTITION BY has ${keys.length}`,
    );
  }
  const { ctx } = startPlanning(run);
  const scope = newScope(ctx, partition.span);
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const items = values.map(
    (value, i): Expr => convert(bindExpression(value, scope), binding.bind(keys[i] as string).type),
  );
  const types = items.map((item) => item.type);
  const one =
    items.length === 1
      ? (items[0] as Expr)
      : callExpr(
          'tuple',
          items,
          ctx.kernel.resolveFunction(
            'tuple',
            types.map((type) => ({ type })),
          ),
        );
  let wanted: unknown;
  try {
    wanted = constantOf(ctx, callExpr('toString', [one], 'String'))?.value;
  } catch {
    wanted = undefined;
  }
  if (typeof wanted !== 'string') {
    throw failAt(
      written.span,
      'TYPE_MISMATCH',
      `The partition's value is no constant of type ${types.join(', ')}`,
    );
  }
  return (text) => text === wanted;
}

/** What system.parts shows as partition_id: letters, digits and dashes of the text. */
export function partitionId(text: string): string {
  if (text === '') return 'all';
  return text
    .replace(/^[(']|[)']$/g, '')
    .replace(/['\s]/g, '')
    .replace(/,/g, '-');
}
