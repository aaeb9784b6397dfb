// PIVOT and UNPIVOT as Spark and DuckDB write them: a query over the source that does the same.

import {
  type Expression,
  emptySelect,
  type FunctionCall,
  type Name,
  type Pivot,
  type Select,
  type Span,
  type Unpivot,
} from '../../../../sql/index.ts';
import { failAt, newColumn } from '../../context.ts';
import { columnExpr } from '../../expression.ts';
import { type Node, project } from '../../logical.ts';
import { columnName } from '../names.ts';
import { bindQuery } from '../query.ts';
import { identifierParts, newScope, type Scope, walkExpressions } from '../scope.ts';
import { bindFrom } from './index.ts';

const columnsMax = 10_000;

const nameOf = (name: string, span: Span): Name => ({ kind: 'Name', name, quoted: true, span });
const column = (name: string, span: Span): Expression => ({
  kind: 'Identifier',
  parts: [nameOf(name, span)],
  span,
});
const call = (name: string, args: Expression[], span: Span): FunctionCall => ({
  kind: 'Function',
  name,
  nameSpan: span,
  args,
  distinct: false,
  span,
});
const aliased = (expr: Expression, name: string): Expression =>
  expr.kind === 'Alias'
    ? { ...expr, alias: nameOf(name, expr.span) }
    : { kind: 'Alias', expr, alias: nameOf(name, expr.span), span: expr.span };

const bare = (e: Expression): Expression => (e.kind === 'Alias' ? e.expr : e);

/** Names of the source's columns; it is bound for that, and again by the query over it. */
function columnsOf(source: Pivot['source'], scope: Scope): string[] {
  const { ctx } = scope;
  const before = ctx.subqueries.length;
  const from = bindFrom(source, newScope(ctx, source.span, scope));
  ctx.subqueries.length = before;
  return from.sources.flatMap((s) => s.columns.filter((c) => !c.hidden).map((c) => c.name));
}

/** Names of columns that expressions mention. */
function mentioned(list: readonly Expression[], scope: Scope): Set<string> {
  const names = new Set<string>();
  for (const e of list) {
    walkExpressions(e, (node) => {
      if (node.kind === 'Identifier') names.add(identifierParts(scope.ctx, node).at(-1) as string);
    });
  }
  return names;
}

const select = (parts: Partial<Select>, span: Span): Select => ({ ...emptySelect(span), ...parts });

/** What a value is called: its alias, the text of a string, or its spelling. */
function label(e: Expression, scope: Scope): string {
  if (e.kind === 'Alias') return e.alias.name;
  if (e.kind === 'Literal' && e.type === 'string') return (e as { value: string }).value;
  if (e.kind === 'Tuple') return e.items.map((i) => label(i, scope)).join('_');
  return columnName(e, scope);
}

/** Combinations of one value of each FOR. */
function combinations(ast: Pivot): { expr: Expression; value: Expression }[][] {
  let all: { expr: Expression; value: Expression }[][] = [[]];
  for (const { expr, values } of ast.columns) {
    all = all.flatMap((before) => values.map((value) => [...before, { expr, value }]));
    if (all.length * ast.aggregates.length > columnsMax) {
      throw failAt(ast.span, 'TOO_MANY_COLUMNS', `PIVOT makes more than ${columnsMax} columns`);
    }
  }
  return all;
}

export function bindPivot(ast: Pivot, scope: Scope): Node {
  const { span } = ast;
  const used = mentioned([...ast.aggregates, ...ast.columns.map((c) => c.expr)], scope);
  const groups: Expression[] =
    ast.groupBy.length > 0
      ? ast.groupBy
      : columnsOf(ast.source, scope)
          .filter((name) => !used.has(name))
          .map((name) => column(name, span));
  const names: string[] = [];
  const items = combinations(ast).flatMap((combination) =>
    ast.aggregates.map((aggregate): Expression => {
      const inner = bare(aggregate);
      if (inner.kind !== 'Function') {
        throw failAt(aggregate.span, 'BAD_ARGUMENTS', 'PIVOT needs aggregate functions before FOR');
      }
      const tests = combination.map(({ expr, value }) =>
        call('equals', [expr, bare(value)], value.span),
      );
      const test = tests.length === 1 ? (tests[0] as Expression) : call('and', tests, span);
      // Nothing to aggregate is NULL, as there, and not a default; a count is 0.
      const counts = /^(count|uniq)/i.test(inner.name);
      const filter = inner.filter ? call('and', [inner.filter, test], span) : test;
      const name = counts || /OrNull$/.test(inner.name) ? inner.name : `${inner.name}OrNull`;
      const value = combination.map((c) => label(c.value, scope)).join('_');
      const own = aggregate.kind === 'Alias' ? aggregate.alias.name : columnName(inner, scope);
      names.push(ast.aggregates.length > 1 ? `${value}_${own}` : value);
      return aliased({ ...inner, name, filter }, `__pivot_${names.length}`);
    }),
  );
  const groupBy = { kind: 'GroupBy', mode: 'LIST', items: groups, span } as const;
  const query = select(
    {
      columns: [...groups, ...items],
      from: ast.source,
      ...(groups.length > 0 ? { groupBy: { ...groupBy, items: groups } } : {}),
    },
    span,
  );
  // Only now: a value may be called like a column that the rows are grouped by.
  const { node } = bindQuery(query, scope);
  const renamed = node.columns.map((from, i) => {
    const name = names[i - groups.length] ?? from.name;
    return { column: newColumn(scope.ctx, name, from.type), expr: columnExpr(from) };
  });
  return project(node, renamed);
}

export function bindUnpivot(ast: Unpivot, scope: Scope): Node {
  const { span } = ast;
  if (ast.names.length !== 1) {
    throw failAt(span, 'BAD_ARGUMENTS', 'UNPIVOT takes one name behind FOR');
  }
  const used = mentioned(ast.columns, scope);
  const others = columnsOf(ast.source, scope).filter((name) => !used.has(name));
  const width = ast.values.length;
  const rows = ast.columns.map((item): Expression => {
    const inner = bare(item);
    const values = inner.kind === 'Tuple' ? inner.items : [inner];
    if (values.length !== width) {
      const text = `UNPIVOT has ${width} value column(s) and ${values.length} column(s) here`;
      throw failAt(item.span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
    }
    const text: Expression = {
      kind: 'Literal',
      type: 'string',
      value: label(item, scope),
      span: item.span,
    } as Expression;
    return { kind: 'Tuple', items: [text, ...values], span: item.span };
  });
  const row = '__unpivot';
  const part = (index: number, name: Name): Expression =>
    aliased({ kind: 'TupleAccess', expr: column(row, span), index, span }, name.name);
  const columns = [
    part(1, ast.names[0] as Name),
    ...ast.values.map((name, i) => part(i + 2, name)),
  ];
  const present: Expression[] = ast.values.map((_, i) => ({
    kind: 'IsNull',
    negated: true,
    expr: { kind: 'TupleAccess', expr: column(row, span), index: i + 2, span },
    span,
  }));
  const where = present.length === 1 ? (present[0] as Expression) : call('or', present, span);
  const query = select(
    {
      columns: [...others.map((name) => column(name, span)), ...columns],
      from: {
        kind: 'ArrayJoin',
        type: 'INNER',
        left: ast.source,
        items: [aliased({ kind: 'Array', items: rows, span }, row)],
        span,
      } as Select['from'] & object,
      ...(ast.includeNulls ? {} : { where }),
    },
    span,
  );
  return bindQuery(query, scope).node;
}
