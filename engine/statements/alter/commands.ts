// Every command of ALTER TABLE that is built, and what it does.
import type { AlterCommand } from '../../../sql/index.ts';
import { notBuilt } from '../../plan/context.ts';
import { change, deleteWhere } from '../rows/change-rows.ts';
import { alterUpdate } from '../rows/update-rows.ts';
import { addColumn, modifyColumn } from './change-column.ts';
import {
  clearColumn,
  commentColumn,
  dropColumn,
  materializeColumn,
  renameColumn,
} from './column-commands.ts';
import { addIndex, alterIndex } from './index-commands.ts';
import { alterPartition } from './partition.ts';
import { alterProjection, withProjection } from './projection.ts';
import { modifySetting, resetSetting } from './settings.ts';
import type { Altering, CommandOf, Step } from './step.ts';
import {
  addConstraint,
  applyMask,
  dropConstraint,
  materializeTtl,
  modifyOrderBy,
  modifySampleBy,
  modifyTtl,
  removeSampleBy,
  removeTtl,
} from './storage.ts';

type Commands = { [K in AlterCommand['kind']]?: (command: CommandOf<K>, at: Altering) => Step };

const commands: Commands = {
  AddColumn: (command, { run, before, definition }) => addColumn(run, before, definition, command),
  DropColumn: dropColumn,
  RenameColumn: renameColumn,
  CommentColumn: commentColumn,
  ModifyColumn: (command, { run, definition }) => modifyColumn(run, definition, command),
  ClearColumn: clearColumn,
  MaterializeColumn: materializeColumn,
  AddIndex: addIndex,
  AddProjection: addProjection,
  AlterNamed(command, { definition }) {
    if (command.object === 'PROJECTION') return alterProjection(definition, command);
    if (command.object === 'CONSTRAINT') return dropConstraint(definition, command);
    return alterIndex(command, definition);
  },
  ModifyComment: ({ comment }) => ({ define: (d) => ({ ...d, comment }) }),
  ModifySetting: modifySetting,
  ResetSetting: resetSetting,
  DeleteRows: (command) => ({
    after: (run, table) => deleteWhere(run, table, command.where, command.partition, command),
  }),
  UpdateRows: (command) => ({ after: (run, table) => alterUpdate(run, table, command, command) }),
  AlterPartition: (command, { run, definition }) => alterPartition(run, definition, command),
  ApplyMask: (command) => applyMask(command),
  RewriteParts: (command) => ({
    after: (run, table) => change(run, table, { all: true }, undefined, command),
  }),
  AlterStatistics: () => ({}),
  ModifyTtl: (command, { run, definition }) => modifyTtl(run, definition, command),
  RemoveTtl: (command, { definition }) => removeTtl(definition, command),
  MaterializeTtl: (command, { definition }) => materializeTtl(definition, command),
  ModifyOrderBy: (command, { run, before, definition }) =>
    modifyOrderBy(run, before, definition, command),
  ModifySampleBy: (command, { run, definition }) => modifySampleBy(run, definition, command),
  RemoveSampleBy: (command, { definition }) => removeSampleBy(definition, command),
  AddConstraint: (command, { run, definition }) => addConstraint(run, definition, command),
};

function addProjection(
  { projection, ifNotExists }: CommandOf<'AddProjection'>,
  { run, definition }: Altering,
): Step {
  const known = definition.projections?.some((p) => p.name === projection.name.name);
  if (known && ifNotExists) return {};
  const projections = withProjection(run, definition, projection).projections ?? [];
  const added = projections.slice(-1);
  return { define: (d) => ({ ...d, projections: [...(d.projections ?? []), ...added] }) };
}

/** Errors: NOT_IMPLEMENTED with the command's name. */
export function stepOf(command: AlterCommand, at: Altering): Step {
  const built = commands[command.kind] as
    | ((command: AlterCommand, at: Altering) => Step)
    | undefined;
  if (built) return built(command, at);
  const name = command.kind.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
  throw notBuilt(command.span, `ALTER … ${name}`);
}
