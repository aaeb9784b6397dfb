// CREATE INDEX and DROP INDEX … ON: other words for what ALTER TABLE does.

import type { AlterCommand, CreateIndex, Drop, TableName } from '../../sql/index.ts';
import { failAt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { alterTable } from './alter/table.ts';

const altered = (
  run: Run,
  ast: CreateIndex | Drop,
  name: TableName,
  command: AlterCommand,
): Promise<Answer> =>
  alterTable(run, {
    kind: 'AlterTable',
    temporary: false,
    ifExists: false,
    name,
    ...(ast.cluster === undefined ? {} : { cluster: ast.cluster }),
    commands: [command],
    ...(ast.output === undefined ? {} : { output: ast.output }),
    span: ast.span,
  });

export async function createIndex(run: Run, ast: CreateIndex): Promise<Answer> {
  const { span, ifNotExists } = ast;
  if (ast.unique && !run.settings.bool('create_index_ignore_unique')) {
    throw failAt(span, 'NOT_IMPLEMENTED', 'CREATE UNIQUE INDEX is not supported', {
      hint: 'SET create_index_ignore_unique = 1 to pass over the word',
    });
  }
  if (!ast.index.type) {
    if (run.settings.bool('allow_create_index_without_type')) return done;
    throw failAt(span, 'INCORRECT_QUERY', 'CREATE INDEX without TYPE is forbidden', {
      hint: 'As in TYPE minmax; SET allow_create_index_without_type = 1 to pass over the statement',
    });
  }
  // The parentheses belong to the statement, not to the expression.
  const index = { ...ast.index, expr: { ...ast.index.expr, span } };
  return altered(run, ast, ast.table, { kind: 'AddIndex', index, ifNotExists, span });
}

export async function dropIndex(run: Run, ast: Drop): Promise<Answer> {
  const [named] = ast.names;
  if (!named || !ast.on) throw failAt(ast.span, 'SYNTAX_ERROR', 'DROP INDEX name ON table');
  return altered(run, ast, ast.on, {
    kind: 'AlterNamed',
    action: 'DROP',
    object: 'INDEX',
    name: named.table,
    ifExists: ast.ifExists,
    span: ast.span,
  });
}
