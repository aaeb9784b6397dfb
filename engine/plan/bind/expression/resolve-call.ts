// A call of a scalar function on typed arguments: the kernel says its type, and what is known of the value
// before any row is read is used (constant conditions, NULL where there is none, names of types).

import type { Span } from '../../../../sql/index.ts';
import { type ArgumentType, checkMeasure, failAt } from '../../context.ts';
import {
  callExpr,
  castExpr,
  type Expr,
  literalExpr,
  measureOf,
  someExpr,
} from '../../expression.ts';
import { baseType, prettyType } from '../../types.ts';
import { supertype } from '../common-type.ts';
import type { Scope } from '../scope.ts';
import { constantOf } from './constants.ts';
import { withSpan } from './index.ts';
import { differenceByUnit } from './special-calls.ts';
import { byElement } from './tuple-comparison.ts';

/** Functions whose type depends on the value of an argument that may be computed. */
const needsConstants =
  /^(to(FixedString|Decimal|DateTime|TimeZone|StartOf|UnixTimestamp64)|fromUnix|makeDate|tupleElement|arrayElement|dateTrunc|date_trunc|JSONExtract|JSON_|cast|accurateCast|reinterpret|now|getSetting|parseDateTime|serverTimezone|round|floor|ceil|trunc|dateDiff|timeSlot|defaultValueOf|transform|enum)/i;

/** A call of a scalar function with bound arguments; the kernel says its type. */
export function resolveCall(scope: Scope, name: string, args: readonly Expr[], span: Span): Expr {
  let depth = 0;
  let size = 1;
  for (const arg of args) {
    const measure = measureOf(arg);
    depth = Math.max(depth, measure.depth);
    size += measure.size;
  }
  checkMeasure({ depth: depth + 1, size }, span);
  const described = (fold: boolean): ArgumentType[] =>
    args.map((arg) => {
      if (arg.kind === 'lambda') return { type: arg.type, lambda: true };
      const constant = arg.kind === 'literal' || fold ? constantOf(scope.ctx, arg) : undefined;
      return constant ? { type: arg.type, constant } : { type: arg.type };
    });
  const resolve = (fold: boolean): Expr => {
    const type = scope.ctx.kernel.resolveFunction(name, described(fold));
    return decided(scope, name, args, type, span) ?? callExpr(name, args, type, span);
  };
  const branch = name === 'if' || name === 'multiIf' ? takenBranch(scope, args) : undefined;
  if (branch) {
    try {
      const { type } = resolve(false);
      // As in ClickHouse, a call of nothing but constants is folded, type and all; else the branch stands for it,
      // except that multiIf, unlike if, is no constant then.
      const folds = args.every((arg) => constantOf(scope.ctx, arg));
      if (!folds && name === 'multiIf' && constantOf(scope.ctx, branch)) return resolve(false);
      // Nor does the branch stand for a call whose condition is the literal NULL.
      const stands = !folds && !args.some((arg) => arg.type === 'Nullable(Nothing)');
      return stands && sameValues(branch.type, type) ? branch : convert(branch, type);
    } catch (error) {
      // The branches have no type in common as a function's, but the one that is taken has one.
      if (scope.ctx.settings.text('use_variant_as_common_type') === '0')
        throw withSpan(error, span);
      const common = supertype(scope.ctx, branchTypes(args));
      return common === undefined ? branch : convert(branch, common);
    }
  }
  const moved = textMoved(name, args);
  if (moved) {
    const time = (arg: Expr): Expr =>
      resolveCall(scope, 'parseDateTime64BestEffort', [arg, literalExpr('UInt8', '3')], span);
    return resolveCall(
      scope,
      name,
      args.map((arg) => (arg === moved ? time(arg) : arg)),
      span,
    );
  }
  const byUnit = differenceByUnit(scope, name, args, span);
  if (byUnit) return byUnit;
  const paired = byElement(name, args, (inner, given) => resolveCall(scope, inner, given, span));
  if (paired) return paired;
  const known = nullTest(scope, name, args);
  if (known !== undefined) return literalExpr('UInt8', known ? '1' : '0', span);
  // With group_by_use_nulls types change once it is known which columns are keys.
  const settled = !scope.ctx.settings.bool('group_by_use_nulls') && !args.some(needsRows);
  if (name.toLowerCase() === 'totypename' && args.length === 1 && settled)
    return literalExpr('String', prettyType(args[0]?.type ?? ''), span);
  // Beside a dictionary it matters which arguments are constant: with those alone the result is one as well.
  const fold =
    needsConstants.test(name) || args.some((arg) => arg.type.startsWith('LowCardinality('));
  try {
    return resolve(fold);
  } catch (error) {
    // The function may need to know what its constant arguments come to.
    if (fold) throw withSpan(error, span);
  }
  try {
    return resolve(true);
  } catch (error) {
    const failure = error as { name?: string; message: string };
    if (name === 'transform' && failure.name === 'NO_COMMON_TYPE')
      throw failAt(span, 'ILLEGAL_TYPE_OF_ARGUMENT', failure.message);
    throw withSpan(error, span);
  }
}

/** The text of a time in `'2024-01-01' + INTERVAL 1 DAY`. */
function textMoved(name: string, args: readonly Expr[]): Expr | undefined {
  if (name !== 'plus' && name !== 'minus') return undefined;
  const interval = args.findIndex((arg) => arg.type.startsWith('Interval'));
  if (interval < 0 || (name === 'minus' && interval === 0)) return undefined;
  const other = args[1 - interval];
  return other && baseType(other.type) === 'String' ? other : undefined;
}

/** isNull, isNotNull and isNullable of what has a type without NULL. */
function nullTest(scope: Scope, name: string, args: readonly Expr[]): boolean | undefined {
  const [arg] = args;
  if (!/^is(Null|NotNull|Nullable)$/.test(name) || args.length !== 1 || !arg) return undefined;
  if (someExpr(arg, (e) => e.kind === 'lambda' || (e.kind === 'column' && e.outer === true)))
    return undefined;
  if (/Nullable|Variant|Dynamic|JSON|Nothing/.test(arg.type)) return undefined;
  if (scope.ctx.settings.bool('group_by_use_nulls') || needsRows(arg)) return undefined;
  return name === 'isNotNull';
}

const comparison = /^(equals|notEquals|less|lessOrEquals|greater|greaterOrEquals|not)$/;

/** The constant that a call is whatever its columns hold: 0 AND x, 1 OR x, x = NULL. As in ClickHouse, x is not run. */
function decided(
  scope: Scope,
  name: string,
  args: readonly Expr[],
  type: string,
  span: Span,
): Expr | undefined {
  if (scope.ctx.settings.bool('group_by_use_nulls') || args.some(needsRows)) return undefined;
  if (comparison.test(name) && type === 'Nullable(Nothing)') return literalExpr(type, null, span);
  if (name !== 'and' && name !== 'or') return undefined;
  const decides = (arg: Expr): boolean => {
    const value = constantOf(scope.ctx, arg)?.value;
    if (value === undefined || value === null) return false;
    return /^(0|false)$/.test(String(value)) === (name === 'and');
  };
  if (args.every((arg) => constantOf(scope.ctx, arg)) || !args.some(decides)) return undefined;
  return convert(literalExpr('UInt8', name === 'and' ? '0' : '1', span), type);
}

/** Types of what if and multiIf may give. */
const branchTypes = (args: readonly Expr[]): string[] =>
  args.filter((_, i) => i % 2 === 1 || i === args.length - 1).map((arg) => arg.type);

/** Types of the same values, which ClickHouse does not convert: Bool and UInt8, Decimals of one scale and width, zones. */
function sameValues(a: string, b: string): boolean {
  const storage = (type: string): string => {
    const zoned = /^(DateTime|DateTime64\(\d+)\b/.exec(type);
    if (zoned) return zoned[1] as string;
    const [, precision, scale] = /^Decimal\((\d+), (\d+)\)$/.exec(type) ?? [];
    if (precision === undefined) return type === 'Bool' ? 'UInt8' : type;
    return `Decimal ${[9, 18, 38, 76].find((most) => Number(precision) <= most)}, ${scale}`;
  };
  return storage(a) === storage(b);
}

/** What becomes a node of the plan changes the rows, and so has to stay even where its value is not asked for. */
const needsRows = (expr: Expr): boolean =>
  someExpr(expr, (e) => /^(aggregate|window|unfold|grouping|correlated)$/.test(e.kind));

/** The branch of if or multiIf that constant conditions lead to. The others are not run: they may throw. */
function takenBranch(scope: Scope, args: readonly Expr[]): Expr | undefined {
  if (args.length < 3 || args.length % 2 === 0) return undefined;
  if (args.some(needsRows)) return undefined;
  for (let i = 0; i + 1 < args.length; i += 2) {
    const test = args[i] as Expr;
    if (!/^(UInt8|Bool|Nothing)$/.test(baseType(test.type))) return undefined;
    const constant = constantOf(scope.ctx, test);
    if (!constant) return undefined;
    if (constant.value === true || !/^(0|false|null)$/.test(String(constant.value)))
      return args[i + 1];
  }
  return args[args.length - 1];
}

/** The expression as `type`; itself when it has it already. */
export function convert(expr: Expr, type: string): Expr {
  if (expr.type === type) return expr;
  if (expr.kind === 'literal' && expr.value === null)
    return castExpr(literalExpr(expr.type, null), type);
  return castExpr(expr, type, expr.span);
}
