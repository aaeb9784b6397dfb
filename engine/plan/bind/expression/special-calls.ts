// Calls that are no function of the kernel as they are written: units that are not constant, subcolumns
// by name, rows as text.

import type { FunctionCall, Span } from '../../../../sql/index.ts';
import { failAt, SpannedError } from '../../context.ts';
import { type Expr, type LiteralExpr, literalExpr } from '../../expression.ts';
import { columnName } from '../names.ts';
import { type Locals, nameText, type Scope } from '../scope.ts';
import { constantOf } from './constants.ts';
import { elementOf } from './identifier.ts';
import { bindExpression } from './index.ts';
import { resolveCall } from './resolve-call.ts';

const units: readonly (readonly string[])[] = [
  ['year', 'years', 'yyyy', 'yy'],
  ['quarter', 'quarters', 'qq', 'q'],
  ['month', 'months', 'mm', 'm'],
  ['week', 'weeks', 'wk', 'ww'],
  ['day', 'days', 'dd', 'd'],
  ['hour', 'hours', 'hh', 'h'],
  ['minute', 'minutes', 'mi', 'n'],
  ['millisecond', 'milliseconds', 'ms'],
  ['microsecond', 'microseconds', 'us', 'u'],
  ['nanosecond', 'nanoseconds', 'ns'],
];

/** dateDiff whose unit is a column: each unit by itself; what is none means seconds, as in ClickHouse. */
export function differenceByUnit(
  scope: Scope,
  name: string,
  args: readonly Expr[],
  span: Span,
): Expr | undefined {
  const [unit, ...times] = args;
  const isDifference = /^(dateDiff|age)$/.test(name);
  if (!isDifference || !unit || constantOf(scope.ctx, unit)) return undefined;
  if (!/^(LowCardinality\()?String\)?$/.test(unit.type)) return undefined;
  const word = resolveCall(scope, 'lower', [unit], span);
  const text = (value: string): Expr => literalExpr('String', value, span);
  const by = (value: string): Expr => resolveCall(scope, name, [text(value), ...times], span);
  const cases = units.flatMap((names) => {
    const tests = names.map((n) => resolveCall(scope, 'equals', [word, text(n)], span));
    return [resolveCall(scope, 'or', tests, span), by(names[0] as string)];
  });
  return resolveCall(scope, 'multiIf', [...cases, by('second')], span);
}

/** formatRow tells the kernel the names of its values too: second, as a constant. */
export function rowText(ast: FunctionCall, scope: Scope, locals: Locals): Expr | undefined {
  const [format, ...values] = ast.args;
  if (!/^formatRow(NoNewline)?$/.test(ast.name) || !format || values.length === 0) return undefined;
  const names = values.map((value) =>
    value.kind === 'Alias' ? nameText(scope.ctx, value.alias) : columnName(value, scope),
  );
  const bound = values.map((value) => bindExpression(value, scope, locals));
  const first = bindExpression(format, scope, locals);
  const list = literalExpr('Array(String)', names, ast.span);
  return resolveCall(scope, ast.name, [first, list, ...bound], ast.span);
}

/** What clients of MySQL ask for. */
const globalVariables: Readonly<Record<string, LiteralExpr>> = {
  max_allowed_packet: literalExpr('Int32', '67108864'),
  version: literalExpr('String', '5.7.30'),
  version_comment: literalExpr('String', ''),
  transaction_isolation: literalExpr('String', 'READ-UNCOMMITTED'),
};

/** globalVariable('x'), which is what @@x means; 0 for those that say nothing here. */
export function globalVariable(ast: FunctionCall, scope: Scope, locals: Locals): Expr | undefined {
  const [name, more] = ast.args;
  if (ast.name !== 'globalVariable' || !name || more) return undefined;
  const value = constantOf(scope.ctx, bindExpression(name, scope, locals))?.value;
  if (typeof value !== 'string')
    throw failAt(name.span, 'BAD_ARGUMENTS', 'globalVariable takes a constant string');
  const key = value.toLowerCase();
  const known = Object.hasOwn(globalVariables, key) ? globalVariables[key] : undefined;
  return known ?? literalExpr('Int32', '0', ast.span);
}

/** getSubcolumn(value, 'name') is value.name. */
export function subcolumn(ast: FunctionCall, scope: Scope, locals: Locals): Expr | undefined {
  const [value, name] = ast.args;
  if (ast.name !== 'getSubcolumn' || !value || !name) return undefined;
  const path = constantOf(scope.ctx, bindExpression(name, scope, locals))?.value;
  if (typeof path !== 'string' || ast.args.length !== 2)
    throw failAt(ast.span, 'ILLEGAL_COLUMN', 'getSubcolumn takes a value and a constant name');
  const whole = bindExpression(value, scope, locals);
  try {
    return path.split('.').reduce((e, part) => elementOf(scope, e, part, ast.span), whole);
  } catch (error) {
    if (!(error instanceof SpannedError)) throw error;
    const text = `${whole.type} has no subcolumn ${path}`;
    throw failAt(name.span, 'ILLEGAL_COLUMN', text);
  }
}
