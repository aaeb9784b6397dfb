// ALTER TABLE. Each command is checked against the definition that the
// commands before it leave; changes of the schema go into one commit, changes of rows follow.

import { type AlterCommand, type AlterTable, print } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { TableState } from '../../catalog/state.ts';
import { isMaterialized } from '../../catalog/views.ts';
import { withoutFunctions } from '../../plan/bind/expression/substitute.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import type { ChangeJson } from '../../plan/physical/wire.ts';
import { applySettings } from '../../query/apply-settings.ts';
import { type Answer, done, type Run, sessionJson } from '../../query/core.ts';
import { findTable, refuseCluster, requireTable } from '../../query/names.ts';
import { startPlanning } from '../../query/plan-query.ts';
import { alterRows } from '../../storage/mutations/alter-rows.ts';
import { alter } from '../../storage/mutations/mutations.ts';
import { tableShape } from '../../tables/shape.ts';
import { insertTarget } from '../../views/fan-out.ts';
import { flatCommands } from '../create/definition.ts';
import { recorded } from '../rows/change-rows.ts';
import { refuseCycles, refuseTogether } from './columns.ts';
import { stepOf } from './commands.ts';
import { sameValues } from './retype.ts';
import type { Step } from './step.ts';
import { alterView } from './view.ts';

/** Everything else would change the key of the rows or what joins see of them. */
const joinAllows = new Set(['DeleteRows', 'ModifyComment', 'CommentColumn']);

export async function alterTable(run: Run, written: AlterTable): Promise<Answer> {
  const ast = withoutFunctions(written, startPlanning(run).ctx.userFunctions);
  refuseCluster(ast.cluster, ast.span);
  if (ast.output?.settings) applySettings(run, ast.output.settings);
  if (ast.ifExists && !findTable(run, ast.name)) return done;
  const named = requireTable(run, ast.name);
  const table = rowsOf(run, ast, named);
  if (isMaterialized(table.definition)) return alterView(run, ast, table);
  const comments = ast.commands.every(({ kind }) => kind === 'ModifyComment');
  if (table.definition.engine.name === 'View' && !comments)
    throw notBuilt(ast.span, 'ALTER of a view', 'Write CREATE OR REPLACE VIEW');
  const flat = run.settings.bool('flatten_nested');
  const commands = flat ? flatCommands(ast.commands) : ast.commands;
  refuseTogether(commands);
  refuseCycles(table.definition, commands);
  const found = checkedSteps(run, table, commands);
  const { checked, steps } = found;
  const store = run.core.storage.store(table.id);
  if (checked !== table.definition) await commitSteps(run, table, commands, found);
  for (const { after } of steps) if (after) await after(run, store.table);
  return done;
}

interface Checked {
  /** The definition behind all commands. */
  readonly checked: TableDefinition;
  readonly steps: readonly Step[];
  /** Whether system.mutations tells of it: as in ClickHouse, not of what only describes the columns. */
  readonly told: boolean;
}

/** Each command against what those before it leave. */
function checkedSteps(run: Run, table: TableState, commands: readonly AlterCommand[]): Checked {
  let checked = table.definition;
  const steps: Step[] = [];
  let told = false;
  for (const command of commands) {
    if (table.definition.engine.name === 'Join' && !joinAllows.has(command.kind)) {
      const text = 'Table engine Join supports only DELETE mutations';
      throw failAt(command.span, 'NOT_IMPLEMENTED', text);
    }
    const found = stepOf(command, { run, before: table.definition, definition: checked });
    const files = changesFiles(checked, found, command);
    told ||= files;
    if (files && !run.settings.bool('allow_non_metadata_alters')) {
      const text = 'This ALTER changes files of the table, and allow_non_metadata_alters is 0';
      throw failAt(command.span, 'ALTER_OF_COLUMN_IS_FORBIDDEN', text);
    }
    if (found.define) checked = found.define(checked);
    steps.push(found);
  }
  return { checked, steps, told };
}

/** The new definition and what it makes of the rows, in one commit. */
async function commitSteps(
  run: Run,
  table: TableState,
  commands: readonly AlterCommand[],
  { checked, steps, told }: Checked,
): Promise<void> {
  const { storage } = run.core;
  const store = storage.store(table.id);
  const defines = steps.flatMap((s) => (s.define ? [s.define] : []));
  // The shape must bind before anything is committed.
  tableShape(run.core.native.planner(sessionJson(run)), checked);
  const define = (now: TableDefinition): TableDefinition => {
    if (now === table.definition) return checked;
    return defines.reduce((definition, one) => one(definition), now);
  };
  const rewrites = steps.flatMap((s) => (s.rewrite ? [s.rewrite] : []));
  if (rewrites.length === 0) await alter(storage, store, define);
  else {
    const work = () =>
      alterRows(storage, store, define, (definition) =>
        together(
          run,
          rewrites.map((rewrite) => rewrite(run, definition)),
        ),
      );
    const text = commands.map((c) => `(${print(c)})`).join(', ');
    await (told ? recorded(run, table, text, work) : work());
  }
}

/** Whether a command is more than another description of the columns. */
function changesFiles(
  definition: TableDefinition,
  { define, rewrite }: Step,
  command: AlterCommand,
) {
  if (/^(Drop|Rename|Clear)Column$/.test(command.kind)) return true;
  if (!rewrite || command.kind !== 'ModifyColumn') return rewrite !== undefined;
  const typeIn = (d: TableDefinition) =>
    d.columns.find((c) => c.name === command.column.name.name)?.type ?? '';
  const [from, to] = [typeIn(definition), typeIn(define?.(definition) ?? definition)];
  return from === to || !sameValues(from, to);
}

/** Partitions and rows of a materialised view are those of its target. */
function rowsOf(run: Run, ast: AlterTable, table: TableState): TableState {
  const aboutRows = ast.commands.every(({ kind }) => kind === 'AlterPartition');
  if (!aboutRows || !isMaterialized(table.definition)) return table;
  const { id } = insertTarget(run, table.definition);
  return run.core.storage.context.catalog.table(id) ?? table;
}

/** Several changes of all rows as one. */
function together(run: Run, changes: readonly ChangeJson[]): object {
  const now = changes.find((one) => one.now !== undefined)?.now;
  return {
    update: changes.flatMap((one) => one.update ?? []),
    all: true,
    ...(now === undefined ? {} : { now }),
    session: sessionJson(run),
  };
}
