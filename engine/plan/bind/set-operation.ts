// UNION, INTERSECT, EXCEPT and VALUES: queries that are made of rows or of other queries.

import {
  emptySelect,
  type Select,
  type SetOperation,
  type ValuesQuery,
} from '../../../sql/index.ts';
import { failAt, newColumn, type Planning } from '../context.ts';
import { type Column, columnExpr, literalExpr } from '../expression.ts';
import { type Node, project } from '../logical.ts';
import type { LitValue } from '../physical/wire.ts';
import { castLit, converted, supertype } from './common-type.ts';
import { constantOf } from './expression/constants.ts';
import { bindExpression } from './expression/index.ts';
import { addWith, bindQuery } from './query.ts';
import { newScope, type Scope } from './scope.ts';
import { bindSelectOver } from './select.ts';

/** BY NAME: every query gives the columns of all of them; what it has not is NULL. */
function alignedByName(ctx: Planning, nodes: readonly Node[], ast: SetOperation): Node[] {
  const names = new Set<string>();
  nodes.forEach((node, i) => {
    const own = node.columns.map((c) => c.name);
    if (new Set(own).size < own.length) {
      const text = `A query of ${ast.op} BY NAME has two columns of the same name`;
      throw failAt(ast.queries[i]?.span ?? ast.span, 'DUPLICATE_COLUMN', text);
    }
    for (const name of own) names.add(name);
  });
  return nodes.map((node) =>
    project(
      node,
      [...names].map((name) => {
        const own = node.columns.find((c) => c.name === name);
        const expr = own ? columnExpr(own) : literalExpr('Nullable(Nothing)', null, ast.span);
        return { column: newColumn(ctx, name, expr.type), expr };
      }),
    ),
  );
}

/** ALL or DISTINCT, as written or as the setting of the operation says. */
function quantifierOf({ op, quantifier, span }: SetOperation, ctx: Planning): 'ALL' | 'DISTINCT' {
  if (quantifier) return quantifier;
  const setting = `${op.toLowerCase()}_default_mode`;
  const mode = ctx.settings.text(setting).toUpperCase();
  if (mode === 'ALL' || mode === 'DISTINCT') return mode;
  throw failAt(span, 'EXPECTED_ALL_OR_DISTINCT', `${op} needs ALL or DISTINCT`, {
    hint: `Write ${op} ALL or ${op} DISTINCT, or set ${setting}`,
  });
}

export function bindSetOperation(ast: SetOperation, parent: Scope): Node {
  const { ctx } = parent;
  const scope = newScope(ctx, ast.span, parent);
  addWith(scope, ast.with);
  const written = ast.queries.map((q) => bindQuery(q, scope).node);
  const nodes = ast.byName ? alignedByName(ctx, written, ast) : written;
  const first = nodes[0] as Node;
  nodes.forEach((node, i) => {
    if (node.columns.length === first.columns.length) return;
    const name =
      ast.op === 'UNION'
        ? 'UNION_ALL_RESULT_STRUCTURES_MISMATCH'
        : 'INTERSECT_OR_EXCEPT_RESULT_STRUCTURES_MISMATCH';
    const text = `Query ${i + 1} of ${ast.op} has ${node.columns.length} column(s), the first has ${first.columns.length}`;
    throw failAt(ast.queries[i]?.span ?? ast.span, name, text);
  });
  const types = first.columns.map((column, i) => {
    const all = nodes.map((n) => (n.columns[i] as Column).type);
    const type = supertype(ctx, all);
    if (type === undefined) {
      throw failAt(
        ast.span,
        'NO_COMMON_TYPE',
        `Column \`${column.name}\` has no common type: ${[...new Set(all)].join(', ')}`,
      );
    }
    return type;
  });
  const inputs = nodes.map((n) => converted(ctx, n, types));
  const fresh = (): Column[] =>
    first.columns.map((c, i) => newColumn(ctx, c.name, types[i] as string));
  let node: Node;
  if (ast.op === 'UNION') {
    const quantifier = quantifierOf(ast, ctx);
    node = { kind: 'union', inputs, columns: fresh() };
    if (quantifier === 'DISTINCT') node = { kind: 'distinct', input: node, columns: node.columns };
  } else {
    const operation = ast.op === 'INTERSECT' ? 'intersect' : 'except';
    const all = quantifierOf(ast, ctx) === 'ALL';
    node = inputs
      .slice(1)
      .reduce<Node>(
        (left, right) => ({ kind: 'setOperation', left, right, operation, all, columns: fresh() }),
        inputs[0] as Node,
      );
  }
  return orderSetOperation(ast, scope, node);
}

/** ORDER BY and LIMIT behind queries in parentheses see the columns of the result. */
function orderSetOperation(ast: SetOperation, scope: Scope, node: Node): Node {
  if (!ast.orderBy && !ast.limit) return node;
  const select: Select = {
    ...emptySelect(ast.span),
    columns: [{ kind: 'Star', span: ast.span, transformers: [] }],
    orderBy: ast.orderBy,
    limit: ast.limit,
  };
  return bindSelectOver(select, scope, node);
}

export function bindValues(ast: ValuesQuery, parent: Scope): Node {
  const { ctx } = parent;
  const scope = newScope(ctx, ast.span, parent);
  const rows = ast.rows.map((row) => {
    const items = row.kind === 'Tuple' ? row.items : [row];
    return items.map((item) => {
      const value = constantOf(ctx, bindExpression(item, scope));
      if (!value)
        throw failAt(item.span, 'BAD_ARGUMENTS', 'A row of VALUES must consist of constants');
      return value;
    });
  });
  const width = rows[0]?.length ?? 0;
  const columns: Column[] = [];
  for (let i = 0; i < width; i++) {
    const types = rows.map((row, r) => {
      if (row.length === width) return (row[i] as { type: string }).type;
      throw failAt(
        ast.rows[r]?.span,
        'NUMBER_OF_COLUMNS_DOESNT_MATCH',
        `Row ${r + 1} has ${row.length} values, the first has ${width}`,
      );
    });
    const type = supertype(ctx, types);
    if (type === undefined)
      throw failAt(ast.span, 'NO_COMMON_TYPE', `Column ${i + 1} of VALUES has no common type`);
    columns.push(newColumn(ctx, `c${i + 1}`, type));
  }
  return {
    kind: 'values',
    title: 'VALUES',
    columns,
    rows: rows.map((row) =>
      row.map((v, i): LitValue => castLit(ctx, v, (columns[i] as Column).type)),
    ),
  };
}
