// Names: columns of this query and of those around it, aliases, and the parts of tuples, maps and arrays behind
// a dot.

import { type Span, suggest } from '../../../../sql/index.ts';
import { failAt, newColumn, notBuilt, type Planning, SpannedError } from '../../context.ts';
import { columnExpr, type Expr, lambdaExpr, literalExpr } from '../../expression.ts';
import { arrayElementType, baseType, isNullable, tupleElements, typeHead } from '../../types.ts';
import { identifierText } from '../names.ts';
import {
  type AliasEntry,
  findColumn,
  identifierParts,
  type Locals,
  type Scope,
  unknownIdentifier,
} from '../scope.ts';
import { bindExpression, type Of } from './index.ts';
import { resolveCall } from './resolve-call.ts';

/** Binds the alias `name` of this scope, once. */
export function bindAlias(scope: Scope, name: string): Expr {
  const entry = scope.aliases.get(name);
  if (!entry) throw new Error(`alias ${name} is not in the scope`);
  if (entry.bound) return entry.bound;
  const cuts = cutsOf(scope.ctx);
  entry.binding = true;
  try {
    const bound = bindExpression(entry.ast, entry.scope);
    cuts.open.delete(entry);
    // What was found while another alias is being bound may mean something else outside of it.
    if (cuts.open.size === 0) entry.bound = bound;
    else if (++cuts.rebinds > rebindsMax)
      throw failAt(
        entry.ast.span,
        'CYCLIC_ALIASES',
        `Alias \`${name}\` is part of too many cycles`,
      );
    return bound;
  } finally {
    entry.binding = false;
    cuts.open.delete(entry);
  }
}

/** Aliases that were passed over because they are just being bound: `a AS b, b AS a`. */
interface Cuts {
  readonly open: Set<AliasEntry>;
  rebinds: number;
}
const allCuts = new WeakMap<Planning, Cuts>();

const rebindsMax = 1000;

function cutsOf(ctx: Planning): Cuts {
  let cuts = allCuts.get(ctx);
  if (!cuts) {
    cuts = { open: new Set(), rebinds: 0 };
    allCuts.set(ctx, cuts);
  }
  return cuts;
}

export function bindIdentifier(ast: Of<'Identifier'>, scope: Scope, locals: Locals): Expr {
  const names = identifierParts(scope.ctx, ast);
  const found = lookUp(scope, names, locals, ast.span);
  if (found) return found;
  const [name = ''] = names;
  if (names.length === 1 && withoutParentheses.has(name.toLowerCase()))
    return bindExpression(withoutArguments(name, ast.span), scope, locals);
  throw unknownIdentifier(scope, names, ast.span, ast.parts);
}

const withoutArguments = (name: string, span: Span): Of<'Function'> => ({
  kind: 'Function',
  name,
  nameSpan: span,
  args: [],
  distinct: false,
  form: 'CURRENT',
  span,
});

/** Functions that ClickHouse calls without parentheses, where no column has the name. */
const withoutParentheses = new Set([
  ...['now', 'today', 'curdate', 'localtimestamp'],
  ...['user', 'database', 'schema'],
]);

export function lookUp(
  scope: Scope,
  names: string[],
  locals: Locals,
  span: Span,
): Expr | undefined {
  const first = names[0] as string;
  const local = locals?.get(first);
  if (local) return descend(scope, respan(local, span), names.slice(1), span);
  const columnFirst = scope.ctx.settings.bool('prefer_column_name_to_alias');
  const entry = scope.aliases.get(first);
  if (entry && !entry.binding && !(columnFirst && findColumn(scope, names, span))) {
    const asTable = names.length > 1 ? findColumn(scope, names, span) : undefined;
    if (!asTable) {
      const bound = aliasOrNothing(scope, first);
      if (bound) return descend(scope, respan(bound, span), names.slice(1), span);
    }
  }
  if (entry?.binding) cutsOf(scope.ctx).open.add(entry);
  const found = findColumn(scope, names, span);
  if (!found) return lookOutside(scope, names, span);
  const expr = respan(found.column.expr(), span);
  try {
    return descend(scope, expr, names.slice(found.used), span);
  } catch (error) {
    // `t.a` beside a column `t` that has no `a`: a table `t` of a query around is meant.
    const outer = isUnknownName(error) ? lookOutside(scope, names, span) : undefined;
    if (outer) return outer;
    throw error;
  }
}

const isUnknownName = (error: unknown): boolean =>
  error instanceof SpannedError && error.error.name === 'UNKNOWN_IDENTIFIER';

/** The alias, or undefined when it needs itself and a column of its name may be meant. */
function aliasOrNothing(scope: Scope, name: string): Expr | undefined {
  try {
    return bindAlias(scope, name);
  } catch (error) {
    const cyclic = isUnknownName(error) && scope.sources.some((s) => s.byName.has(name));
    if (cyclic) return undefined;
    throw error;
  }
}

/** Names of the queries around this one. Their columns become parameters of the subqueries between. */
function lookOutside(scope: Scope, names: string[], span: Span): Expr | undefined {
  const edges: Scope[] = [];
  for (let outer: Scope | undefined = scope; outer; outer = outer.parent) {
    if (outer !== scope) {
      const entry = outer.aliases.get(names[0] as string);
      if (entry && !entry.binding) {
        const bound = bindAlias(outer, names[0] as string);
        const value = isOwn(bound) ? bound : across(edges, bound, names, span);
        return descend(scope, respan(value, span), names.slice(1), span);
      }
      const found = findColumn(outer, names, span);
      if (found) {
        const value = across(edges, found.column.expr(), names, span);
        return descend(scope, respan(value, span), names.slice(found.used), span);
      }
    }
    if (outer.across) edges.push(outer);
  }
  return undefined;
}

/** A value of an outer query as the subqueries behind `edges` (innermost first) see it. */
function across(edges: readonly Scope[], outer: Expr, names: string[], span: Span): Expr {
  if (edges.length === 0) {
    const name = names.map(identifierText).join('.');
    throw notBuilt(span, `A subquery in FROM that uses a column beside it (${name})`);
  }
  let value = outer;
  for (const { ctx, across: known } of edges.toReversed()) {
    let param = known?.get(value.key);
    if (!param) {
      param = { column: newColumn(ctx, names.at(-1) as string, value.type), value };
      known?.set(value.key, param);
    }
    value = { ...columnExpr(param.column, span), outer: true };
  }
  return value;
}

/** Whether an expression stands on its own, without columns of a query around. */
function isOwn(expr: Expr): boolean {
  switch (expr.kind) {
    case 'column':
    case 'aggregate':
    case 'window':
    case 'correlated':
      return false;
    case 'call':
    case 'grouping':
      return expr.args.every(isOwn);
    case 'cast':
    case 'in':
    case 'unfold':
      return isOwn(expr.expr);
    default:
      return true;
  }
}

/** The same expression, pointing at the place where it is used now. */
function respan(expr: Expr, span: Span): Expr {
  return expr.kind === 'column' ? { ...expr, span } : expr;
}

function descend(scope: Scope, expr: Expr, names: readonly string[], span: Span): Expr {
  let value = expr;
  for (const name of names) {
    const elements = tupleElements(baseType(value.type));
    const known = elements?.some((e, i) => e.name === name || String(i + 1) === name);
    if (elements && !known) {
      const has = elements.map((e) => e.name).filter((n) => n);
      const near = suggest(name, has);
      throw failAt(
        span,
        'UNKNOWN_IDENTIFIER',
        `Unknown expression identifier: the Tuple has no element \`${name}\``,
        near === undefined ? {} : { hint: `Did you mean \`${near}\`?` },
      );
    }
    value = elementOf(scope, value, name, span);
  }
  return value;
}

/** `a.size1`: the lengths of the arrays inside an array, `size2` those inside them. */
function sizesBelow(scope: Scope, array: Expr, levels: number, span: Span): Expr {
  if (levels === 0) return resolveCall(scope, 'length', [array], span);
  const inner = arrayElementType(array.type);
  if (inner === undefined)
    throw failAt(span, 'UNKNOWN_IDENTIFIER', `${array.type} has no arrays that deep`);
  const column = newColumn(scope.ctx, 'x', inner);
  const body = sizesBelow(scope, columnExpr(column, span), levels - 1, span);
  const lambda = lambdaExpr([{ id: column.id, type: inner }], body);
  return resolveCall(scope, 'arrayMap', [lambda, array], span);
}

/** `a.null` of an array: for each element whether it is NULL. */
function nullsOf(scope: Scope, array: Expr, element: string, span: Span): Expr {
  const column = newColumn(scope.ctx, 'x', element);
  const body = resolveCall(scope, 'isNull', [columnExpr(column, span)], span);
  const lambda = lambdaExpr([{ id: column.id, type: element }], body);
  return resolveCall(scope, 'arrayMap', [lambda, array], span);
}

/** `value.name`: an element of a named tuple, or one of the subcolumns of other types. */
export function elementOf(scope: Scope, value: Expr, name: string, span: Span): Expr {
  const elements = tupleElements(baseType(value.type));
  const list = arrayElementType(value.type);
  const isFlags = name === 'null' && list !== undefined && isNullable(list);
  if (elements || (list !== undefined && !isFlags && !/^size\d$/.test(name))) {
    return resolveCall(scope, 'tupleElement', [value, literalExpr('String', name, span)], span);
  }
  const head = typeHead(value.type);
  if (name === 'null' && isNullable(value.type)) return resolveCall(scope, 'isNull', [value], span);
  if (name === 'size0' && (head === 'Array' || head === 'Map')) {
    return resolveCall(scope, 'length', [value], span);
  }
  const deep = /^size([1-9])$/.exec(name);
  if (deep && head === 'Array') return sizesBelow(scope, value, Number(deep[1]), span);
  if (isFlags) return nullsOf(scope, value, list, span);
  if (head === 'Map' && name === 'keys') return resolveCall(scope, 'mapKeys', [value], span);
  if (head === 'Map' && name === 'values') return resolveCall(scope, 'mapValues', [value], span);
  throw failAt(
    span,
    'UNKNOWN_IDENTIFIER',
    `A value of type ${value.type} has no element \`${name}\``,
  );
}
