// ALTER TABLE DROP, RENAME, COMMENT, CLEAR and MATERIALIZE COLUMN.

import { withoutColumn } from '../../catalog/definition.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { failAt } from '../../plan/context.ts';
import { sessionJson } from '../../query/core.ts';
import { partitionFilter } from '../../query/partition.ts';
import { bindTable } from '../../tables/shape.ts';
import { change, writeDefault } from '../rows/change-rows.ts';
import { renamedColumn, replaceColumn } from './change-column.ts';
import { columnOf, has, refuseNestedRename, refuseUsed, typeDefault } from './columns.ts';
import type { Altering, CommandOf, Step } from './step.ts';

export function dropColumn(command: CommandOf<'DropColumn'>, { run, definition }: Altering): Step {
  const { name } = command;
  // A nested table goes with all its columns.
  const own = definition.columns.filter((c) => c.name.startsWith(`${name.name}.`));
  const names = has(definition, name.name) ? [name.name] : own.map((c) => c.name);
  if (command.ifExists && names.length === 0) return {};
  if (names.length === 0) columnOf(definition, name.name, name.span);
  if (definition.columns.length === names.length) {
    throw failAt(name.span, 'BAD_ARGUMENTS', 'The last column of a table cannot be dropped', {
      hint: 'Use DROP TABLE',
    });
  }
  for (const each of names) refuseUsed(run, definition, each, name.span, 'drop');
  return { define: (d) => names.reduce(withoutColumn, d) };
}

export function renameColumn(
  command: CommandOf<'RenameColumn'>,
  { run, definition }: Altering,
): Step {
  const { name, to } = command;
  if (command.ifExists && !has(definition, name.name)) return {};
  refuseNestedRename(definition, name, to);
  columnOf(definition, name.name, name.span);
  if (has(definition, to.name))
    throw failAt(to.span, 'DUPLICATE_COLUMN', `Column ${to.name} is there already`);
  refuseUsed(run, definition, name.name, name.span, 'rename');
  return { define: (d) => renamedColumn(d, name.name, to.name) };
}

export function commentColumn(command: CommandOf<'CommentColumn'>, { definition }: Altering): Step {
  const { name, comment } = command;
  if (command.ifExists && !has(definition, name.name)) return {};
  columnOf(definition, name.name, name.span);
  return { define: (d) => replaceColumn(d, { ...columnOf(d, name.name, name.span), comment }) };
}

export function clearColumn(
  command: CommandOf<'ClearColumn'>,
  { run, definition }: Altering,
): Step {
  const column = columnOf(definition, command.name.name, command.name.span);
  refuseUsed(run, definition, column.name, command.name.span, 'change');
  if (definition.columns.length === 1) {
    const text = `Cannot clear column ${column.name}: the table has no other`;
    throw failAt(command.name.span, 'BAD_ARGUMENTS', text, { hint: 'Use TRUNCATE TABLE' });
  }
  return {
    after: async (r, table) => {
      const only = command.partition && partitionFilter(r, table.definition, command.partition);
      const binding = bindTable(r.core.native.planner(sessionJson(r)), table.definition);
      const value =
        column.defaultExpr === undefined
          ? typeDefault(binding, column, command.span)
          : convert(binding.bind(column.defaultExpr), column.type);
      await change(
        r,
        table,
        { update: [{ column: column.name, value: binding.json(value) }] },
        only,
        command,
      );
    },
  };
}

export function materializeColumn(
  command: CommandOf<'MaterializeColumn'>,
  { definition }: Altering,
): Step {
  const column = columnOf(definition, command.name.name, command.name.span);
  if (column.defaultExpr === undefined)
    throw failAt(
      command.name.span,
      'BAD_ARGUMENTS',
      `Column ${column.name} has no DEFAULT or MATERIALIZED expression`,
    );
  return { after: (r, table) => writeDefault(r, table, column.name, command) };
}
