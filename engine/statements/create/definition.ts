// CREATE TABLE's elements → the definition the catalog keeps: types canonical, expressions as text,
// everything checked with its place.

import {
  type AlterCommand,
  type ColumnDefinition as ColumnAst,
  type ConstraintDefinition as ConstraintAst,
  type DataType,
  type IndexDefinition as IndexAst,
  type ProjectionDefinition as ProjectionAst,
  printNormal,
  type SettingItem,
  type TableElement,
} from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { hasQuery } from '../../plan/bind/expression/substitute.ts';
import { typeText } from '../../plan/bind/names.ts';
import { walkExpressions } from '../../plan/bind/scope.ts';
import { failAt } from '../../plan/context.ts';
import { refuseSuspicious } from '../../plan/suspicious-types.ts';
import { isNullable, nullableType, typeHead } from '../../plan/types.ts';
import { settingText } from '../../query/apply-settings.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { checkName, pointing } from '../../query/names.ts';
import { bindTable } from '../../tables/shape.ts';
import { checkCodec, codecText } from './codec.ts';
import { checkDefault, cyclic } from './column-defaults.ts';
import { checkSimpleAggregates, checkStates } from './simple-aggregate.ts';
import { keptText } from './written-keys.ts';

export function canonicalType(run: Run, type: DataType): string {
  try {
    return run.core.native.canonicalType(typeText(type));
  } catch (error) {
    throw pointing(error, type.nameSpan);
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
  refuseSuspicious(run.settings, type, ast.type?.span ?? ast.span);
  checkStates(run, type, ast.type?.span ?? ast.span);
  checkSimpleAggregates(run, type, ast.type?.span ?? ast.span);
  const head = typeHead(type);
  if (head === 'Nothing' || type === 'Nullable(Nothing)' || head === 'Function') {
    throw failAt(
      ast.type?.span ?? ast.span,
      'DATA_TYPE_CANNOT_BE_USED_IN_TABLES',
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
    if (written.expr) column.defaultExpr = keptText(run.text, written.expr);
  }
  if (ast.codec && written?.type === 'ALIAS') {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'Cannot specify codec for column type ALIAS');
  }
  if (ast.codec) {
    column.codec = codecText(ast.codec, type);
    checkCodec(ast.codec, type, run.settings.bool('allow_suspicious_codecs'));
  }
  if (ast.comment !== undefined) column.comment = ast.comment;
  if (ast.ttl) column.ttl = printNormal(ast.ttl);
  if (ast.settings) column.settings = columnSettings(ast.settings, {});
  return column;
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

const ofColumns = ['max_compress_block_size', 'min_compress_block_size'];

/** Settings of a column, with those that it had. */
export function columnSettings(
  items: readonly SettingItem[],
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = { ...before };
  for (const { name, nameSpan, value } of items) {
    if (!ofColumns.includes(name)) {
      const text = `Setting ${name} is unknown or not supported at column level`;
      throw failAt(nameSpan, 'UNKNOWN_SETTING', text, {
        hint: `There are ${ofColumns.join(', ')}`,
      });
    }
    all[name] = settingText(value);
  }
  return all;
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

/** ADD COLUMN of a nested table is one of each of its columns, behind each other. */
export function flatCommands(commands: readonly AlterCommand[]): AlterCommand[] {
  return commands.flatMap((command) => {
    if (command.kind !== 'AddColumn') return [command];
    const columns = flattened(command.column);
    return columns.map((column, i): AlterCommand => {
      const before = columns[i - 1];
      return before && command.place
        ? { ...command, column, place: { after: before.name } }
        : { ...command, column };
    });
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
