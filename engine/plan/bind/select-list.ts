// The list behind SELECT, and what numbers in GROUP BY and ORDER BY mean of it.
import type { Expression, Select, Span } from '../../../sql/index.ts';
import { failAt } from '../context.ts';
import type { Expr } from '../expression.ts';
import { baseType, tupleElements } from '../types.ts';
import { bindAlias } from './expression/identifier.ts';
import { bindExpression } from './expression/index.ts';
import { resolveCall } from './expression/resolve-call.ts';
import { columnName } from './names.ts';
import { nameText, type Scope } from './scope.ts';
import { expandColumns, type NamedExpr } from './star.ts';

/** An item of the SELECT list; bound when first asked for. */
export interface Item {
  readonly name: string;
  readonly span: Span;
  readonly expr: () => Expr;
}

export function selectItems(ast: Select, scope: Scope): Item[] {
  return ast.columns.flatMap((column): Item[] => {
    if (column.kind === 'Star' || column.kind === 'ColumnsMatcher') {
      return expandColumns(column, scope).map((item: NamedExpr) => ({
        name: item.name,
        span: column.span,
        expr: () => item.expr,
      }));
    }
    const inner = column.kind === 'Alias' ? column.expr : column;
    if (inner.kind === 'Function' && inner.name === 'untuple') return untuple(column, inner, scope);
    if (inner.kind === 'Function' && /^arrayJoin$/i.test(inner.name)) {
      const [array] = inner.args;
      if (array?.kind === 'Array' && array.items.length === 0)
        throw failAt(inner.span, 'ILLEGAL_TYPE_OF_ARGUMENT', 'A column cannot have type Nothing');
    }
    if (column.kind === 'Alias') {
      const name = nameText(scope.ctx, column.alias);
      const own = scope.aliases.get(name)?.ast === column.expr;
      const expr = (): Expr => (own ? bindAlias(scope, name) : bindExpression(column.expr, scope));
      return [{ name, span: column.span, expr }];
    }
    let bound: Expr | undefined;
    const expr = (): Expr => {
      bound ??= bindExpression(column, scope);
      return bound;
    };
    return [{ name: columnName(column, scope), span: column.span, expr }];
  });
}

function untuple(
  column: Expression,
  call: Expression & { kind: 'Function' },
  scope: Scope,
): Item[] {
  const arg = call.args[0];
  if (!arg || call.args.length !== 1) {
    throw failAt(call.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', 'untuple takes one argument');
  }
  const value = bindExpression(arg, scope);
  const elements = tupleElements(baseType(value.type));
  if (!elements)
    throw failAt(arg.span, 'UNSUPPORTED_METHOD', `untuple takes a Tuple, not ${value.type}`);
  const prefix = column.kind === 'Alias' ? nameText(scope.ctx, column.alias) : undefined;
  return elements.map((element, i) => {
    const index = bindExpression(
      { kind: 'Literal', type: 'number', text: String(i + 1), span: arg.span },
      scope,
    );
    const expr = resolveCall(scope, 'tupleElement', [value, index], arg.span);
    const last = element.name || String(i + 1);
    const name =
      prefix === undefined
        ? `tupleElement(${columnName(arg, scope)}, '${last}')`
        : `${prefix}.${last}`;
    return { name, span: column.span, expr: () => expr };
  });
}

/** `2` in GROUP BY, ORDER BY and LIMIT BY means the second item of SELECT. */
export function positional(
  ast: Expression,
  items: readonly Item[],
  scope: Scope,
): Item | undefined {
  if (!scope.ctx.settings.bool('enable_positional_arguments')) return undefined;
  let text: string | undefined;
  if (ast.kind === 'Literal' && ast.type === 'number') text = ast.text;
  if (
    ast.kind === 'Unary' &&
    ast.fn === 'negate' &&
    ast.operand.kind === 'Literal' &&
    ast.operand.type === 'number'
  ) {
    text = `-${ast.operand.text}`;
  }
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined;
  const n = Number(text);
  const item = items[n > 0 ? n - 1 : items.length + n];
  if (n === 0 || !item) {
    throw failAt(
      ast.span,
      'BAD_ARGUMENTS',
      `Position ${text} is not in the list of ${items.length} column(s)`,
    );
  }
  return item;
}
