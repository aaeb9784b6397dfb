// FROM: tables, subqueries, table functions, common tables, joins and ARRAY JOIN, left to right.

import type {
  ArrayJoin,
  Expression,
  Name,
  Query,
  Span,
  TableExpression,
  TableRef,
} from '../../sql/ast.ts';
import { type ErrorName, fail } from '../errors.ts';
import { bindQuery, bindStatement, converted } from './bind.ts';
import { asOfOf, olderVersion } from './bind-as-of.ts';
import { bindExpression, bindStored } from './bind-expression.ts';
import { bindJoin } from './bind-join.ts';
import { bindPivot, bindUnpivot } from './bind-pivot.ts';
import { recursiveNode } from './bind-recursive.ts';
import {
  modifiersText,
  refuseModifiers,
  virtualColumns,
  withModifiers,
} from './bind-table-modifiers.ts';
import {
  type AsOf,
  deeper,
  failAt,
  newColumn,
  type Planning,
  SpannedError,
  type TableSource,
  type ViewTable,
} from './context.ts';
import { type Column, columnExpr, type Expr, literalExpr } from './expression.ts';
import { withTableFilter } from './extra-filters.ts';
import { type JoinSide, joinRows, joinSide } from './join-table.ts';
import { type Assigned, type FilesNode, type Node, project } from './logical.ts';
import { resolveCall } from './resolve-call.ts';
import {
  collectAliases,
  findColumn,
  findCommon,
  identifierParts,
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
} from './scope.ts';
import { bindTableFunction } from './table-functions.ts';
import { bindFilePath } from './table-functions-files.ts';
import { isNullable, typeArguments, unfoldedType } from './types.ts';

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
    throw failAt(names[0]?.span ?? span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
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

/** The columns that a view had when it was made: by name, or by place if it gave them names. */
function shown(ctx: Planning, node: Node, view: ViewTable): Node {
  if (view.columns.length === 0) return node;
  const wanted = [...view.columns.map((c) => c.name), ...(view.virtual ?? [])];
  const byName = wanted.map((name) => node.columns.find((n) => n.name === name));
  const picked = byName.includes(undefined) ? node.columns : (byName as Column[]);
  if (picked.length < view.columns.length) {
    const lost = view.columns[picked.length]?.name;
    throw fail('THERE_IS_NO_COLUMN', `The query of view ${view.name} no longer gives \`${lost}\``);
  }
  const columns = picked.slice(0, wanted.length);
  if (columns.length === node.columns.length && columns.every((c, i) => c === node.columns[i]))
    return node;
  return project(
    node,
    columns.map((c) => ({ column: newColumn(ctx, c.name, c.type), expr: columnExpr(c) })),
  );
}

/** A view that is called with its parameters. */
export function parameterisedView(
  scope: Scope,
  view: ViewTable,
  params: Readonly<Record<string, string>>,
): Node {
  const { ctx } = scope;
  const before = ctx.params;
  ctx.params = { ...before, ...params };
  try {
    return viewNode(scope, view.query, view.name);
  } finally {
    ctx.params = before;
  }
}

/** Views that may stand on one another. */
const viewsMax = 100;

/** The query of a view; its places mean nothing in the text of the statement. */
function viewNode(scope: Scope, query: Query, name: string): Node {
  const { ctx } = scope;
  const before = ctx.queries ?? 0;
  if ((ctx.views ?? 0) >= viewsMax) {
    const text = `More than ${viewsMax} views stand on one another`;
    throw failAt(scope.span, 'TOO_DEEP_RECURSION', text, { hint: `View ${name} may read itself` });
  }
  // A view's query counts its subqueries anew.
  ctx.views = (ctx.views ?? 0) + 1;
  ctx.queries = 0;
  try {
    return deeper(scope.ctx, scope.span, () => bindStatement(query, scope.ctx).node);
  } catch (error) {
    if (!(error instanceof SpannedError)) throw error;
    const { name: code, message } = error.error;
    throw fail(code as ErrorName, `In view ${name}: ${message}`);
  } finally {
    ctx.views -= 1;
    ctx.queries = before;
  }
}

function castOf(expr: Expr, type: string): Expr {
  return { kind: 'cast', expr, type, key: `cast(${expr.key},${type})` };
}

function bindArrayJoin(ast: ArrayJoin, scope: Scope): BoundFrom {
  const left = bindFrom(ast.left, scope);
  if (ast.items.length === 0) {
    const text = 'ARRAY JOIN requires an argument';
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  scope.sources = left.sources;
  scope.merged = left.merged;
  const arrays: Assigned[] = [];
  const named: SourceColumn[] = [];
  const replaced = new Map<SourceColumn, Column>();
  const add = (expr: Expr, name: string, span: Span): Column => {
    const type = unfoldedType(expr.type);
    if (type === undefined) {
      throw failAt(span, 'TYPE_MISMATCH', `ARRAY JOIN needs an Array or a Map, not ${expr.type}`);
    }
    const column = newColumn(scope.ctx, name, type);
    arrays.push({ column, expr });
    return column;
  };
  for (const item of ast.items) {
    const inner: Expression = item.kind === 'Alias' ? item.expr : item;
    const alias = item.kind === 'Alias' ? nameText(scope.ctx, item.alias) : undefined;
    const nested =
      inner.kind === 'Identifier' ? nestedColumns(identifierParts(scope.ctx, inner), left) : [];
    if (nested.length > 0) {
      for (const { column, rest } of nested) {
        const made = add(column.expr(), column.name, item.span);
        if (alias === undefined) replaced.set(column, made);
        else named.push({ ...plainColumn(made, true), name: `${alias}.${rest}` });
      }
      continue;
    }
    const expr = bindExpression(inner, scope);
    const parts = inner.kind === 'Identifier' ? identifierParts(scope.ctx, inner) : undefined;
    const found = parts && findColumn(scope, parts, inner.span);
    const own = found?.used === parts?.length ? found?.column : undefined;
    const name = alias ?? own?.name ?? parts?.at(-1);
    const column = add(expr, name ?? 'arrayJoin', item.span);
    if (alias === undefined && own) replaced.set(own, column);
    else if (name !== undefined) named.push({ ...plainColumn(column, true), name });
  }
  const node: Node = {
    kind: 'arrayJoin',
    input: left.node,
    arrays: aligned(scope, arrays, ast.span),
    left: ast.type === 'LEFT',
    columns: [...left.node.columns, ...arrays.map((a) => a.column)],
  };
  const sources = left.sources.map((source) =>
    makeSource(
      source,
      source.columns.map((c) => {
        const column = replaced.get(c);
        return column ? { ...plainColumn(column, c.hidden), name: c.name } : c;
      }),
    ),
  );
  // Aliases come first: they hide columns of the same name.
  const shadowed = new Set(named.map((c) => c.name));
  const visible = sources.map((s) =>
    makeSource(
      s,
      s.columns.map((c) => (shadowed.has(c.name) ? hiding(c, named) : c)),
    ),
  );
  const extra = named.filter((c) => !left.sources.some((s) => s.byName.has(c.name)));
  const all = extra.length > 0 ? [...visible, makeSource({}, extra)] : visible;
  return { node, sources: all, merged: left.merged, star: left.star };
}

/** A Map as the array of its pairs. */
function mapEntries(map: Expr): Expr {
  const [key, value] = typeArguments(map.type);
  return castOf(map, `Array(Tuple(${key}, ${value}))`);
}

/** With enable_unaligned_array_join shorter arrays are filled up with defaults. */
function aligned(scope: Scope, arrays: readonly Assigned[], span: Span): readonly Assigned[] {
  if (arrays.length < 2 || !scope.ctx.settings.bool('enable_unaligned_array_join')) return arrays;
  const lists = arrays.map(({ expr }) => (expr.type.startsWith('Map(') ? mapEntries(expr) : expr));
  const lengths = lists.map((list) => resolveCall(scope, 'length', [list], span));
  const longest = resolveCall(scope, 'greatest', lengths, span);
  return arrays.map(({ column }, i) => ({
    column,
    expr: resolveCall(scope, 'arrayResize', [lists[i] as Expr, longest], span),
  }));
}

function hiding(column: SourceColumn, by: readonly SourceColumn[]): SourceColumn {
  const found = by.find((c) => c.name === column.name) as SourceColumn;
  return { ...found, hidden: column.hidden };
}

/** Columns `n.a`, `n.b` of a Nested `n`. */
function nestedColumns(
  parts: readonly string[],
  from: BoundFrom,
): { column: SourceColumn; rest: string }[] {
  const prefix = `${parts.at(-1)}.`;
  if (from.sources.some((s) => s.byName.has(parts.join('.')))) return [];
  return from.sources.flatMap((s) =>
    s.columns
      .filter((c) => c.name.startsWith(prefix))
      .map((column) => ({ column, rest: column.name.slice(prefix.length) })),
  );
}

/** A projection of a source's visible columns, for `SELECT *` without a query. */
export function allColumns(scope: Scope, found: FoundTable): Node {
  const visible = found.source.columns.filter((c) => !c.hidden);
  return project(
    found.node,
    visible.map((c) => ({ column: newColumn(scope.ctx, c.name, c.type), expr: c.expr() })),
  );
}
