// PARTITION expr | ID 'x' | ALL → a test of the partition texts that segments carry.

import type { Partition } from '../../sql/index.ts';
import { fileName, segmentName } from '../catalog/blocks.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { SegmentDescriptor } from '../catalog/state.ts';
import { EngineError, fail } from '../errors.ts';
import { constantOf } from '../plan/bind/expression/constants.ts';
import { bindExpression } from '../plan/bind/expression/index.ts';
import { convert } from '../plan/bind/expression/resolve-call.ts';
import { atPlace } from '../plan/bind/from/as-of.ts';
import { newScope } from '../plan/bind/scope.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { callExpr, type Expr, parts } from '../plan/expression.ts';
import { exprJson } from '../plan/physical/expression.ts';
import { keyList } from '../tables/key-columns.ts';
import { partitionIdOf } from '../tables/partition-id.ts';
import { bindTable, partitionKey } from '../tables/shape.ts';
import { type Run, sessionJson } from './core.ts';
import { startPlanning } from './plan-query.ts';

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
    const kernel = run.core.native.planner(sessionJson(run));
    return (text) => partitionIdOf(kernel, definition, text) === id || text === id;
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
  const isTuple = keys.length === 1 && written.kind === 'Tuple' && written.items.length > 1;
  if (isTuple && !definition.columns.some((c) => c.name === keys[0] && /^Tuple/.test(c.type))) {
    throw failAt(
      written.span,
      'INVALID_PARTITION_VALUE',
      `Wrong number of fields in the partition expression: ${keyList(written).length}, must be: 1`,
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
  if (items.some((item) => parts(item).some(({ type }) => type === 'Nullable(Nothing)'))) {
    const text = `The partition's value is NULL, not ${types.join(', ')}`;
    throw failAt(written.span, 'TYPE_MISMATCH', text);
  }
  const unfolds = (e: Expr): boolean => e.kind === 'unfold' || parts(e).some(unfolds);
  const wanted = atPlace(written.span, () => {
    const text = callExpr('toString', [one], 'String');
    // What is wrong with a constant is said by its conversion.
    if (unfolds(text)) return undefined;
    try {
      return constantOf(ctx, text) ?? ctx.kernel.fold(exprJson(text, new Map(), []));
    } catch (error) {
      const number = error instanceof EngineError && error.name === 'CANNOT_PARSE_TEXT';
      throw number ? fail('TYPE_MISMATCH', error.message) : error;
    }
  })?.value;
  if (typeof wanted !== 'string') {
    const text = `The partition's value is no constant of type ${types.join(', ')}`;
    throw failAt(written.span, 'BAD_ARGUMENTS', text);
  }
  return (text) => text === wanted;
}

/** Whether a segment is meant: by its partition, or by its own name (PART 'x'). */
export function segmentFilter(
  run: Run,
  definition: TableDefinition,
  partition: Partition,
): (segment: SegmentDescriptor) => boolean {
  if (partition.type !== 'PART') {
    const test = partitionFilter(run, definition, partition);
    return (segment) => test(segment.partition);
  }
  const name = partName(run, partition);
  return (segment) => segmentName(segment) === name || fileName(segment.file) === name;
}

/** The name behind PART. */
export function partName(run: Run, partition: Partition): string {
  const { id, expr, span } = partition;
  const { ctx } = startPlanning(run);
  const value = expr ? constantOf(ctx, bindExpression(expr, newScope(ctx, span)))?.value : id;
  const known = /\d-[\da-f-]+|_\d+_\d+_\d+(_\d+)?$/;
  if (typeof value === 'string' && /^[\w-]{1,255}$/.test(value) && known.test(value)) {
    return value;
  }
  throw failAt(span, 'BAD_DATA_PART_NAME', `Unexpected part name: ${String(value)}`, {
    hint: 'system.parts and system.detached_parts show the names',
  });
}
