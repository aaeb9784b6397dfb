// A table's definition as the kernel wants it: expressions of keys, defaults and indexes bound to
// the columns. Also the one place that binds any expression over a table's columns.

import { type Expression, parseExpression } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { fail } from '../errors.ts';
import { bindStored } from '../plan/bind/expression/index.ts';
import { convert } from '../plan/bind/expression/resolve-call.ts';
import {
  makeSource,
  newScope,
  plainColumn,
  type Scope,
  type SourceColumn,
} from '../plan/bind/scope.ts';
import { newColumn, type PlannerKernel, type Planning } from '../plan/context.ts';
import { type Column, columnsOf, type Expr } from '../plan/expression.ts';
import { exprJson } from '../plan/physical/expression.ts';
import type { ExprJson, TableColumnJson, TableShapeJson } from '../plan/physical/wire.ts';
import { defaultSettings, type Settings } from '../settings/index.ts';
import { engineRule, sortKeyTexts } from './engine-rule.ts';
import { fitsIndex, storedIndex } from './skip-index.ts';
import { ttlRules } from './ttl.ts';

/** A planning context without tables: for expressions over the columns of one definition. */
export function barePlanning(
  kernel: PlannerKernel,
  settings: Settings = defaultSettings,
): Planning {
  const none = (): never => {
    throw fail('UNKNOWN_TABLE', 'A subquery cannot stand in the definition of a table');
  };
  return {
    kernel,
    catalog: { table: none, find: none, tables: none },
    settings,
    params: {},
    positional: [],
    parseExpression: (text) => parseExpression(text),
    statementRows: none,
    nestedSettings: (_, outer) => outer,
    userFunctions: new Map(),
    subqueries: [],
    nextColumn: 1,
    depth: 0,
    cacheable: true,
  };
}

export interface TableBinding {
  readonly ctx: Planning;
  readonly scope: Scope;
  /** Columns that are stored, in order. */
  readonly stored: readonly Column[];
  bind(expr: Expression | string): Expr;
  /** Over positions of `stored`. */
  json(expr: Expr): ExprJson;
}

/** Binds names to the table's columns; ALIAS columns stand for their expressions. */
export function bindTable(
  kernel: PlannerKernel,
  definition: TableDefinition,
  settings?: Settings,
  planning?: Planning,
): TableBinding {
  const ctx = planning ?? barePlanning(kernel, settings);
  const scope = newScope(ctx, { start: 0, end: 0 });
  const stored: Column[] = [];
  const columns = definition.columns.flatMap((c): SourceColumn[] => {
    // An EPHEMERAL column has only its default for rows that are there.
    if (c.defaultKind === 'ALIAS' || c.defaultKind === 'EPHEMERAL') {
      const expr = (): Expr =>
        convert(
          bindStored(
            parseExpression(
              c.defaultExpr ?? `defaultValueOfTypeName('${c.type.replace(/[\\']/g, '\\$&')}')`,
            ),
            scope,
          ),
          c.type,
        );
      return [{ name: c.name, type: c.type, expr, hidden: true }];
    }
    const column = newColumn(ctx, c.name, c.type);
    stored.push(column);
    return [plainColumn(column)];
  });
  scope.sources = [makeSource({ database: definition.database, table: definition.name }, columns)];
  const at = new Map(stored.map((c, i) => [c.id, i]));
  return {
    ctx,
    scope,
    stored,
    bind: (expr) => bindStored(typeof expr === 'string' ? parseExpression(expr) : expr, scope),
    json: (expr) => exprJson(expr, at, []),
  };
}

/** What the kernel calls the shape of a table. Throws what the binder throws. */
export function tableShape(kernel: PlannerKernel, definition: TableDefinition): TableShapeJson {
  const binding = bindTable(kernel, definition);
  const { bind, json } = binding;
  const columns = definition.columns.flatMap((c): TableColumnJson[] => {
    if (c.defaultKind === 'ALIAS' || c.defaultKind === 'EPHEMERAL') return [];
    const column: TableColumnJson = { name: c.name, type: c.type };
    if (c.codec !== undefined) column.codec = c.codec;
    if (c.stored !== undefined) column.stored = c.stored;
    if (c.defaultExpr !== undefined) {
      const expr = bind(c.defaultExpr);
      // A default over other columns was written into old rows when the column was added.
      if (columnsOf(expr).size === 0) column.default = json(convert(expr, c.type));
    }
    return [column];
  });
  const partition = partitionKey(definition).map(bind);
  const partitionColumns = new Set(partition.flatMap((expr) => [...columnsOf(expr)]));
  const engine = engineRule(
    definition,
    binding.stored.filter((c) => partitionColumns.has(c.id)).map((c) => c.name),
  );
  const checks = checksOf(definition);
  const granularity = Math.min(
    Number(definition.settings.index_granularity ?? 0),
    Number.MAX_SAFE_INTEGER,
  );
  const skipping = definition.indexes.flatMap((i) => [...columnsOf(bind(i.expr))]);
  const ttl = ttlRules(binding, definition);
  return {
    columns,
    ...(engine ? { engine } : {}),
    ...(checks.length > 0
      ? { checks: checks.map(({ name, expr }) => ({ name, text: expr, expr: json(bind(expr)) })) }
      : {}),
    ...(ttl.length > 0 ? { ttl } : {}),
    sortKey: sortKeyTexts(definition).map((text) => json(bind(text))),
    partitionKey: partition.map(json),
    skipIndexes: definition.indexes.flatMap((index) => {
      const expr = bind(index.expr);
      const kept = storedIndex(index.type);
      if (!kept || !fitsIndex(kept, index.type, expr.type)) return [];
      return [{ name: index.name, expr: json(expr), ...kept }];
    }),
    ...(granularity > 0 ? { granularity } : {}),
    ...(skipping.length > 0
      ? { skipping: binding.stored.filter((c) => skipping.includes(c.id)).map((c) => c.name) }
      : {}),
    timezone: 'UTC',
  };
}

export interface Constraint {
  readonly name: string;
  readonly type: 'CHECK' | 'ASSUME';
  readonly expr: string;
}

export const constraintsOf = (definition: TableDefinition): readonly Constraint[] =>
  (definition.extra?.constraints as readonly Constraint[] | undefined) ?? [];

const checksOf = (definition: TableDefinition): readonly Constraint[] =>
  constraintsOf(definition).filter((constraint) => constraint.type === 'CHECK');

/** `PARTITION BY (a, b)` partitions by two values. */
export function partitionKey(definition: TableDefinition): string[] {
  if (definition.partitionBy === undefined) return [];
  const list = definition.extra?.partitionKey;
  if (Array.isArray(list)) return list as string[];
  return [definition.partitionBy];
}
