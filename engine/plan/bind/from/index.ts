// FROM: tables, subqueries, table functions, common tables, joins and ARRAY JOIN, left to right.

import type { Name, Span, TableExpression, TableRef } from '../../../../sql/index.ts';
import { type AsOf, failAt, newColumn, type TableSource } from '../../context.ts';
import { type Column, type Expr, literalExpr } from '../../expression.ts';
import { type FilesNode, type Node, project } from '../../logical.ts';
import { isNullable } from '../../types.ts';
import { converted } from '../common-type.ts';
import { bindStored } from '../expression/index.ts';
import { withTableFilter } from '../extra-filters.ts';
import { bindQuery } from '../query.ts';
import { recursiveNode } from '../recursive.ts';
import {
  collectAliases,
  findCommon,
  type MergedColumn,
  makeSource,
  nameText,
  newScope,
  plainColumn,
  readsTable,
  type Scope,
  type Source,
  type SourceColumn,
  type StarItem,
} from '../scope.ts';
import { bindArrayJoin } from './array-join.ts';
import { asOfOf, olderVersion } from './as-of.ts';
import { bindJoin } from './join.ts';
import { type JoinSide, joinRows, joinSide } from './join-table.ts';
import { bindPivot, bindUnpivot } from './pivot.ts';
import { bindTableFunction } from './table-functions.ts';
import { bindFilePath } from './table-functions-files.ts';
import {
  modifiersText,
  refuseModifiers,
  virtualColumns,
  withModifiers,
} from './table-modifiers.ts';
import { castOf, shown, viewNode } from './view.ts';

export interface BoundFrom {
  node: Node;
  sources: readonly Source[];
  /** Columns that USING made one of. */
  merged: ReadonlyMap<string, MergedColumn>;
  /** What `*` shows; undefined: the tables' columns one after the other. */
  star?: readonly StarItem[] | undefined;
  /** It is nothing but a table of engine Join. */
  joinSide?: JoinSide;
}

/** What merge() tells of a row beside its columns. */
const placeNames = new Set(['_table', '_database', '_sample_factor']);

const noMerged: ReadonlyMap<string, MergedColumn> = new Map();

export function bindFrom(ast: TableExpression, scope: Scope): BoundFrom {
  switch (ast.kind) {
    case 'Table':
      return bindTable(ast, scope);
    case 'TableSubquery': {
      refuseModifiers(ast, 'UNSUPPORTED_METHOD');
      const { node } = bindQuery(ast.query, scope);
      return subquerySource(node, ast.alias, ast.columnAliases, scope);
    }
    case 'TableFunction': {
      const merges = ast.call.name === 'merge';
      if (!merges) refuseModifiers(ast, 'ILLEGAL_FINAL');
      for (const arg of ast.call.args) collectAliases(scope, arg);
      const { node, table } = bindTableFunction(ast.call, scope, ast);
      if (node.kind === 'files') return fileSource(node, ast.alias, ast.columnAliases, scope);
      const source = makeSource(
        { ...aliasOf(ast.alias, scope), table },
        merges && !ast.columnAliases
          ? node.columns.map((c) => plainColumn(c, placeNames.has(c.name)))
          : renamedColumns(node.columns, ast.columnAliases, ast.span),
      );
      return { node, sources: [source], merged: noMerged };
    }
    case 'TableFile':
      return fileSource(bindFilePath(ast.path, ast.span, scope), ast.alias, undefined, scope);
    case 'Join':
      return bindJoin(ast, scope);
    case 'ArrayJoin':
      return bindArrayJoin(ast, scope);
    case 'Pivot':
      return subquerySource(bindPivot(ast, scope), ast.alias, undefined, scope);
    case 'Unpivot':
      return subquerySource(bindUnpivot(ast, scope), ast.alias, undefined, scope);
  }
}

const aliasOf = (alias: Name | undefined, scope: Scope): { alias?: string } =>
  alias ? { alias: nameText(scope.ctx, alias) } : {};

/** Without those that every table has. */
const ownColumns = (columns: readonly Column[]): Column[] =>
  columns.filter((c) => !virtualColumns.some((v) => v.name === c.name));

function renamedColumns(
  columns: readonly Column[],
  names: readonly Name[] | undefined,
  span: Span,
): SourceColumn[] {
  if (!names) return columns.map((c) => plainColumn(c));
  if (names.length !== columns.length) {
    const text = `${names.length} column aliases for ${columns.length} columns`;
    throw failAt(names[0]?.span ?? span, 'BAD_ARGUMENTS', text);
  }
  return columns.map((c, i) => ({ ...plainColumn(c), name: (names[i] as Name).name }));
}

/** Columns that files do not have themselves are there, but not part of `*`. */
function fileSource(
  node: FilesNode,
  alias: Name | undefined,
  names: readonly Name[] | undefined,
  scope: Scope,
): BoundFrom {
  const own = renamedColumns(node.columns.slice(0, node.own), names, scope.span);
  const virtual = node.columns.slice(node.own).map((c) => plainColumn(c, true));
  const place = { table: node.title, ...aliasOf(alias, scope) };
  return { node, sources: [makeSource(place, [...own, ...virtual])], merged: noMerged };
}

function subquerySource(
  node: Node,
  alias: Name | undefined,
  names: readonly Name[] | undefined,
  scope: Scope,
): BoundFrom {
  const columns = renamedColumns(node.columns, names, scope.span);
  return { node, sources: [makeSource(aliasOf(alias, scope), columns)], merged: noMerged };
}

function bindTable(ast: TableRef, scope: Scope): BoundFrom {
  const database = ast.name.database && nameText(scope.ctx, ast.name.database);
  const name = nameText(scope.ctx, ast.name.table);
  const asOf = asOfOf(scope, ast.version, ast.timestamp);
  const found = tableNode(scope, database, name, ast.name.span, false, asOf, modifiersText(ast));
  if (!found) throw new Error('plan: tableNode answers or throws');
  const { node, source, table } = found;
  if (table?.kind === 'stored' && table.engine === 'Set') {
    throw failAt(ast.span, 'NOT_IMPLEMENTED', 'A Set can only stand behind IN', {
      hint: `Write … WHERE x IN ${name}`,
    });
  }
  const join = table?.kind === 'stored' ? table.join : undefined;
  const modified = withModifiers(scope, ast, node, source, table);
  const shown = join ? joinRows(scope, modified, source, join) : modified;
  const columns = ast.columnAliases
    ? renamedColumns(ownColumns(node.columns), ast.columnAliases, ast.span)
    : source.columns;
  const named = makeSource({ ...source, ...aliasOf(ast.alias, scope) }, columns);
  const bound = { node: withTableFilter(scope, shown, named), sources: [named], merged: noMerged };
  return join ? { ...bound, joinSide: joinSide(name, source, join) } : bound;
}

export interface FoundTable {
  node: Node;
  source: Source;
  table?: TableSource;
}

/** A table, view or common table by name. `optional`: undefined instead of UNKNOWN_TABLE. */
export function tableNode(
  scope: Scope,
  database: string | undefined,
  name: string,
  span: Span,
  optional: boolean,
  asOf?: AsOf,
  modifiers = '',
): FoundTable | undefined {
  const { ctx } = scope;
  const common = database === undefined ? findCommon(scope, name) : undefined;
  if (common) {
    common.uses++;
    if (common.table.materialized && common.uses > 1) ctx.cacheable = false;
    const recursive = common.scope.commons.get(name) === common;
    const node =
      recursive && readsTable(common.table.query, name)
        ? recursiveNode(scope, common, name)
        : bindQuery(common.table.query, common.scope).node;
    const columns = renamedColumns(node.columns, common.table.columns, span);
    return { node, source: makeSource({ table: name }, columns) };
  }
  const table = optional ? ctx.catalog.find(database, name) : lookUp(scope, database, name, span);
  if (!table) return undefined;
  if (modifiers !== '' && table.kind === 'view' && table.modified) {
    const modified = table.modified(modifiers);
    return { ...sourceOf(scope, modified), table: modified };
  }
  if (!asOf) return { ...sourceOf(scope, table), table };
  const old = olderVersion(scope, table, asOf, span);
  return { ...sourceOf(scope, old), table: old };
}

function lookUp(scope: Scope, database: string | undefined, name: string, span: Span): TableSource {
  try {
    return scope.ctx.catalog.table(database, name);
  } catch (error) {
    const failure = error as { name: string; code?: number; message: string; hint?: string };
    if (failure.code === undefined) throw error;
    throw failAt(span, failure.name as 'UNKNOWN_TABLE', failure.message, {
      ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    });
  }
}

function sourceOf(scope: Scope, table: TableSource): { node: Node; source: Source } {
  const { ctx } = scope;
  const place = { database: table.database, table: table.name };
  if (table.kind === 'view') {
    if (table.changes) ctx.cacheable = false;
    if (table.parameters) {
      throw failAt(
        scope.span,
        'EMPTY_LIST_OF_COLUMNS_QUERIED',
        `View ${table.name} has no columns without its parameters`,
        { hint: `Write ${table.name}(${table.parameters.map((p) => `${p} = …`).join(', ')})` },
      );
    }
    const inner = shown(ctx, viewNode(scope, table.query, table.name), table);
    const types = inner.columns.map((c, i) => table.columns[i]?.type ?? c.type);
    inner.columns.forEach((c, i) => {
      if (!isNullable(c.type) || isNullable(types[i] ?? c.type)) return;
      const text = `The query of view ${table.name} gives ${c.type} for ${c.name}, the view has ${types[i]}`;
      throw failAt(scope.span, 'INCORRECT_QUERY', text, {
        hint: 'join_use_nulls or another setting differs from when the view was made',
      });
    });
    const node = converted(ctx, inner, types);
    const columns = node.columns.map((c, i) => ({
      ...plainColumn(c, table.virtual?.includes(c.name)),
      name: table.columns[i]?.name ?? c.name,
    }));
    return { node, source: makeSource(place, columns) };
  }
  const real = table.columns.filter((c) => c.kind !== 'ALIAS' && c.kind !== 'EPHEMERAL');
  const columns = real.map((c) => newColumn(ctx, c.name, c.type));
  let node: Node;
  let virtual: Column[] = [];
  if (table.kind === 'stored') {
    const there = new Set(table.columns.map((c) => c.name));
    virtual = virtualColumns
      .filter((c) => !there.has(c.name))
      .map((c) => newColumn(ctx, c.name, c.type));
    node = {
      kind: 'scan',
      table: table.handle(),
      names: [...real, ...virtual].map((c) => c.name),
      columns: [...columns, ...virtual],
    };
  } else if (table.kind === 'node') {
    node = table.node(columns);
  } else {
    ctx.cacheable = false;
    const rows = table.rows(real.map((c) => c.name));
    node = { kind: 'values', title: `${table.database}.${table.name}`, columns, rows };
  }
  const byReal = new Map(real.map((c, i) => [c.name, columns[i] as Column]));
  const showMaterialized = ctx.settings.bool('asterisk_include_materialized_columns');
  const showAlias = ctx.settings.bool('asterisk_include_alias_columns');
  const all = table.columns.flatMap((c): SourceColumn[] => {
    const column = byReal.get(c.name);
    if (column) return [plainColumn(column, c.kind === 'MATERIALIZED' && !showMaterialized)];
    if (c.kind === 'EPHEMERAL') {
      const expr = (): Expr => {
        const text = `Column ${c.name} of ${table.name} is EPHEMERAL: it only exists while rows come in`;
        throw failAt(scope.span, 'NO_SUCH_COLUMN_IN_TABLE', text);
      };
      return [{ name: c.name, type: c.type, expr, hidden: true }];
    }
    if (c.kind !== 'ALIAS') return [];
    let bound: Expr | undefined;
    const expr = (): Expr => {
      if (bound) return bound;
      const inner = newScope(ctx, scope.span);
      inner.sources = [source];
      bound = bindStored(ctx.parseExpression(c.expr ?? 'NULL'), inner);
      if (bound.type !== c.type) bound = { ...castOf(bound, c.type) };
      return bound;
    };
    return [{ name: c.name, type: c.type, expr, hidden: !showAlias }];
  });
  if (table.kind === 'stored') {
    all.push(...virtual.map((c) => plainColumn(c, true)));
    if (table.sampleBy !== undefined) {
      const one = literalExpr('Float64', '1');
      all.push({ name: '_sample_factor', type: 'Float64', expr: () => one, hidden: true });
    }
  }
  all.push(...placeColumns(table).filter((c) => !byReal.has(c.name)));
  // `*` shows ALIAS columns behind the others.
  if (showAlias) {
    const aliases = new Set(table.columns.filter((c) => c.kind === 'ALIAS').map((c) => c.name));
    all.sort((a, b) => Number(aliases.has(a.name)) - Number(aliases.has(b.name)));
  }
  const source = makeSource(place, all);
  return { node, source };
}

/** `_table` and `_database`: where a row comes from. */
function placeColumns({ database, name }: TableSource): SourceColumn[] {
  const type = 'LowCardinality(String)';
  const column = (as: string, value: string): SourceColumn => ({
    name: as,
    type,
    expr: () => castOf(literalExpr('String', value), type),
    hidden: true,
  });
  return [column('_table', name), column('_database', database)];
}

/** A projection of a source's visible columns, for `SELECT *` without a query. */
export function allColumns(scope: Scope, found: FoundTable): Node {
  const visible = found.source.columns.filter((c) => !c.hidden);
  return project(
    found.node,
    visible.map((c) => ({ column: newColumn(scope.ctx, c.name, c.type), expr: c.expr() })),
  );
}
