// Lambdas: written in place, named by WITH, or the name of a function where a lambda is wanted.

import type { Expression, FunctionCall, Lambda, Name } from '../../../../sql/index.ts';
import { failAt, newColumn } from '../../context.ts';
import { type Column, columnsOf, type Expr } from '../../expression.ts';
import { collectAliases, findColumn, identifierParts, type Locals, type Scope } from '../scope.ts';
import { bindExpression } from './index.ts';
import { hasOwnNames, substituted, withoutFunctions } from './substitute.ts';

/** Whether an expression has another value for each element that a lambda sees. */
export function readsLambda(scope: Scope, expr: Expr): boolean {
  const { lambdaColumns } = scope.ctx;
  return [...columnsOf(expr)].some((id) => lambdaColumns?.has(id));
}

/** A column for the parameter of a lambda. */
export function lambdaColumn(scope: Scope, name: string, type: string): Column {
  const column = newColumn(scope.ctx, name, type);
  scope.ctx.lambdaColumns ??= new Set();
  scope.ctx.lambdaColumns.add(column.id);
  return column;
}

/** `f(x)` where WITH names a lambda f. */
export function inlineLambda(
  ast: FunctionCall,
  scope: Scope,
  name = ast.name,
  left = 10,
): Lambda | undefined {
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const written = s.aliases.get(name)?.ast;
    if (written?.kind === 'Lambda') return written;
    // Another name of a lambda.
    if (written?.kind !== 'Identifier' || written.parts.length !== 1 || left === 0) continue;
    const found = inlineLambda(ast, s, (written.parts[0] as Name).name, left - 1);
    if (found) return found;
  }
  return undefined;
}

export function callLambda(lambda: Lambda, ast: FunctionCall, scope: Scope, locals: Locals): Expr {
  if (lambda.params.length !== ast.args.length) {
    const text = `${ast.name} takes ${lambda.params.length} argument(s), ${ast.args.length} given`;
    throw failAt(ast.span, 'BAD_ARGUMENTS', text);
  }
  const { ctx } = scope;
  ctx.lambdas ??= new Set();
  if (ctx.lambdas.has(lambda)) {
    const text = `${ast.name} calls itself`;
    throw failAt(ast.span, 'UNSUPPORTED_METHOD', text, { hint: 'WITH RECURSIVE can repeat' });
  }
  const inner = new Map<string, Expr>();
  const functors = ast.args.some((arg) => asLambda(arg, scope, locals));
  lambda.params.forEach((param, i) => {
    if (functors) return;
    inner.set(param.name, bindExpression(ast.args[i] as Expression, scope, locals));
  });
  ctx.lambdas.add(lambda);
  try {
    const body = withoutFunctions(lambda.body, ctx.userFunctions);
    // Queries and aliases inside do not see what is bound already: the arguments are put in as they are
    // written.
    if (!functors && !hasOwnNames(body)) return bindExpression(body, scope, inner);
    const whole = substituted({ ...lambda, body }, ast.args);
    const own = { ...scope, aliases: new Map(scope.aliases) };
    collectAliases(own, whole);
    return bindExpression(whole, own, locals);
  } finally {
    ctx.lambdas.delete(lambda);
  }
}

/** A lambda written in place, or the name of one. */
export function asLambda(
  arg: Expression,
  scope: Scope,
  locals: Locals,
  call?: FunctionCall,
): Lambda | undefined {
  if (arg.kind === 'Lambda') return arg;
  if (arg.kind === 'Alias') return asLambda(arg.expr, scope, locals, call);
  const written = arg.kind === 'Function' ? writtenLambda(arg) : undefined;
  if (written) return written;
  if (arg.kind !== 'Identifier' || arg.parts.length !== 1) return undefined;
  const [name] = identifierParts(scope.ctx, arg) as [string];
  if (locals?.has(name)) return undefined;
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const entry = s.aliases.get(name);
    if (entry?.ast.kind === 'Lambda') return entry.ast;
    const other = entry?.ast.kind === 'Identifier' && entry.ast.parts[0]?.name !== name;
    if (entry) return other ? asLambda(entry.ast, s, locals, call) : undefined;
  }
  return call && nameAsLambda(name, arg, call, scope);
}

/** `lambda(tuple(x, y), body)`, as ClickHouse's tree has it. */
function writtenLambda({ name, args, span }: FunctionCall): Lambda | undefined {
  const [head, body] = args;
  if (name !== 'lambda' || !body || args.length !== 2 || head?.kind !== 'Function')
    return undefined;
  const params = head.args.flatMap((e) => (e.kind === 'Identifier' ? e.parts.slice(0, 1) : []));
  if (head.name !== 'tuple' || params.length !== head.args.length) return undefined;
  return { kind: 'Lambda', params, body, span };
}

/** `arrayMap(upper, list)`: the name of a function stands for it, unless it is a column's. */
function nameAsLambda(
  name: string,
  { span }: Expression,
  call: FunctionCall,
  scope: Scope,
): Lambda | undefined {
  if (!/^(array|map)[A-Z]/.test(call.name) || call.args.length < 2) return undefined;
  const { kernel, userFunctions } = scope.ctx;
  if (kernel.functions.scalar(name) === undefined && !userFunctions.has(name)) return undefined;
  for (let s: Scope | undefined = scope; s; s = s.parent)
    if (findColumn(s, [name], span)) return undefined;
  const params: Name[] = call.args.slice(1).map((_, i) => ({
    kind: 'Name',
    name: `x${i}`,
    quoted: false,
    span,
  }));
  const args = params.map((p): Expression => ({ kind: 'Identifier', parts: [p], span }));
  const body = { kind: 'Function', name, nameSpan: span, args, distinct: false, span } as const;
  return { kind: 'Lambda', params, body, span };
}
