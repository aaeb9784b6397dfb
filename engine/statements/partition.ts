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
import { failAt, notBuilt, type PlannerKernel } from '../plan/context.ts';
import { callExpr, type Expr, parts } from '../plan/expression.ts';
import { exprJson } from '../plan/physical/expression.ts';
import type { ExprJson } from '../plan/physical/wire.ts';
import { type Run, sessionJson } from '../query/core.ts';
import { startPlanning } from '../query/plan-query.ts';
import { bindTable, partitionKey } from '../tables/shape.ts';
import { keyList } from './create/storage-clauses.ts';

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

export { segmentName };

const ids = new WeakMap<TableDefinition, Map<string, string>>();

/** The partition_id of a partition: numbers and dates written out, a hash of everything else. */
export function partitionIdOf(
  kernel: PlannerKernel,
  definition: TableDefinition,
  text: string,
): string {
  const keys = partitionKey(definition);
  if (keys.length === 0) return 'all';
  let known = ids.get(definition);
  if (!known) {
    known = new Map();
    ids.set(definition, known);
  }
  const found = known.get(text);
  if (found !== undefined) return found;
  const binding = bindTable(kernel, definition);
  const id = makeId(
    kernel,
    keys.map((key) => binding.bind(key).type),
    text,
  );
  known.set(text, id);
  return id;
}

const integral = /^(U?Int(8|16|32|64)|Date|Date32|DateTime(\(.*\))?|Enum(8|16)\(.*\)|Bool)$/s;
const plainType = (type: string): string =>
  type.replace(/^(?:LowCardinality|Nullable)\((.*)\)$/s, '$1');

/** Numbers of the kinds of values in the hash. */
const kindOfString = 16;
const kindOf = (type: string): number => (/^(Int|Enum|Date32)/.test(type) ? 2 : 1);

function makeId(kernel: PlannerKernel, types: readonly string[], text: string): string {
  const bare = types.map((type) => plainType(plainType(type)));
  const one = types.length === 1;
  const whole: ExprJson = {
    cast: { lit: { type: 'String', value: text } },
    to: one ? (bare[0] as string) : `Tuple(${bare.join(', ')})`,
  };
  const part = (i: number): ExprJson =>
    one
      ? whole
      : { call: 'tupleElement', args: [whole, { lit: { type: 'UInt8', value: String(i + 1) } }] };
  const value = (expr: ExprJson): string => {
    const lit = kernel.fold({ cast: expr, to: 'String' });
    if (typeof lit?.value !== 'string') throw fail('LOGICAL_ERROR', 'A partition has no value');
    return lit.value;
  };
  const number = (i: number): string =>
    value({ cast: part(i), to: bare[i] === 'UInt64' ? 'UInt64' : 'Int64' });
  try {
    if (bare.every((type) => integral.test(type))) {
      return bare
        .map((type, i) =>
          type === 'Date' ? value({ call: 'toYYYYMMDD', args: [part(i)] }) : number(i),
        )
        .join('-');
    }
    const bytes = bare.map((type, i): Buffer => {
      const eight = Buffer.alloc(8);
      if (integral.test(type)) {
        eight.writeBigUInt64LE(BigInt.asUintN(64, BigInt(number(i))));
        return Buffer.concat([Buffer.from([kindOf(type)]), eight]);
      }
      const content = Buffer.from(value(part(i)));
      eight.writeBigUInt64LE(BigInt(content.length));
      return Buffer.concat([Buffer.from([kindOfString]), eight, content]);
    });
    return hashOf(kernel, Buffer.concat(bytes));
  } catch (error) {
    // NULL, and values that have no text of their own: any stable name will do.
    if (error instanceof TypeError) throw error;
    return hashOf(kernel, Buffer.from(text));
  }
}

function hashOf(kernel: PlannerKernel, bytes: Buffer): string {
  const hex: ExprJson = { lit: { type: 'String', value: bytes.toString('hex') } };
  const hash: ExprJson = { call: 'sipHash128', args: [{ call: 'unhex', args: [hex] }] };
  const lit = kernel.fold({ call: 'lower', args: [{ call: 'hex', args: [hash] }] });
  return String(lit?.value);
}
