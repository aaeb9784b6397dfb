// CREATE DATABASE and CREATE FUNCTION.

import {
  type CreateDatabase,
  type CreateFunction,
  type Expression,
  type Lambda,
  print,
  walk,
} from '../../../sql/index.ts';
import { failAt } from '../../plan/context.ts';
import { type Answer, done, type Run } from '../../query/core.ts';
import { checkName, nameOf, refuseCluster } from '../../query/names.ts';
import { isSystem } from '../../tables/databases.ts';
import { attachDatabase } from '../detach-database.ts';

const engines = new Set(['Atomic', 'Ordinary', 'Memory', 'Lazy', 'Shared']);

export async function createDatabase(run: Run, ast: CreateDatabase): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  if (ast.mode === 'ATTACH') return attachDatabase(run, ast);
  const { catalog } = run.core.storage.context;
  const name = nameOf(run, ast.name);
  checkName(name, ast.name.span, 'database');
  if (ast.engine && !engines.has(ast.engine.name)) {
    throw failAt(
      ast.engine.span,
      'NOT_IMPLEMENTED',
      `Database engine ${ast.engine.name} is not implemented`,
      {
        hint: 'Leave ENGINE out, or write ENGINE = Atomic',
      },
    );
  }
  if (catalog.state.databases.has(name) || isSystem(name)) {
    if (ast.ifNotExists) return done;
    throw failAt(ast.name.span, 'DATABASE_ALREADY_EXISTS', `Database ${name} already exists`, {
      hint: 'Write CREATE DATABASE IF NOT EXISTS',
    });
  }
  const definition = {
    uuid: crypto.randomUUID(),
    ...(ast.comment === undefined ? {} : { comment: ast.comment }),
  };
  await catalog.commit({ ddl: [{ op: 'createDatabase', name, definition }] });
  return done;
}

/** Errors: `BAD_ARGUMENTS` for what is no lambda, and for a parameter that stands twice. */
function lambdaOf(ast: Expression): Lambda {
  if (ast.kind !== 'Lambda')
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'A function is a lambda: (x, y) -> expression');
  const twice = ast.params.find(
    (param, i) => ast.params.findIndex((p) => p.name === param.name) < i,
  );
  if (twice) throw failAt(twice.span, 'BAD_ARGUMENTS', `The parameter ${twice.name} stands twice`);
  return ast;
}

export async function createFunction(run: Run, ast: CreateFunction): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  const { catalog } = run.core.storage.context;
  const name = nameOf(run, ast.name);
  checkName(name, ast.name.span, 'function');
  const { functions } = run.core.native;
  if (functions.scalar(name) !== undefined || functions.aggregate(name) !== undefined) {
    throw failAt(ast.name.span, 'FUNCTION_ALREADY_EXISTS', `The function ${name} is built in`);
  }
  const exists = catalog.state.objects.get('function')?.has(name);
  if (exists && ast.ifNotExists) return done;
  if (exists && !ast.orReplace) {
    throw failAt(ast.name.span, 'FUNCTION_ALREADY_EXISTS', `The function ${name} already exists`, {
      hint: 'Write CREATE OR REPLACE FUNCTION',
    });
  }
  const { body } = lambdaOf(ast.lambda);
  walk(ast.lambda, (node) => {
    // As in ClickHouse: a body that is nothing but the call is refused when it is used.
    if (node === body || node.kind !== 'Function' || node.name !== name) return;
    const text = `The function ${name} cannot call itself`;
    throw failAt(node.span, 'CANNOT_CREATE_RECURSIVE_FUNCTION', text);
  });
  const lambda = print(ast.lambda);
  run.core.plans.clear();
  await catalog.commit({ ddl: [{ op: 'putObject', kind: 'function', name, value: { lambda } }] });
  run.core.plans.clear();
  return done;
}
