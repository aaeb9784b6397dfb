// PARTITION BY, ORDER BY, PRIMARY KEY, SAMPLE BY, TTL and constraints of CREATE and ALTER TABLE.

import {
  type ColumnDefinition as ColumnAst,
  type ConstraintDefinition as ConstraintAst,
  type Expression,
  type OrderItem,
  print,
  printNormal,
  type Storage,
  type TtlItem,
} from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { failAt } from '../../plan/context.ts';
import { columnsOf, type Expr, someExpr } from '../../plan/expression.ts';
import { isVolatile } from '../../plan/random-calls.ts';
import { isNullable, typeHead } from '../../plan/types.ts';
import { settingText } from '../../query/apply-settings.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { keyList } from '../../tables/key-columns.ts';
import { bindTable, constraintsOf, partitionKey } from '../../tables/shape.ts';
import { checkColumnTtl, checkTtl } from '../../tables/ttl.ts';
import { checkGranularity, tableSetting } from './table-settings.ts';
import { keptText } from './written-keys.ts';

export function plainExpression(
  expr: Expr,
  ast: Expression,
  what: string,
  code: 'BAD_ARGUMENTS' | 'UNEXPECTED_EXPRESSION' = 'BAD_ARGUMENTS',
): void {
  if (someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window' || e.kind === 'unfold')) {
    throw failAt(ast.span, code, `${what} cannot use aggregates, windows or arrayJoin`);
  }
}

/** What gives another value each time cannot be kept beside the rows. */
export function refuseVolatile(expr: Expr, ast: Expression, what: string): void {
  if (isVolatile(expr) || someExpr(expr, (e) => e.kind === 'call' && changing.test(e.name)))
    throw failAt(ast.span, 'BAD_ARGUMENTS', `${what} must give the same value each time`);
}

/** What cannot be a value of a row: the codes are ClickHouse's for keys. */
function ofRows(expr: Expr, ast: Expression, clause: string): void {
  if (someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window')) {
    const text = `${clause} cannot use aggregate or window functions`;
    throw failAt(ast.span, 'ILLEGAL_AGGREGATION', text);
  }
  if (someExpr(expr, (e) => e.kind === 'unfold'))
    throw failAt(ast.span, 'ILLEGAL_COLUMN', `${clause} cannot contain array joins`);
  if (columnsOf(expr).size === 0)
    throw failAt(ast.span, 'ILLEGAL_COLUMN', `${clause} cannot contain constants`);
}

/** The same expression twice in a key only costs. */
function refuseTwice(list: readonly Expression[], texts: readonly string[], run: Run): void {
  const at = texts.findIndex((text, i) => texts.indexOf(text) < i);
  if (at < 0 || run.settings.bool('allow_suspicious_indices')) return;
  throw failAt(list[at]?.span, 'BAD_ARGUMENTS', `The key contains ${texts[at]} twice`, {
    hint: 'Leave one out, or set allow_suspicious_indices = 1',
  });
}

/** Functions that give another value at another time. */
const changing = /^(now(64|InBlock)?|today|yesterday|curdate|UTCTimestamp|uptime)$/i;

export function keyExpressions(
  run: Run,
  table: TableDefinition,
  list: readonly Expression[],
  clause: string,
): string[] {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table);
  return list.map((ast) => {
    const expr = binding.bind(ast);
    refuseVolatile(expr, ast, clause);
    ofRows(expr, ast, clause);
    if (
      clause !== 'PARTITION BY' &&
      isNullable(expr.type) &&
      table.settings.allow_nullable_key !== '1'
    ) {
      throw failAt(ast.span, 'ILLEGAL_COLUMN', `${clause} holds a Nullable expression`, {
        hint: 'Use assumeNotNull or ifNull, or SETTINGS allow_nullable_key = 1',
      });
    }
    const head = typeHead(expr.type);
    if (head === 'AggregateFunction' || head === 'Function') {
      throw failAt(
        ast.span,
        'DATA_TYPE_CANNOT_BE_USED_IN_KEY',
        `${clause} cannot hold a value of type ${expr.type}`,
      );
    }
    const loose = clause === 'PARTITION BY' && /^(Nullable\()?(B?Float)/.test(expr.type);
    if (loose && table.settings.allow_floating_point_partition_key !== '1') {
      throw failAt(
        ast.span,
        'BAD_ARGUMENTS',
        `Floating point partition key is not supported: ${print(ast)}`,
        {
          hint: 'SETTINGS allow_floating_point_partition_key = 1',
        },
      );
    }
    return printNormal(ast);
  });
}

function sortItems(items: readonly OrderItem[]): Expression[] {
  return items.flatMap((item) => {
    if (item.nulls || item.collate || item.fill)
      throw failAt(item.span, 'SYNTAX_ERROR', 'A sorting key takes ASC and DESC only');
    return keyList(item.expr);
  });
}

/** Keys, partition and settings of a storage clause. */
export function withStorage(
  run: Run,
  table: TableDefinition,
  storage: Storage | undefined,
  inner: readonly Expression[] | undefined,
): TableDefinition {
  let next = table;
  const settings: Record<string, string> = { ...table.settings };
  for (const item of storage?.settings ?? [])
    settings[item.name] = tableSetting(
      item.name,
      item.nameSpan,
      settingText(item.value),
      table.engine.name,
    );
  const [setting] = storage?.settings ?? [];
  if (setting) checkGranularity(settings, setting.nameSpan);
  next = { ...next, settings };
  const primary = storage?.primaryKey?.flatMap(keyList) ?? inner?.flatMap(keyList);
  const order = storage?.orderBy ? sortItems(storage.orderBy) : primary;
  const orderBy = order ? keyExpressions(run, next, order, 'ORDER BY') : next.orderBy;
  if (order && table.settings.allow_suspicious_indices !== '1') refuseTwice(order, orderBy, run);
  next = { ...next, orderBy };
  if (primary && primary.length > 0) {
    const primaryKey = keyExpressions(run, next, primary, 'PRIMARY KEY');
    const isPrefix = primaryKey.every((text, i) => text === orderBy[i]);
    if (!isPrefix) {
      const span = primary[0]?.span;
      throw failAt(span, 'BAD_ARGUMENTS', 'PRIMARY KEY must be a beginning of ORDER BY');
    }
    next = { ...next, primaryKey };
  }
  if (storage?.partitionBy) {
    const list = keyList(storage.partitionBy);
    const partitionKey = keyExpressions(run, next, list, 'PARTITION BY');
    if (partitionKey.length > 0) {
      next = {
        ...next,
        partitionBy: printNormal(storage.partitionBy),
        extra: { ...next.extra, partitionKey },
      };
    }
  }
  if (storage?.sampleBy) next = withSampleBy(run, next, storage.sampleBy);
  if (storage?.ttl) next = withTtl(run, next, storage.ttl);
  return next;
}

/** The sampling expression is one of the primary key's, and an unsigned integer. */
export function withSampleBy(run: Run, table: TableDefinition, ast: Expression): TableDefinition {
  if (keyList(ast).length === 0) {
    throw failAt(ast.span, 'INCORRECT_QUERY', 'There are no columns in sampling expression');
  }
  keyExpressions(run, table, [ast], 'SAMPLE BY');
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table);
  const expr = binding.bind(ast);
  const primary = (table.primaryKey ?? table.orderBy).map((text) => binding.bind(text).key);
  if (!primary.includes(expr.key)) {
    throw failAt(
      ast.span,
      'BAD_ARGUMENTS',
      'Sampling expression must be present in the primary key',
      {
        hint: 'Add it to ORDER BY',
      },
    );
  }
  if (!/^UInt(8|16|32|64)$/.test(expr.type)) {
    throw failAt(
      ast.span,
      'ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER',
      `SAMPLE BY must have one of the types UInt8 to UInt64, not ${expr.type}`,
      { hint: 'As in SAMPLE BY cityHash64(id)' },
    );
  }
  return { ...table, sampleBy: printNormal(ast) };
}

export function withTtl(
  run: Run,
  table: TableDefinition,
  items: readonly TtlItem[],
): TableDefinition {
  checkTtl(bindTable(run.core.native.planner(sessionJson(run)), table), table, items);
  return {
    ...table,
    ttl: items.map((item) => printNormal(item).replace(/ DELETE$/, '')).join(', '),
  };
}

/** TTLs of columns are checked once the keys are known. */
export function withColumnTtls(
  run: Run,
  table: TableDefinition,
  columns: readonly ColumnAst[],
): TableDefinition {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table);
  const keys = [
    ...table.orderBy,
    ...partitionKey(table),
    ...(table.sampleBy ? [table.sampleBy] : []),
  ];
  for (const { name, ttl } of columns) if (ttl) checkColumnTtl(binding, keys, name.name, ttl);
  return table;
}

export function withConstraints(
  run: Run,
  table: TableDefinition,
  list: readonly ConstraintAst[],
): TableDefinition {
  if (list.length === 0) return table;
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table);
  const constraints = [...constraintsOf(table)];
  for (const ast of list) {
    const name = ast.name.name;
    if (constraints.some((c) => c.name === name)) {
      throw failAt(ast.name.span, 'ILLEGAL_COLUMN', `Constraint ${name} is there already`);
    }
    const expr = binding.bind(ast.expr);
    plainExpression(expr, ast.expr, 'A constraint');
    constraints.push({ name, type: ast.type, expr: keptText(run.text, ast.expr) });
  }
  return { ...table, extra: { ...table.extra, constraints } };
}
