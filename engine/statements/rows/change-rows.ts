// Rows rewritten or hidden in place: what DELETE, UPDATE and the commands of ALTER share, and DELETE itself.

import {
  type Delete,
  type Expression,
  type Node,
  type Partition,
  print,
} from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor, TableState } from '../../catalog/state.ts';
import { isMaterialized } from '../../catalog/views.ts';
import { EngineError, fail } from '../../errors.ts';
import { condition } from '../../plan/bind/conditions.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { type Expr, inExpr, literalExpr, mapParts } from '../../plan/expression.ts';
import type { ChangeJson, ExprJson, Lit, LitValue } from '../../plan/physical/wire.ts';
import { isVolatile } from '../../plan/random-calls.ts';
import { nullableType } from '../../plan/types.ts';
import { applySettings } from '../../query/apply-settings.ts';
import { type Answer, done, type Run, sessionJson } from '../../query/core.ts';
import { internalRows } from '../../query/internal.ts';
import { refuseCluster, requireTable } from '../../query/names.ts';
import { partitionFilter } from '../../query/partition.ts';
import { type PlanningRun, planText, startPlanning } from '../../query/plan-query.ts';
import { deleteMarked } from '../../storage/mutations/marked-rows.ts';
import type { Started } from '../../storage/mutations/mutation-log.ts';
import { rewrite } from '../../storage/mutations/mutations.ts';
import { bindTable } from '../../tables/shape.ts';
import { plainExpression } from '../create/storage-clauses.ts';

/** Computes a column's default for all rows there are. */
export async function writeDefault(
  run: Run,
  table: TableState,
  name: string,
  command: Node,
): Promise<void> {
  await change(run, table, defaultChange(run, table.definition, name), undefined, command);
}

/** The change that gives a column its default in every row. */
export function defaultChange(run: Run, definition: TableDefinition, name: string): ChangeJson {
  const column = definition.columns.find((c) => c.name === name);
  if (!column || column.defaultExpr === undefined) return {};
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const value = binding.json(convert(binding.bind(column.defaultExpr), column.type));
  return { update: [{ column: name, value }] };
}

/** Rows of some partitions (all without `only`) rewritten, as system.mutations tells it. */
export async function change(
  run: Run,
  table: TableState,
  what: ChangeJson,
  only: ((partition: string) => boolean) | undefined,
  command: Node,
): Promise<void> {
  const test = only && ((segment: { partition: string }) => only(segment.partition));
  await changeSegments(run, table, what, test, command);
}

export async function changeSegments(
  run: Run,
  table: TableState,
  what: ChangeJson,
  only: ((segment: SegmentDescriptor) => boolean) | undefined,
  command: Node,
): Promise<void> {
  const { storage } = run.core;
  await recorded(run, table, `(${print(command)})`, (started) =>
    rewrite(
      storage,
      storage.store(table.id),
      { ...what, session: sessionJson(run) },
      only,
      started,
    ),
  );
}

/** Rows hidden until a merge leaves them out. */
async function marked(
  run: Run,
  table: TableState,
  condition: ExprJson,
  only: ((partition: string) => boolean) | undefined,
  command: Node,
): Promise<void> {
  const { storage } = run.core;
  const test = only && ((segment: { partition: string }) => only(segment.partition));
  await recorded(run, table, `(${commandText(command)})`, (started) =>
    deleteMarked(storage, storage.store(table.id), condition, test, started),
  );
}

/** As ClickHouse writes a lightweight DELETE down: rows are marked. */
function commandText(command: Node): string {
  if (command.kind !== 'Delete') return print(command);
  const only = command.partition ? ` IN ${print(command.partition)}` : '';
  return `UPDATE _row_exists = 0${only} WHERE ${print(command.where)}`;
}

/** Runs a mutation and keeps how it went for system.mutations. */
export async function recorded<T>(
  run: Run,
  { definition }: TableState,
  command: string,
  work: (started: Started) => Promise<T>,
): Promise<T> {
  const { mutations } = run.core.storage;
  const { database, name: table, id: tableId } = definition;
  const entry = mutations.begin({ database, table, tableId, command });
  try {
    const result = await work((job, segments) => mutations.started(entry, job, segments));
    mutations.done(entry);
    return result;
  } catch (error) {
    const failure = entry.killed ? killedMutation(entry.id) : unfinished(error, entry.id);
    mutations.failed(entry, failure instanceof Error ? failure.message : String(failure));
    throw failure;
  }
}

/** What the rows themselves do to a mutation is said as ClickHouse says it; nothing of it stays. */
function unfinished(error: unknown, id: string): unknown {
  if (!(error instanceof EngineError) || error.fault !== 'client') return error;
  const { code, message, hint } = error;
  const text = `Exception happened during execution of mutation '${id}': 'Code: ${code}. DB::Exception: ${message}'; nothing of it stays`;
  return new EngineError('UNFINISHED', 341, 'client', text, hint === undefined ? {} : { hint });
}

const killedMutation = (id: string): Error =>
  fail('ABORTED', `Mutation ${id} was killed; nothing of it stays`);

/** Log tables only ever grow. */
export function refuseEngine(definition: TableDefinition, command: Node, what: string): void {
  const { name } = definition.engine;
  if (/^Memory$|MergeTree$/.test(name) || (name === 'Join' && what === 'DELETE')) return;
  throw failAt(command.span, 'NOT_IMPLEMENTED', `Engine ${name} does not support ${what}`, {
    hint: 'Use a MergeTree',
  });
}

const setRowsMax = 1_000_000;

/** Subqueries become their values. */
export async function answered(run: Run, planning: PlanningRun, expr: Expr): Promise<Expr> {
  const { ctx } = planning;
  if (ctx.subqueries.length === 0) return expr;
  const values: Lit[] = [];
  for (const [i, subquery] of ctx.subqueries.entries()) {
    // Those before it are answered with it.
    const alone: PlanningRun = {
      ...planning,
      ctx: { ...ctx, subqueries: ctx.subqueries.slice(0, i) },
    };
    const types = subquery.node.columns.map((c) => c.type);
    const rows = await internalRows(run, planText(alone, subquery.node), true);
    if (rows.length > setRowsMax) {
      throw fail('SET_SIZE_LIMIT_EXCEEDED', `A subquery gives more than ${setRowsMax} rows`);
    }
    const row = (list: unknown[]): LitValue =>
      list.length === 1 ? (list[0] as LitValue) : (list as LitValue[]);
    const type = types.length === 1 ? (types[0] as string) : `Tuple(${types.join(', ')})`;
    if (subquery.usage === 'set') values.push({ type: `Array(${type})`, value: rows.map(row) });
    else if (subquery.usage === 'exists') {
      values.push({ type: 'UInt8', value: rows.length > 0 ? '1' : '0' });
    } else {
      if (rows.length > 1) {
        const text = 'Scalar subquery returned more than one row';
        throw fail('INCORRECT_RESULT_OF_SCALAR_SUBQUERY', text);
      }
      values.push({ type: nullableType(type), value: rows[0] ? row(rows[0]) : null });
    }
  }
  const replace = (e: Expr): Expr => {
    if (e.kind === 'scalar') {
      const lit = values[e.subquery] as Lit;
      return convert(literalExpr(lit.type, lit.value), e.type);
    }
    const inner = mapParts(e, replace);
    if (inner.kind !== 'in' || !('subquery' in inner.set)) return inner;
    const set = { values: values[inner.set.subquery] as Lit };
    return inExpr(inner.expr, set, inner.negated, inner.type);
  };
  return replace(expr);
}

/** The condition with its subqueries answered: they see the tables as they are now. */
export async function boundCondition(run: Run, definition: TableDefinition, where: Expression) {
  const planning = startPlanning(run);
  const kernel = run.core.native.planner(sessionJson(run));
  const binding = bindTable(kernel, definition, run.settings, planning.ctx);
  const expr = await answered(run, planning, binding.bind(where));
  plainExpression(expr, where, 'The condition', 'UNEXPECTED_EXPRESSION');
  condition(expr, where, 'WHERE');
  if (isVolatile(expr) && !run.settings.bool('allow_nondeterministic_mutations')) {
    throw failAt(where.span, 'BAD_ARGUMENTS', 'The condition gives other values each time', {
      hint: 'SET allow_nondeterministic_mutations = 1',
    });
  }
  return { binding, expr, planning };
}

export async function deleteWhere(
  run: Run,
  table: TableState,
  where: Expression,
  partition: Partition | undefined,
  command: Node,
  lightly = false,
): Promise<void> {
  refuseEngine(table.definition, command, 'DELETE');
  const { binding, expr } = await boundCondition(run, table.definition, where);
  const only = partition && partitionFilter(run, table.definition, partition);
  const hidden = binding.json(expr);
  if (lightly) return marked(run, table, hidden, only, command);
  await change(run, table, { delete: hidden }, only, command);
}

export async function deleteRows(run: Run, ast: Delete): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  applySettings(run, ast.settings);
  const table = requireTable(run, ast.table);
  if (table.definition.engine.name === 'View') throw notBuilt(ast.table.span, 'DELETE FROM a view');
  if (isMaterialized(table.definition)) {
    const text = `DELETE query is not supported for table ${table.definition.name}`;
    throw failAt(ast.table.span, 'BAD_ARGUMENTS', text, { hint: 'Delete from its target table' });
  }
  const { name } = table.definition.engine;
  if (/Log$/.test(name)) {
    const text = `DELETE query is not supported for table ${table.definition.name} of engine ${name}`;
    throw failAt(ast.table.span, 'BAD_ARGUMENTS', text, { hint: 'Use a MergeTree' });
  }
  await deleteWhere(run, table, ast.where, ast.partition, ast, true);
  return done;
}
