// TTL clauses: checked when they are declared, kept as text, told to the kernel as rules over the
// table's columns.

import { type Expression, parseStatement, type TtlItem } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { resolveAggregate } from '../plan/bind/expression/aggregate.ts';
import { convert } from '../plan/bind/expression/resolve-call.ts';
import { failAt, newColumn } from '../plan/context.ts';
import {
  type Column,
  columnExpr,
  columnsOf,
  type Expr,
  mapParts,
  someExpr,
} from '../plan/expression.ts';
import { exprJson } from '../plan/physical/expression.ts';
import type { AggregateJson, TtlRuleJson } from '../plan/physical/wire.ts';
import { typeHead } from '../plan/types.ts';
import type { TableBinding } from './shape.ts';

const parsed = new Map<string, readonly TtlItem[]>();
const PARSED_MAX = 1000;

/** The items behind TTL. */
export function ttlItems(text: string | undefined): readonly TtlItem[] {
  if (text === undefined) return [];
  let items = parsed.get(text);
  if (!items) {
    const statement = parseStatement(`ALTER TABLE t MODIFY TTL ${text}`);
    const command = statement.kind === 'AlterTable' ? statement.commands[0] : undefined;
    items = command?.kind === 'ModifyTtl' ? command.ttl : [];
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(text, items);
  }
  return items;
}

const nameOf = (column: TtlItem['set'] extends (infer A)[] | undefined ? A : never): string =>
  column.column.parts.map((part) => part.name).join('.');

/** The time of a rule: a date or time that depends on the row. */
function time(binding: TableBinding, ast: Expression): Expr {
  const expr = binding.bind(ast);
  if (columnsOf(expr).size === 0) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'The time of a TTL must depend on columns', {
      hint: 'As in TTL created + INTERVAL 30 DAY',
    });
  }
  if (someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window' || e.kind === 'unfold')) {
    throw failAt(ast.span, 'BAD_TTL_EXPRESSION', 'The time of a TTL is computed from one row');
  }
  if (!/^Date(32)?$|^DateTime(64)?$/.test(typeHead(expr.type))) {
    throw failAt(
      ast.span,
      'BAD_TTL_EXPRESSION',
      `TTL expression result column should have DateTime or Date type, but has ${expr.type}`,
    );
  }
  return expr;
}

function rule(binding: TableBinding, definition: TableDefinition, item: TtlItem): TtlRuleJson[] {
  const expr = binding.json(time(binding, item.expr));
  const filter = item.where && { filter: binding.json(binding.bind(item.where)) };
  switch (item.action) {
    case 'DELETE':
      return [{ expr, ...filter, action: { kind: 'delete' } }];
    case 'GROUP BY':
      return [{ expr, ...filter, action: groupAction(binding, definition, item) }];
    case 'DISK':
    case 'VOLUME':
      if (item.ifExists || item.destination === 'default') return [];
      throw failAt(
        item.span,
        'BAD_TTL_EXPRESSION',
        `There is no ${item.action.toLowerCase()} ${item.destination ?? ''} to move rows to`,
        { hint: 'This server keeps its data in one place, called default' },
      );
    case 'RECOMPRESS':
      return [];
  }
}

/** `GROUP BY k SET v = sum(v)`: a value is over aggregates; a column alone is any of its values. */
function groupAction(
  binding: TableBinding,
  definition: TableDefinition,
  item: TtlItem,
): TtlRuleJson['action'] {
  const primary = definition.primaryKey ?? definition.orderBy;
  const written = item.groupBy ?? [];
  const keys = written.map((ast) => binding.bind(ast));
  const wanted = primary.map((text) => binding.bind(text).key);
  const isPrefix = keys.every((key, i) => key.key === wanted[i]);
  if (!isPrefix || keys.length === 0) {
    throw failAt(
      written[0]?.span ?? item.span,
      'BAD_TTL_EXPRESSION',
      'TTL Expression GROUP BY key should be a prefix of primary key',
    );
  }
  const inKey = new Set(keys.flatMap((key) => (key.kind === 'column' ? [key.id] : [])));
  const aggregates: AggregateJson[] = [];
  const outputs = new Map<string, Column>();
  const aggregated = (expr: Expr): Expr => {
    const call =
      expr.kind === 'column' ? resolveAggregate(binding.scope, 'any', [], [expr], item.span) : expr;
    if (call.kind !== 'aggregate') return mapParts(expr, aggregated);
    const known = outputs.get(call.key);
    if (known) return columnExpr(known);
    const output = newColumn(binding.ctx, `aggregate ${outputs.size}`, call.type);
    outputs.set(call.key, output);
    const args = call.args.map((arg) => binding.json(arg));
    aggregates.push({ name: call.name, params: [...call.params], args });
    return columnExpr(output);
  };
  const names = new Set<string>();
  const values = (item.set ?? []).map((assignment) => {
    const name = nameOf(assignment);
    if (names.has(name)) {
      throw failAt(assignment.column.span, 'BAD_TTL_EXPRESSION', `Column ${name} is set twice`);
    }
    names.add(name);
    const column = binding.stored.find((c) => c.name === name);
    if (!column || inKey.has(column.id)) {
      throw failAt(
        assignment.column.span,
        'BAD_TTL_EXPRESSION',
        column ? `Column ${name} is in GROUP BY` : `There is no column ${name}`,
      );
    }
    return {
      column: name,
      value: aggregated(convert(binding.bind(assignment.value), column.type)),
    };
  });
  const at = new Map([...outputs.values()].map((column, i) => [column.id, i]));
  return {
    kind: 'group',
    keys: keys.map((key) => binding.json(key)),
    aggregates,
    set: values.map(({ column, value }) => ({ column, value: exprJson(value, at, []) })),
  };
}

/** Rows that go first, then groups, then columns: what is gone needs no further work. */
const order = { delete: 0, group: 2, column: 3 } as const;

/** All rules of a table. Throws at the place of what is wrong. */
export function ttlRules(binding: TableBinding, definition: TableDefinition): TtlRuleJson[] {
  const rules = ttlItems(definition.ttl).flatMap((item) => rule(binding, definition, item));
  for (const column of definition.columns) {
    if (column.ttl === undefined) continue;
    const item = ttlItems(column.ttl)[0];
    if (!item) continue;
    const value =
      column.defaultExpr === undefined || column.defaultKind === 'EPHEMERAL'
        ? {}
        : { value: binding.json(convert(binding.bind(column.defaultExpr), column.type)) };
    rules.push({
      expr: binding.json(time(binding, item.expr)),
      action: { kind: 'column', column: column.name, ...value },
    });
  }
  return rules.sort((a, b) => rank(a) - rank(b));
}

const rank = (rule: TtlRuleJson): number =>
  order[rule.action.kind] + (rule.filter !== undefined && rule.action.kind === 'delete' ? 1 : 0);

/** Checks what was written, at its place in the statement. */
export function checkTtl(
  binding: TableBinding,
  definition: TableDefinition,
  items: readonly TtlItem[],
): void {
  for (const item of items) rule(binding, definition, item);
  const all = items.filter((item) => item.action === 'DELETE' && !item.where);
  if (all.length > 1) {
    const text = 'More than one DELETE TTL expression without WHERE is not allowed';
    throw failAt(all[1]?.span, 'BAD_TTL_EXPRESSION', text);
  }
}

/** A column that is part of a key cannot lose its values. */
export function checkColumnTtl(
  binding: TableBinding,
  keys: readonly string[],
  name: string,
  ast: Expression,
): void {
  time(binding, ast);
  const own = binding.stored.find((c) => c.name === name);
  if (own && keys.some((text) => columnsOf(binding.bind(text)).has(own.id))) {
    throw failAt(ast.span, 'ILLEGAL_COLUMN', `Trying to set TTL for key column ${name}`);
  }
}
