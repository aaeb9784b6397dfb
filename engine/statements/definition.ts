// CREATE TABLE's elements → the definition the catalog keeps: types canonical, expressions as text,
// everything checked with its place.

import type {
  ColumnDefinition as ColumnAst,
  ConstraintDefinition as ConstraintAst,
  DataType,
  Expression,
  IndexDefinition as IndexAst,
  OrderItem,
  ProjectionDefinition as ProjectionAst,
  Span,
  Storage,
  TableElement,
  TtlItem,
} from '../../sql/ast.ts';
import { parseExpression } from '../../sql/index.ts';
import { printNormal } from '../../sql/normal-form.ts';
import { print } from '../../sql/print.ts';
import { suggest } from '../../sql/suggest.ts';
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../catalog/definition.ts';
import { atPlace } from '../plan/bind-as-of.ts';
import { bindExpression } from '../plan/bind-expression.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { columnsOf, type Expr, someExpr } from '../plan/expression.ts';
import { typeText } from '../plan/names.ts';
import { isVolatile } from '../plan/random-calls.ts';
import { convert } from '../plan/resolve-call.ts';
import { newScope, walkExpressions } from '../plan/scope.ts';
import { hasQuery } from '../plan/substitute.ts';
import { isNullable, nullableType, typeHead } from '../plan/types.ts';
import type { Run } from '../query/core.ts';
import { sessionJson } from '../query/core.ts';
import { barePlanning, bindTable, constraintsOf, partitionKey } from '../tables/shape.ts';
import { indexesBuilt, keptIndex } from '../tables/skip-index.ts';
import { checkColumnTtl, checkTtl } from '../tables/ttl.ts';
import { settingText } from './apply-settings.ts';
import { checkCodec, codecText } from './codec.ts';
import { checkName, pointing } from './names.ts';
import { checkSimpleAggregates } from './simple-aggregate.ts';
import { checkGranularity, tableSetting } from './table-settings.ts';

export function canonicalType(run: Run, type: DataType): string {
  try {
    return run.core.native.canonicalType(typeText(type));
  } catch (error) {
    throw pointing(error, type.nameSpan);
  }
}

/** Types that are allowed but seldom meant. */
function refuseSuspicious(run: Run, type: string, span: Span): void {
  const { settings } = run;
  const low = /LowCardinality\((?:Nullable\()?(?!Nullable|String|FixedString)(\w+)/.exec(type);
  if (low && !settings.bool('allow_suspicious_low_cardinality_types')) {
    throw failAt(
      span,
      'SUSPICIOUS_TYPE_FOR_LOW_CARDINALITY',
      `LowCardinality of ${low[1]} makes a column slower and larger`,
      { hint: `Write ${low[1]}, or set allow_suspicious_low_cardinality_types = 1` },
    );
  }
  const long = /FixedString\((\d+)\)/.exec(type);
  if (long && Number(long[1]) > 256 && !settings.bool('allow_suspicious_fixed_string_types')) {
    throw failAt(
      span,
      'ILLEGAL_COLUMN',
      `A FixedString(${long[1]}) stores ${long[1]} bytes in every row`,
      { hint: 'Write String, or set allow_suspicious_fixed_string_types = 1' },
    );
  }
}

const kinds = {
  DEFAULT: 'DEFAULT',
  MATERIALIZED: 'MATERIALIZED',
  ALIAS: 'ALIAS',
  EPHEMERAL: 'EPHEMERAL',
} as const;

/** One column; the type of an expression stands in for a missing type. `others`: columns before it. */
export function columnDefinition(
  run: Run,
  ast: ColumnAst,
  table: TableDefinition,
): ColumnDefinition {
  checkName(ast.name.name, ast.name.span, 'column');
  const numbered = ast.default?.type === 'AUTO_INCREMENT';
  if (numbered && !run.settings.bool('compatibility_ignore_auto_increment_in_create_table')) {
    throw failAt(ast.default?.span, 'SYNTAX_ERROR', 'AUTO_INCREMENT is not supported', {
      hint: 'Set compatibility_ignore_auto_increment_in_create_table = 1 to pass over it',
    });
  }
  const written = numbered ? undefined : ast.default;
  let type = ast.type && canonicalType(run, ast.type);
  if (numbered) type ??= 'Int32';
  if (written?.expr && hasQuery(written.expr)) {
    const text = `The ${written.type} of ${ast.name.name} cannot be a subquery`;
    throw failAt(written.expr.span, 'THERE_IS_NO_DEFAULT_VALUE', text);
  }
  if (type === undefined) {
    if (!written?.expr)
      throw failAt(
        ast.span,
        'EMPTY_LIST_OF_COLUMNS_QUERIED',
        `Column ${ast.name.name} has neither a type nor a default`,
      );
    type = bindTable(run.core.native.planner(sessionJson(run)), table).bind(written.expr).type;
  }
  refuseSuspicious(run, type, ast.type?.span ?? ast.span);
  checkSimpleAggregates(run, type, ast.type?.span ?? ast.span);
  const head = typeHead(type);
  if (head === 'Nothing' || type === 'Nullable(Nothing)' || head === 'Function') {
    throw failAt(
      ast.type?.span ?? ast.span,
      'ILLEGAL_COLUMN',
      `A column cannot have the type ${type}`,
    );
  }
  if (ast.nullable === true) {
    if (isNullable(type) && head === 'Nullable') {
      throw failAt(
        ast.span,
        'ILLEGAL_SYNTAX_FOR_DATA_TYPE',
        `Column ${ast.name.name} is Nullable twice`,
      );
    }
    type = nullableType(type);
  } else if (
    ast.nullable === undefined &&
    run.settings.bool('data_type_default_nullable') &&
    !written
  ) {
    type = nullableType(type);
  }
  // As in ClickHouse, a column whose default is NULL can be NULL.
  if (written?.expr?.kind === 'Literal' && written.expr.type === 'null') type = nullableType(type);
  const column: { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } = {
    name: ast.name.name,
    type,
  };
  if (written) {
    column.defaultKind = kinds[written.type as keyof typeof kinds];
    if (written.expr) column.defaultExpr = printNormal(written.expr);
  }
  if (ast.codec && written?.type === 'ALIAS') {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'Cannot specify codec for column type ALIAS');
  }
  if (ast.codec) {
    checkCodec(ast.codec, type);
    column.codec = codecText(ast.codec, type);
  }
  if (ast.comment !== undefined) column.comment = ast.comment;
  if (ast.ttl) column.ttl = printNormal(ast.ttl);
  return column;
}

const indexTypes = new Set([
  'minmax',
  'set',
  'bloom_filter',
  'ngrambf_v1',
  'tokenbf_v1',
  'sparse_grams',
  'text',
  'full_text',
  'inverted',
  'vector_similarity',
  'hypothesis',
]);

export function indexDefinition(ast: IndexAst): IndexDefinition {
  const type = ast.type?.name ?? 'minmax';
  const span = ast.type?.nameSpan ?? ast.span;
  if (!indexTypes.has(type)) {
    const near = suggest(type, indexesBuilt);
    throw failAt(
      span,
      'INCORRECT_QUERY',
      `Unknown index type '${type}'`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  if (!indexesBuilt.has(type)) throw notBuilt(span, `Index type ${type}`);
  const written = ast.type ? print(ast.type).replace(/\(\)$/, '') : 'minmax';
  atPlace(span, () => keptIndex(written));
  checkFilterSize(ast);
  return {
    name: ast.name.name,
    expr: printNormal(ast.expr),
    type: written,
    granularity: ast.granularity ?? 1,
  };
}

/** Bytes of a filter of tokens or n-grams, its hash functions, and a seed. */
function checkFilterSize({ type, span }: IndexAst): void {
  if (!type || !/^(tokenbf|ngrambf)_v1$/.test(type.name)) return;
  const numbers = type.args.map((arg) =>
    arg.kind === 'Literal' && arg.type === 'number' ? Number(arg.text) : Number.NaN,
  );
  const [bytes = 0, hashes = 0] = type.name === 'ngrambf_v1' ? numbers.slice(1) : numbers;
  const count = type.name === 'ngrambf_v1' ? 4 : 3;
  const good = numbers.length === count && numbers.every((n) => Number.isInteger(n) && n >= 0);
  if (good && bytes >= 1 && bytes <= 1 << 26 && hashes >= 1 && hashes <= 256) return;
  throw failAt(span, 'BAD_ARGUMENTS', `${type.name} takes ${count} whole numbers`, {
    hint: 'As in tokenbf_v1(256, 2, 0): bytes of a filter, hash functions, a seed',
  });
}

export interface Elements {
  columns: ColumnAst[];
  indexes: IndexAst[];
  constraints: ConstraintAst[];
  projections: ProjectionAst[];
}

/** `n Nested(a T, b U)` as one column of tuples: flatten_nested = 0. */
function asTuples(column: ColumnAst): ColumnAst {
  const { type } = column;
  if (type?.name.toLowerCase() !== 'nested') return column;
  const tuple: DataType = { ...type, name: 'Tuple' };
  return { ...column, type: { ...type, name: 'Array', args: [tuple] } };
}

/** `n Nested(a T, b U)` is the columns `n.a Array(T)` and `n.b Array(U)`. */
function flattened(column: ColumnAst): ColumnAst[] {
  const { type } = column;
  if (type?.name.toLowerCase() !== 'nested') return [column];
  return (type.args ?? []).flatMap((field): ColumnAst[] => {
    if (field.kind !== 'TypeField')
      throw failAt(field.span, 'ILLEGAL_SYNTAX_FOR_DATA_TYPE', 'Nested takes names with types');
    const name = { ...column.name, name: `${column.name.name}.${field.name.name}` };
    const array: DataType = {
      kind: 'DataType',
      name: 'Array',
      nameSpan: field.span,
      span: field.span,
      args: [field.type],
    };
    return [{ ...column, name, type: array }];
  });
}

/** Sorts out what is built from what is not. */
export function sortElements(elements: readonly TableElement[], flat = true): Elements {
  const columns: ColumnAst[] = [];
  const indexes: IndexAst[] = [];
  const constraints: ConstraintAst[] = [];
  const projections: ProjectionAst[] = [];
  for (const element of elements) {
    switch (element.kind) {
      case 'ColumnDefinition':
        columns.push(...(flat ? flattened(element) : [asTuples(element)]));
        break;
      case 'IndexDefinition':
        indexes.push(element);
        break;
      case 'ProjectionDefinition':
        projections.push(element);
        break;
      case 'ConstraintDefinition':
        constraints.push(element);
        break;
      case 'ForeignKeyDefinition':
        break;
    }
  }
  return { columns, indexes, constraints, projections };
}

/** Columns without a type in an order in which each follows those that its default names. */
function inOrder(columns: readonly ColumnAst[]): ColumnAst[] {
  const byName = new Map(columns.map((c) => [c.name.name, c]));
  const done = new Set<ColumnAst>();
  const open = new Set<ColumnAst>();
  const visit = (column: ColumnAst): void => {
    if (done.has(column)) return;
    if (open.has(column)) throw cyclic(column.name.name, column.span);
    open.add(column);
    const expr = column.default?.expr;
    if (expr) {
      walkExpressions(expr, (node) => {
        if (node.kind !== 'Identifier') return;
        const used = byName.get(node.parts.map((p) => p.name).join('.'));
        if (used) visit(used);
      });
    }
    done.add(column);
  };
  for (const column of columns) visit(column);
  return [...done];
}

const cyclic = (name: string, span: Span): Error =>
  failAt(span, 'CYCLIC_ALIASES', `The default of column ${name} depends on the column itself`);

/** Adds columns one by one, so that each may use those before it, and checks all defaults at the end. */
export function withColumns(
  run: Run,
  table: TableDefinition,
  columns: readonly ColumnAst[],
): TableDefinition {
  let next = table;
  const names = new Map(table.columns.map((c) => [c.name.toLowerCase(), c.name]));
  const untyped = columns.filter((c) => !c.type);
  const typed = columns.filter((c) => c.type);
  const made = new Map<ColumnAst, ColumnDefinition>();
  // Columns without a type may use any that have one.
  for (const ast of [...typed, ...inOrder(untyped)]) {
    if (names.get(ast.name.name.toLowerCase()) === ast.name.name) {
      throw failAt(ast.name.span, 'ILLEGAL_COLUMN', `Column ${ast.name.name} is there twice`);
    }
    names.set(ast.name.name.toLowerCase(), ast.name.name);
    const column = columnDefinition(run, ast, next);
    made.set(ast, column);
    next = { ...next, columns: [...next.columns, column] };
  }
  const order = [...table.columns, ...columns.map((ast) => made.get(ast) as ColumnDefinition)];
  next = { ...next, columns: order };
  for (const ast of columns) checkDefault(run, next, ast);
  return next;
}

/** A default must bind, be able to become the column's type, and hold no aggregate or subquery. */
export function checkDefault(run: Run, table: TableDefinition, ast: ColumnAst): void {
  const written = ast.default;
  if (!written?.expr) return;
  const column = table.columns.find((c) => c.name === ast.name.name) as ColumnDefinition;
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table, run.settings);
  const expr = binding.bind(written.expr);
  plainExpression(expr, written.expr, `The ${written.type} of ${column.name}`);
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
    plainExpression(expr, ast, clause);
    if (isVolatile(expr) || someExpr(expr, (e) => e.kind === 'call' && changing.test(e.name)))
      throw failAt(ast.span, 'BAD_ARGUMENTS', `${clause} must give the same value each time`);
    if (columnsOf(expr).size === 0)
      throw failAt(ast.span, 'BAD_ARGUMENTS', `${clause} cannot be a constant`);
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

/** `(a, b)` and `tuple(a, b)` are lists; `tuple()` and `()` are empty. */
export function keyList(ast: Expression): Expression[] {
  if (ast.kind === 'Tuple') return ast.items;
  if (ast.kind === 'Function' && ast.name === 'tuple') return ast.args;
  return [ast];
}

function sortItems(items: readonly OrderItem[]): Expression[] {
  return items.flatMap((item) => {
    if (item.direction === 'DESC') throw notBuilt(item.span, 'DESC in the ORDER BY of a table');
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
    constraints.push({ name, type: ast.type, expr: printNormal(ast.expr) });
  }
  return { ...table, extra: { ...table.extra, constraints } };
}

export { bindExpression, newScope };
