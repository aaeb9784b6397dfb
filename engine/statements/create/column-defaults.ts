// What DEFAULT, MATERIALIZED and ALIAS may say: other columns without a ring, of a type that converts.

import {
  type ColumnDefinition as ColumnAst,
  type Expression,
  parseExpression,
  type Span,
} from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { walkExpressions } from '../../plan/bind/scope.ts';
import { failAt } from '../../plan/context.ts';
import { columnsOf, type Expr, someExpr } from '../../plan/expression.ts';
import { isVolatile } from '../../plan/random-calls.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { pointing } from '../../query/names.ts';
import { barePlanning, bindTable } from '../../tables/shape.ts';

/** A default is computed for a row from that row. */
function ofOneRow(expr: Expr, span: Span, what: string): void {
  if (someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window')) {
    const text = `${what} cannot use aggregate or window functions`;
    throw failAt(span, 'ILLEGAL_AGGREGATION', text);
  }
  if (someExpr(expr, (e) => e.kind === 'unfold'))
    throw failAt(span, 'THERE_IS_NO_DEFAULT_VALUE', `${what} cannot use arrayJoin`);
}

/** A default must bind, be able to become the column's type, and hold no aggregate or subquery. */
export function checkDefault(run: Run, table: TableDefinition, ast: ColumnAst): void {
  const written = ast.default;
  if (!written?.expr) return;
  const column = table.columns.find((c) => c.name === ast.name.name) as ColumnDefinition;
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table, run.settings);
  const expr = binding.bind(written.expr);
  ofOneRow(expr, written.expr.span, `The ${written.type} of ${column.name}`);
  const own = binding.stored.find((c) => c.name === column.name);
  if (own && columnsOf(expr).has(own.id)) {
    throw failAt(
      written.expr.span,
      'CYCLIC_ALIASES',
      `The ${written.type} of ${column.name} uses the column itself`,
    );
  }
  checkCycle(table, column, written.expr);
  checkConversion(run, expr, column.type, written.expr.span);
  if (columnsOf(expr).size === 0 && !isVolatile(expr) && someLiteral(expr)) {
    try {
      binding.ctx.kernel.fold(binding.json(convert(expr, column.type)));
    } catch (error) {
      throw pointing(error, written.expr.span);
    }
  }
}

/** Defaults may use columns with defaults, but not in a ring. */
function checkCycle(table: TableDefinition, column: ColumnDefinition, own: Expression): void {
  const byName = new Map(table.columns.map((c) => [c.name, c]));
  const seen = new Set<string>();
  const follow = (ast: Expression): void =>
    walkExpressions(ast, (node) => {
      if (node.kind !== 'Identifier') return;
      const name = node.parts.map((p) => p.name).join('.');
      if (name === column.name) {
        throw cyclic(name, own.span);
      }
      const used = byName.get(name);
      if (!used?.defaultExpr || seen.has(name)) return;
      seen.add(name);
      follow(parseExpression(used.defaultExpr));
    });
  follow(own);
}

function checkConversion(run: Run, expr: Expr, type: string, span: Span): void {
  if (expr.type === type) return;
  const planning = barePlanning(run.core.native.planner(sessionJson(run)));
  const constant = { type: 'String', value: type };
  try {
    planning.kernel.resolveFunction('CAST', [{ type: expr.type }, { type: 'String', constant }]);
  } catch (error) {
    throw pointing(error, span);
  }
  void convert;
}

/** Defaults that are a plain value are tried out at once. */
const someLiteral = (expr: Expr): boolean =>
  expr.kind === 'literal' || (expr.kind === 'cast' && someLiteral(expr.expr));

export const cyclic = (name: string, span: Span): Error =>
  failAt(span, 'CYCLIC_ALIASES', `The default of column ${name} depends on the column itself`);
