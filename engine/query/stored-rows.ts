// Rows of a query as rows of a table: columns by name, converted, the missing ones from their defaults.

import { parseExpression, type Span } from '../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { fail } from '../errors.ts';
import { bindStored } from '../plan/bind/expression/index.ts';
import { convert, resolveCall } from '../plan/bind/expression/resolve-call.ts';
import {
  makeSource,
  newScope,
  plainColumn,
  type Scope,
  type SourceColumn,
} from '../plan/bind/scope.ts';
import { failAt, newColumn } from '../plan/context.ts';
import { columnExpr, type Expr, literalExpr } from '../plan/expression.ts';
import { type Assigned, type Node, project } from '../plan/logical.ts';
import { isNullable } from '../plan/types.ts';
import type { PlanningRun } from './plan-query.ts';

/** Columns that an INSERT without a list fills. */
export function insertable(definition: TableDefinition): ColumnDefinition[] {
  return definition.columns.filter(
    (c) => c.defaultKind === undefined || c.defaultKind === 'DEFAULT',
  );
}

/** For each stored column its value, given the columns of the INSERT; the others get their default.
 *  `nulls`: so do those that are NULL where the column has none. */
export function storedValues(
  scope: Scope,
  definition: TableDefinition,
  given: ReadonlyMap<string, Expr>,
  nulls = false,
): { column: ColumnDefinition; expr: Expr }[] {
  const values = new Map<string, Expr>();
  const busy = new Set<string>();
  const valueFor = (column: ColumnDefinition): Expr => {
    const known = values.get(column.name);
    if (known) return known;
    if (busy.has(column.name))
      throw fail('CYCLIC_ALIASES', `The default of column ${column.name} uses itself`);
    busy.add(column.name);
    const value = make(column);
    busy.delete(column.name);
    values.set(column.name, value);
    return value;
  };
  const inner = newScope(scope.ctx, scope.span);
  const make = (column: ColumnDefinition): Expr => {
    const own = given.get(column.name);
    if (!own || column.defaultKind === 'MATERIALIZED' || column.defaultKind === 'ALIAS')
      return absent(column);
    if (!nulls || !isNullable(own.type) || isNullable(column.type))
      return convert(own, column.type);
    if (own.type === 'Nullable(Nothing)') return absent(column);
    const without = resolveCall(inner, 'assumeNotNull', [own], scope.span);
    const args = [
      resolveCall(inner, 'isNull', [own], scope.span),
      absent(column),
      convert(without, column.type),
    ];
    return convert(resolveCall(inner, 'if', args, scope.span), column.type);
  };
  const absent = (column: ColumnDefinition): Expr => {
    if (column.defaultExpr !== undefined) {
      return convert(bindStored(parseExpression(column.defaultExpr), inner), column.type);
    }
    const sibling = nestedSibling(definition, column, given);
    if (sibling !== undefined) {
      const text = `arrayResize(defaultValueOfTypeName('${column.type.replace(/[\\']/g, '\\$&')}'), length(${sibling}))`;
      return convert(bindStored(parseExpression(text), inner), column.type);
    }
    return typeDefault(column.type);
  };
  const columns = definition.columns.map(
    (c): SourceColumn => ({ name: c.name, type: c.type, expr: () => valueFor(c), hidden: false }),
  );
  inner.sources = [makeSource({ database: definition.database, table: definition.name }, columns)];
  return definition.columns
    .filter((c) => c.defaultKind !== 'ALIAS' && c.defaultKind !== 'EPHEMERAL')
    .map((column) => ({ column, expr: valueFor(column) }));
}

/** Columns `n.x` and `n.y` are one nested table: a missing one is as long as a given one. */
export function nestedSibling(
  definition: TableDefinition,
  column: ColumnDefinition,
  given: ReadonlyMap<string, unknown>,
): string | undefined {
  const dot = column.name.indexOf('.');
  if (dot < 1 || !column.type.startsWith('Array(')) return undefined;
  const prefix = column.name.slice(0, dot + 1);
  const found = definition.columns.find(
    (c) =>
      c !== column && c.name.startsWith(prefix) && c.type.startsWith('Array(') && given.has(c.name),
  );
  return found?.name
    .split('.')
    .map((part) => `\`${part.replace(/[\\`]/g, '\\$&')}\``)
    .join('.');
}

function typeDefault(type: string): Expr {
  const name = literalExpr('String', type);
  return {
    kind: 'call',
    name: 'defaultValueOfTypeName',
    args: [name],
    type,
    key: `default(${type})`,
  };
}

/** The node's columns, named by `names`, as rows of the table. */
export function tableRows(
  planning: PlanningRun,
  definition: TableDefinition,
  names: readonly string[],
  node: Node,
  span: Span,
): Node {
  if (names.length !== node.columns.length) {
    const text = `The query gives ${node.columns.length} column(s), the INSERT takes ${names.length}`;
    throw failAt(span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
  }
  const scope = newScope(planning.ctx, span);
  scope.sources = [
    makeSource(
      {},
      node.columns.map((c, i) => ({ ...plainColumn(c), name: names[i] as string })),
    ),
  ];
  const given = new Map(node.columns.map((c, i) => [names[i] as string, columnExpr(c) as Expr]));
  const nulls = planning.ctx.settings.bool('insert_null_as_default');
  const items = storedValues(scope, definition, given, nulls).map(
    ({ column, expr }): Assigned => ({
      column: newColumn(planning.ctx, column.name, column.type),
      expr,
    }),
  );
  return project(node, items);
}
