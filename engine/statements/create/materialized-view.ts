// CREATE MATERIALIZED VIEW and ALTER TABLE view MODIFY QUERY: the view, its own table or its target.

import {
  type CreateTable,
  type CreateView,
  print,
  type Query,
  type TableExpression,
  type TableRef,
  type With,
  walk,
} from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import type { TableState } from '../../catalog/state.ts';
import { findTable as findInState } from '../../catalog/state.ts';
import type { TableRefName } from '../../catalog/views.ts';
import { nearest } from '../../nearest.ts';
import { failAt } from '../../plan/context.ts';
import { type Answer, done, type Run, sessionJson } from '../../query/core.ts';
import { placeOf, placeToFill, refuseCluster, requireTable } from '../../query/names.ts';
import { bindTop, startPlanning } from '../../query/plan-query.ts';
import { alter } from '../../storage/mutations/mutations.ts';
import { tableShape } from '../../tables/shape.ts';
import { refreshText } from '../../views/schedule.ts';
import { columnDefinition, sortElements } from './definition.ts';
import { createFilled, publish } from './publish-view.ts';
import { qualified } from './qualified.ts';
import { define, emptyDefinition } from './table.ts';

/** The table whose inserts a query sees: the leftmost of its FROM, through subqueries and WITH. */
export function sourceTable(
  query: Query,
  commons = new Map<string, Query>(),
): TableRefName | undefined {
  if (query.kind === 'SetOperation') {
    const first = query.queries[0];
    return first && sourceTable(first, withCommons(query.with, commons));
  }
  if (query.kind !== 'Select' || !query.from) return undefined;
  return leftmost(query.from, withCommons(query.with, commons));
}

function withCommons(
  list: With | undefined,
  commons: ReadonlyMap<string, Query>,
): Map<string, Query> {
  const all = new Map(commons);
  for (const item of list?.items ?? []) {
    if (item.kind === 'CommonTable') all.set(item.name.name, item.query);
  }
  return all;
}

function leftmost(from: TableExpression, commons: Map<string, Query>): TableRefName | undefined {
  switch (from.kind) {
    case 'Join':
    case 'ArrayJoin':
      return leftmost(from.left, commons);
    case 'TableSubquery':
      return sourceTable(from.query, commons);
    case 'Table':
      return named(from, commons);
    default:
      return undefined;
  }
}

function named({ name }: TableRef, commons: Map<string, Query>): TableRefName | undefined {
  const common = name.database ? undefined : commons.get(name.table.name);
  if (common) {
    const outer = new Map(commons);
    outer.delete(name.table.name);
    return sourceTable(common, outer);
  }
  return name.database && { database: name.database.name, name: name.table.name };
}

/** The query's columns, under the names and types that the view gives them. */
function viewColumns(run: Run, ast: CreateView): ColumnDefinition[] {
  const node = bindTop(startPlanning(run), ast.query);
  const given = node.columns.map(({ name, type }) => ({ name, type }));
  const seen = new Set<string>();
  for (const { name } of given) {
    if (seen.has(name)) {
      throw failAt(ast.query.span, 'DUPLICATE_COLUMN', `Column ${name} is there twice`, {
        hint: 'Give it another name with AS',
      });
    }
    seen.add(name);
  }
  const { columns } = sortElements(ast.elements ?? []);
  if (columns.length === 0) return given;
  const table = emptyDefinition(run.database, 'view');
  return columns.map((column) =>
    column.type || column.default?.expr
      ? columnDefinition(run, column, table)
      : {
          name: column.name.name,
          type: given.find((c) => c.name === column.name.name)?.type ?? 'String',
        },
  );
}

/** Columns that the query gives and the target does not have would be lost without a word. */
function checkTarget(
  run: Run,
  ast: CreateView,
  columns: readonly ColumnDefinition[],
  target: TableState,
) {
  checkStates(run, ast, target);
  const names = target.definition.columns.map((c) => c.name);
  for (const { name } of columns) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw failAt(
      ast.query.span,
      'THERE_IS_NO_COLUMN',
      `The query gives a column ${name}, which the target table does not have`,
      { hint: near ? `Did you mean \`${near}\`?` : 'Name it as a column of the target with AS' },
    );
  }
}

/** States of other aggregates cannot become those of the target; everything else is converted. */
function checkStates(run: Run, ast: CreateView, target: TableState): void {
  const isState = (type: string) => type.startsWith('AggregateFunction(');
  for (const { name, type } of bindTop(startPlanning(run), ast.query).columns) {
    const wanted = target.definition.columns.find((c) => c.name === name)?.type ?? type;
    if (wanted === type || (!isState(wanted) && !isState(type))) continue;
    const text = `Column ${name} of the query is ${type}, the target's is ${wanted}`;
    throw failAt(ast.query.span, 'CANNOT_CONVERT_TYPE', text);
  }
}

/** What is read is the rows that were inserted: there is nothing to leave out or to put together. */
function refuseClauses(ast: CreateView): void {
  if (ast.refresh) return;
  walk(ast.query, (node) => {
    const has =
      (node.kind === 'Select' && node.prewhere) ||
      (node.kind === 'Table' && (node.final || node.sample));
    if (!has) return;
    const text = 'MATERIALIZED VIEW cannot have PREWHERE, SAMPLE or FINAL';
    throw failAt(node.span, 'QUERY_IS_NOT_SUPPORTED_IN_MATERIALIZED_VIEW', text);
  });
}

/** Rows of a table function come by no insert. */
function refuseFunctions(ast: CreateView): void {
  walk(ast.query, (node) => {
    if (node.kind !== 'TableFunction') return;
    throw failAt(
      node.span,
      'QUERY_IS_NOT_SUPPORTED_IN_MATERIALIZED_VIEW',
      'A materialized view cannot be made of a table function',
      { hint: 'Views see the rows that are inserted into a table; or write REFRESH EVERY …' },
    );
  });
}

export async function createMaterializedView(run: Run, ast: CreateView): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  if (ast.to && ast.populate) {
    throw failAt(ast.span, 'SYNTAX_ERROR', 'A view with TO cannot be told to POPULATE', {
      hint: 'Fill the target with INSERT INTO … SELECT',
    });
  }
  if (ast.to && ast.storage?.engine) {
    const text = 'A view has a target (TO) or an ENGINE of its own, not both';
    throw failAt(ast.storage.engine.span, 'SYNTAX_ERROR', text);
  }
  const { storage } = run.core;
  const { catalog } = storage.context;
  const { place, existing } = placeToFill(run, ast.name, 'view');
  if (existing && ast.mode !== 'CREATE OR REPLACE') {
    if (ast.ifNotExists) return done;
    const text = `Table ${place.database}.${place.name} already exists`;
    throw failAt(ast.name.span, 'TABLE_ALREADY_EXISTS', text);
  }
  const columns = viewColumns(run, ast);
  const query = qualified(ast.query, run.database);
  refuseClauses(ast);
  const source = sourceTable(query);
  if (!source && !ast.refresh) refuseFunctions(ast);
  const refresh = ast.refresh && refreshText(run, ast.refresh);
  const id = catalog.reserveTableId();
  const base = { ...emptyDefinition(place.database, place.name), id, columns };
  const inner = ast.to ? undefined : innerTable(run, ast, base);
  if (ast.to) {
    const target = requireTable(run, ast.to);
    if (!refresh || refresh.append) checkTarget(run, ast, columns, target);
  }
  const to = ast.to && placeOf(run, ast.to);
  const view: TableDefinition = {
    ...base,
    engine: { name: 'MaterializedView', args: '' },
    ...(ast.comment === undefined ? {} : { comment: ast.comment }),
    extra: {
      query: print(query),
      ...(source ? { source } : {}),
      ...(to ? { to: { database: to.database, name: to.name } } : {}),
      ...(inner ? { inner: inner.id } : {}),
      ...(refresh ? { refresh, ...(ast.empty ? { empty: true } : {}) } : {}),
    },
  };
  const definitions = inner ? [inner, view] : [view];
  const sourceState = source && findInState(catalog.state, source.database, source.name);
  if (ast.populate && !refresh) await createFilled(run, definitions, sourceState, existing);
  else await publish(run, definitions, refresh ? undefined : sourceState, existing);
  run.core.refreshes?.changed();
  return done;
}

/** The view's own table: as CREATE TABLE with the query's columns would make it. */
function innerTable(run: Run, ast: CreateView, view: TableDefinition): TableDefinition {
  const { elements, primaryKey, storage, query, span } = ast;
  const table: CreateTable = {
    kind: 'CreateTable',
    mode: 'CREATE',
    temporary: false,
    ifNotExists: false,
    name: ast.name,
    empty: false,
    clone: false,
    span,
    query,
    ...(elements ? { elements } : {}),
    ...(primaryKey ? { primaryKey } : {}),
    ...(storage ? { storage } : {}),
  };
  const name = `.inner_id.${view.uuid}`;
  const node = bindTop(startPlanning(run), query);
  const made = define(run, table, { database: view.database, name }, node);
  tableShape(run.core.native.planner(sessionJson(run)), made);
  return { ...made, id: run.core.storage.context.catalog.reserveTableId() };
}

/** ALTER TABLE view MODIFY QUERY. */
export async function modifyQuery(run: Run, table: TableState, query: Query): Promise<void> {
  const written = qualified(query, run.database);
  const node = bindTop(startPlanning(run), query);
  const source = sourceTable(written);
  const { storage } = run.core;
  await alter(storage, storage.store(table.id), (now) => {
    const { source: _, ...extra } = now.extra ?? {};
    return {
      ...now,
      columns: node.columns.map(({ name, type }) => ({ name, type })),
      extra: { ...extra, query: print(written), ...(source ? { source } : {}) },
    };
  });
}
