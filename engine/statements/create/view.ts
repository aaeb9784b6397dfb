// CREATE VIEW: the query is kept as text, with every table named in full.

import { type CreateView, print } from '../../../sql/index.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { type Answer, done, type Run } from '../../query/core.ts';
import { placeToFill, refuseCluster } from '../../query/names.ts';
import { bindTop, startPlanning } from '../../query/plan-query.ts';
import { dropTables } from '../../storage/mutations/mutations.ts';
import { parametersOf } from '../../tables/view-parameters.ts';
import { canonicalType } from './definition.ts';
import { createMaterializedView } from './materialized-view.ts';
import { qualified } from './qualified.ts';
import { emptyDefinition } from './table.ts';

const hasParameter = (run: Run, name: string): boolean =>
  run.request.params?.[name] !== undefined || run.session?.params.has(name) === true;

export async function createView(run: Run, ast: CreateView): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  if (ast.type === 'MATERIALIZED' && ast.mode !== 'ATTACH') return createMaterializedView(run, ast);
  if (ast.type === 'WINDOW') {
    const text = 'Experimental WINDOW VIEW feature is not enabled, and not there';
    throw failAt(ast.span, 'SUPPORT_IS_DISABLED', text, {
      hint: 'A materialised view with toStartOfInterval() in its GROUP BY keeps rows by windows',
    });
  }
  if (ast.type !== 'VIEW') throw notBuilt(ast.span, `CREATE ${ast.type} VIEW`);
  if (ast.mode === 'ATTACH') throw notBuilt(ast.span, 'ATTACH VIEW');
  if (ast.temporary) throw notBuilt(ast.span, 'CREATE TEMPORARY VIEW');
  const { storage } = run.core;
  const { catalog } = storage.context;
  const { place, existing } = placeToFill(run, ast.name, 'view');
  if (existing && ast.mode === 'CREATE') {
    if (ast.ifNotExists) return done;
    throw failAt(
      ast.name.span,
      'TABLE_ALREADY_EXISTS',
      `Table ${place.database}.${place.name} already exists`,
      {
        hint: 'Write CREATE OR REPLACE VIEW, or IF NOT EXISTS',
      },
    );
  }
  // What a view with parameters gives is known when it is called.
  const parameterised = parametersOf(ast.query).some((name) => !hasParameter(run, name));
  const bound = parameterised ? [] : bindTop(startPlanning(run), ast.query).columns;
  let columns = bound.map(({ name, type }) => ({ name, type }));
  const written = (ast.elements ?? []).filter((e) => e.kind === 'ColumnDefinition');
  if (written.length > 0) {
    if (written.length !== columns.length) {
      throw failAt(
        written[0]?.span,
        'NUMBER_OF_COLUMNS_DOESNT_MATCH',
        `The view names ${written.length} columns, its query gives ${columns.length}`,
      );
    }
    columns = columns.map((c, i) => {
      const element = written[i] as (typeof written)[number];
      return {
        name: element.name.name,
        type: element.type ? canonicalType(run, element.type) : c.type,
      };
    });
  }
  const id = catalog.reserveTableId();
  const definition = {
    ...emptyDefinition(place.database, place.name),
    id,
    engine: { name: 'View', args: '' },
    columns,
    ...(ast.comment === undefined ? {} : { comment: ast.comment }),
    extra: { query: print(qualified(ast.query, run.database)) },
  };
  if (!existing) {
    await catalog.commit({ ddl: [{ op: 'createTable', definition }] });
    return done;
  }
  await catalog.commit({
    ddl: [
      { op: 'createTable', definition: { ...definition, name: `${place.name}\n${id}` } },
      { op: 'exchangeTables', a: id, b: existing.id },
    ],
  });
  await dropTables(storage, [existing.id]);
  return done;
}
