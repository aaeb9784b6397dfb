// UPDATE, as a statement and as a command of ALTER. The statement writes patches beside the segments where
// few rows change, ALTER writes the segments anew.

import {
  type Expression,
  type Node,
  type Partition,
  suggest,
  type Update,
} from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { TableState } from '../../catalog/state.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { columnsOf } from '../../plan/expression.ts';
import type { ChangeJson, ExprJson } from '../../plan/physical/wire.ts';
import { applySettings } from '../../query/apply-settings.ts';
import { type Answer, done, type Run } from '../../query/core.ts';
import { pointing, refuseCluster, requireTable } from '../../query/names.ts';
import { partitionFilter } from '../../query/partition.ts';
import type { PlanningRun } from '../../query/plan-query.ts';
import type { TableBinding } from '../../tables/shape.ts';
import { refuseUsed, typeDefault } from '../alter/columns.ts';
import { plainExpression } from '../create/storage-clauses.ts';
import { answered, boundCondition, change, refuseEngine } from './change-rows.ts';

type Assignment = Update['assignments'][number];
type Values = NonNullable<ChangeJson['update']>;

/** The column that an assignment is for. */
function assigned(run: Run, definition: TableDefinition, { column: target }: Assignment) {
  const name = target.parts.map((p) => p.name).join('.');
  const column = definition.columns.find((c) => c.name === name && c.defaultKind !== 'ALIAS');
  if (!column) {
    const near = suggest(
      name,
      definition.columns.map((c) => c.name),
    );
    const hint = near && near !== name ? { hint: `Did you mean \`${near}\`?` } : {};
    const text = `There is no column ${name} in the table`;
    throw failAt(target.span, 'NO_SUCH_COLUMN_IN_TABLE', text, hint);
  }
  if (column.defaultKind === 'MATERIALIZED') {
    const text = `Cannot update column ${name}: it is MATERIALIZED`;
    throw failAt(target.span, 'CANNOT_UPDATE_COLUMN', text);
  }
  refuseUsed(run, { ...definition, indexes: [] }, name, target.span, 'update');
  return column;
}

async function newValues(
  run: Run,
  definition: TableDefinition,
  assignments: Update['assignments'],
  binding: TableBinding,
  planning: PlanningRun,
): Promise<Values> {
  const values: Values = [];
  for (const assignment of assignments) {
    const column = assigned(run, definition, assignment);
    const { name } = column;
    const { span } = assignment.column;
    if (values.some((known) => known.column === name)) {
      const text = `Column ${name} is assigned twice`;
      throw failAt(span, 'MULTIPLE_ASSIGNMENTS_TO_COLUMN', text);
    }
    const { value: given } = assignment;
    const isDefault = given.kind === 'Literal' && given.type === 'default';
    const value = isDefault
      ? column.defaultExpr === undefined
        ? typeDefault(binding, column, given.span)
        : binding.bind(column.defaultExpr)
      : await answered(run, planning, binding.bind(given));
    plainExpression(value, given, 'The new value', 'UNEXPECTED_EXPRESSION');
    const json = binding.json(convert(value, column.type));
    if (value.kind === 'literal') tried(planning, json, given);
    values.push({ column: name, value: json });
  }
  return values;
}

/** A constant that does not become a value of the column fails before any row is touched. */
function tried({ ctx }: PlanningRun, value: ExprJson, { span }: Expression): void {
  try {
    ctx.kernel.fold(value);
  } catch (error) {
    throw pointing(error, span);
  }
}

/** MATERIALIZED columns that are made of updated ones. As in ClickHouse, what is made of those stays. */
function derivedValues(
  run: Run,
  definition: TableDefinition,
  assignments: Update['assignments'],
  updated: Values,
  binding: TableBinding,
): Values {
  const names = new Set(updated.map(({ column }) => column));
  const ids = new Set(binding.stored.filter((c) => names.has(c.name)).map((c) => c.id));
  return definition.columns.flatMap((column): Values => {
    const { defaultKind, defaultExpr, name, type } = column;
    if (defaultKind !== 'MATERIALIZED' || defaultExpr === undefined) return [];
    const value = binding.bind(defaultExpr);
    if (![...columnsOf(value)].some((id) => ids.has(id))) return [];
    const span = assignments[0]?.column.span ?? { start: 0, end: 0 };
    refuseUsed(run, { ...definition, indexes: [] }, name, span, 'update');
    return [{ column: name, value: binding.json(convert(value, type)) }];
  });
}

/** @param lightly segments of which few rows change get patches */
export async function updateWhere(
  run: Run,
  table: TableState,
  ast: { assignments: Update['assignments']; where: Expression; partition?: Partition },
  command: Node,
  lightly: boolean,
): Promise<void> {
  const { definition } = table;
  refuseEngine(definition, command, 'UPDATE');
  const { assignments } = ast;
  const { binding, expr, planning } = await boundCondition(run, definition, ast.where);
  const update = await newValues(run, definition, assignments, binding, planning);
  const derived = derivedValues(run, definition, assignments, update, binding);
  const only = ast.partition && partitionFilter(run, definition, ast.partition);
  const patchRows = lightly ? run.settings.number('update_patch_rows') : 0;
  const what = { updateWhere: binding.json(expr), update, derived, patchRows };
  await change(run, table, what, only, command);
}

/** Why a table cannot be updated lightly, and what to do. */
function unpatchable({ engine, settings }: TableDefinition): [string, string] | undefined {
  const hint = 'Write ALTER TABLE … UPDATE';
  if (!/MergeTree$/.test(engine.name) || /(Summing|Aggregating)MergeTree$/.test(engine.name)) {
    return [`Engine ${engine.name} does not support lightweight updates`, hint];
  }
  for (const name of ['enable_block_number_column', 'enable_block_offset_column']) {
    if (settings[name] === '1') continue;
    const text = `Lightweight updates are not enabled for this table: it has not ${name} = 1`;
    return [text, `ALTER TABLE … MODIFY SETTING ${name} = 1, or write ALTER TABLE … UPDATE`];
  }
  return undefined;
}

/** ALTER TABLE … UPDATE: `alter_update_mode` may ask for patches. */
export async function alterUpdate(
  run: Run,
  table: TableState,
  ast: Parameters<typeof updateWhere>[2],
  command: Node,
): Promise<void> {
  const mode = run.settings.text('alter_update_mode');
  const refused = mode === 'heavy' ? undefined : unpatchable(table.definition);
  if (refused && mode === 'lightweight_force') {
    const [text, hint] = refused;
    throw failAt(command.span, 'SUPPORT_IS_DISABLED', text, { hint });
  }
  await updateWhere(run, table, ast, command, mode !== 'heavy' && !refused);
}

export async function updateRows(run: Run, ast: Update): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  applySettings(run, ast.settings);
  const table = requireTable(run, ast.table);
  if (table.definition.engine.name === 'View') throw notBuilt(ast.table.span, 'UPDATE of a view');
  const refused = unpatchable(table.definition);
  if (refused) {
    const [text, hint] = refused;
    throw failAt(ast.span, 'NOT_IMPLEMENTED', text, { hint });
  }
  const { assignments, where, partition } = ast;
  const what = { assignments, where, ...(partition ? { partition } : {}) };
  await updateWhere(run, table, what, ast, true);
  return done;
}
