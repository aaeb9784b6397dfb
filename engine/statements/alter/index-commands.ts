// ALTER TABLE ADD, DROP, CLEAR and MATERIALIZE INDEX.
import { suggest } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { atPlace } from '../../plan/bind/from/as-of.ts';
import { failAt } from '../../plan/context.ts';
import { sessionJson } from '../../query/core.ts';
import { bindTable } from '../../tables/shape.ts';
import { checkIndexType } from '../../tables/skip-index.ts';
import { checkIndexed, indexDefinition } from '../create/index-definition.ts';
import { plainExpression, refuseVolatile } from '../create/storage-clauses.ts';
import { change } from '../rows/change-rows.ts';
import type { Altering, CommandOf, Step } from './step.ts';

export function addIndex(command: CommandOf<'AddIndex'>, { run, definition }: Altering): Step {
  if (definition.extra?.deprecated) {
    const text = 'A table with the deprecated form of its engine takes no skip indexes';
    throw failAt(command.span, 'BAD_ARGUMENTS', text);
  }
  const index = indexDefinition(command.index, run.text);
  if (definition.indexes.some((i) => i.name === index.name)) {
    if (command.ifNotExists) return {};
    throw failAt(command.index.name.span, 'ILLEGAL_COLUMN', `Index ${index.name} is there already`);
  }
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const bound = binding.bind(command.index.expr);
  refuseVolatile(bound, command.index.expr, 'An index');
  checkIndexed(bound, command.index.expr.span);
  plainExpression(bound, command.index.expr, 'An index');
  atPlace(command.index.span, () => checkIndexType(index.type, bound.type));
  return { define: (d) => ({ ...d, indexes: [...d.indexes, index] }) };
}

export function alterIndex(command: CommandOf<'AlterNamed'>, definition: TableDefinition): Step {
  const known = definition.indexes.some((i) => i.name === command.name.name);
  if (!known) {
    if (command.ifExists) return {};
    const near = suggest(
      command.name.name,
      definition.indexes.map((i) => i.name),
    );
    throw failAt(
      command.name.span,
      'BAD_ARGUMENTS',
      `There is no index ${command.name.name}`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  if (command.action === 'DROP') {
    return {
      define: (d) => ({ ...d, indexes: d.indexes.filter((i) => i.name !== command.name.name) }),
    };
  }
  if (command.action === 'MATERIALIZE')
    return { after: (r, table) => change(r, table, { all: true }, undefined, command) };
  return {};
}
