// ALTER of what a table does with its rows: sorting key, sampling, TTL, constraints.

import type { AlterCommand } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor } from '../../catalog/state.ts';
import { failAt } from '../../plan/context.ts';
import { columnsOf } from '../../plan/expression.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { partitionFilter } from '../../query/partition.ts';
import { keyList } from '../../tables/key-columns.ts';
import { bindTable, constraintsOf } from '../../tables/shape.ts';
import {
  keyExpressions,
  withConstraints,
  withSampleBy,
  withTtl,
} from '../create/storage-clauses.ts';
import { change, changeSegments } from '../rows/change-rows.ts';
import type { Step } from './step.ts';

type Command<K extends AlterCommand['kind']> = AlterCommand & { kind: K };

/** The key may only grow, by columns that the same statement adds: rows stay in order. */
export function modifyOrderBy(
  run: Run,
  before: TableDefinition,
  definition: TableDefinition,
  command: Command<'ModifyOrderBy'>,
): Step {
  const desc = command.orderBy.find((item) => item.direction === 'DESC');
  if (desc) {
    const text = 'MODIFY ORDER BY takes no directions: those of the key stay as they are';
    throw failAt(desc.span, 'SYNTAX_ERROR', text);
  }
  const list = command.orderBy.flatMap((item) => keyList(item.expr));
  const orderBy = keyExpressions(run, definition, list, 'ORDER BY');
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const old = definition.orderBy.map((text) => binding.bind(text).key);
  const now = orderBy.map((text) => binding.bind(text));
  const grows = old.every((key, i) => now[i]?.key === key);
  if (!grows) {
    throw failAt(
      command.span,
      'BAD_ARGUMENTS',
      'The old sorting key must be the beginning of the new one',
    );
  }
  const known = new Set(before.columns.map((c) => c.name));
  for (const [i, expr] of now.entries()) {
    if (i < old.length) continue;
    const used = binding.stored.filter((c) => columnsOf(expr).has(c.id));
    const there = used.find((c) => known.has(c.name));
    const column = definition.columns.find((c) => c.name === (there ?? used[0])?.name);
    if (!there && column?.defaultExpr === undefined) continue;
    throw failAt(
      list[i]?.span ?? command.span,
      'BAD_ARGUMENTS',
      there
        ? `Existing column ${there.name} cannot be added to the sorting key`
        : `Newly added column ${column?.name ?? ''} has a default expression, so it cannot be in the sorting key`,
      { hint: 'Only columns that the same ALTER adds, without a default, extend the sorting key' },
    );
  }
  const primaryKey = definition.primaryKey ?? definition.orderBy;
  return { define: (d) => ({ ...d, orderBy, primaryKey }) };
}

export function modifySampleBy(
  run: Run,
  definition: TableDefinition,
  command: Command<'ModifySampleBy'>,
): Step {
  const { sampleBy } = withSampleBy(run, definition, command.sampleBy);
  return { define: (d) => ({ ...d, ...(sampleBy === undefined ? {} : { sampleBy }) }) };
}

export function removeSampleBy(
  definition: TableDefinition,
  command: Command<'RemoveSampleBy'>,
): Step {
  if (definition.sampleBy === undefined) {
    throw failAt(command.span, 'BAD_ARGUMENTS', `Table ${definition.name} has no SAMPLE BY`);
  }
  return { define: ({ sampleBy: _, ...d }) => d };
}

/** What the rules say holds for the rows that are there too. */
const expired = { rewrite: (run: Run) => ({ all: true, now: run.core.storage.ttlSeconds }) };

export function modifyTtl(
  run: Run,
  definition: TableDefinition,
  command: Command<'ModifyTtl'>,
): Step {
  const { ttl } = withTtl(run, definition, command.ttl);
  if (ttl === definition.ttl) return {};
  const now = run.settings.bool('materialize_ttl_after_modify') ? expired : {};
  return { define: (d) => ({ ...d, ...(ttl === undefined ? {} : { ttl }) }), ...now };
}

export function removeTtl(definition: TableDefinition, command: Command<'RemoveTtl'>): Step {
  if (definition.ttl === undefined) {
    const text = `Table ${definition.name} doesn't have any table TTL expression, cannot remove`;
    throw failAt(command.span, 'BAD_ARGUMENTS', text);
  }
  return { define: ({ ttl: _, ...d }) => d };
}

export function materializeTtl(
  definition: TableDefinition,
  command: Command<'MaterializeTtl'>,
): Step {
  if (definition.ttl === undefined && !definition.columns.some((c) => c.ttl !== undefined)) {
    const text = `Table ${definition.name} has no TTL`;
    throw failAt(command.span, 'INCORRECT_QUERY', text);
  }
  return {
    after: async (run, table) => {
      const only = command.partition && partitionFilter(run, table.definition, command.partition);
      const what = { all: true, now: run.core.storage.ttlSeconds };
      await change(run, table, what, only, command);
    },
  };
}

/** Writes the segments anew that have deleted rows, or new values beside them. */
export function applyMask(command: Command<'ApplyMask'>): Step {
  return {
    after: async (run, table) => {
      const only = command.partition && partitionFilter(run, table.definition, command.partition);
      const beside = command.what === 'PATCHES' ? 'patch' : 'deleted';
      const touched = (segment: SegmentDescriptor): boolean =>
        segment[beside] !== undefined && (only?.(segment.partition) ?? true);
      await changeSegments(run, table, { all: true }, touched, command);
    },
  };
}

export function addConstraint(
  run: Run,
  definition: TableDefinition,
  command: Command<'AddConstraint'>,
): Step {
  const { constraint } = command;
  const known = constraintsOf(definition).some((c) => c.name === constraint.name.name);
  if (known && command.ifNotExists) return {};
  const added = constraintsOf(withConstraints(run, definition, [constraint])).slice(-1);
  return {
    define: (d) => ({
      ...d,
      extra: { ...d.extra, constraints: [...constraintsOf(d), ...added] },
    }),
  };
}

export function dropConstraint(definition: TableDefinition, command: Command<'AlterNamed'>): Step {
  const { name } = command.name;
  if (!constraintsOf(definition).some((c) => c.name === name)) {
    if (command.ifExists) return {};
    throw failAt(command.name.span, 'BAD_ARGUMENTS', `There is no constraint ${name}`);
  }
  return {
    define: (d) => ({
      ...d,
      extra: { ...d.extra, constraints: constraintsOf(d).filter((c) => c.name !== name) },
    }),
  };
}
