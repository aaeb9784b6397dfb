// ALTER TABLE, DELETE FROM and UPDATE. Each command is checked against the definition that the
// commands before it leave; changes of the schema go into one commit, changes of rows follow.

import { type AlterCommand, type AlterTable, print, suggest } from '../../../sql/index.ts';
import { type TableDefinition, withoutColumn } from '../../catalog/definition.ts';
import type { TableState } from '../../catalog/state.ts';
import { isMaterialized } from '../../catalog/views.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { withoutFunctions } from '../../plan/bind/expression/substitute.ts';
import { atPlace } from '../../plan/bind/from/as-of.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import type { ChangeJson } from '../../plan/physical/wire.ts';
import { type Answer, done, type Run, sessionJson } from '../../query/core.ts';
import { startPlanning } from '../../query/plan-query.ts';
import { alterRows } from '../../storage/mutations/alter-rows.ts';
import { alter } from '../../storage/mutations/mutations.ts';
import { bindTable, tableShape } from '../../tables/shape.ts';
import { checkIndexType } from '../../tables/skip-index.ts';
import { insertTarget } from '../../views/fan-out.ts';
import { applySettings, settingText } from '../apply-settings.ts';
import { indexDefinition } from '../create/index-definition.ts';
import { plainExpression, refuseVolatile } from '../create/storage-clauses.ts';
import { changedSetting } from '../create/table-settings.ts';
import { findTable, refuseCluster, requireTable } from '../names.ts';
import { partitionFilter } from '../partition.ts';
import { change, deleteWhere, recorded, writeDefault } from '../rows/change-rows.ts';
import { alterUpdate } from '../rows/update-rows.ts';
import {
  addColumn,
  modifyColumn,
  renamedColumn,
  replaceColumn,
  sameValues,
} from './change-column.ts';
import {
  columnOf,
  has,
  refuseCycles,
  refuseNestedRename,
  refuseTogether,
  refuseUsed,
  typeDefault,
} from './columns.ts';
import { alterPartition } from './partition.ts';
import { alterProjection, withProjection } from './projection.ts';
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
import { alterView } from './view.ts';

/** What a command does beyond the definition. */
type After = (run: Run, table: TableState) => Promise<void>;

/** What a command is made of. */
export interface Step {
  define?: (definition: TableDefinition) => TableDefinition;
  /** Rows that are there change in the same commit as the definition; given the new one. */
  rewrite?: (run: Run, definition: TableDefinition) => ChangeJson;
  after?: After;
}

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
  refuseTogether(ast.commands);
  refuseCycles(table.definition, ast.commands);
  let checked = table.definition;
  const steps: Step[] = [];
  for (const command of ast.commands) {
    if (table.definition.engine.name === 'Join' && !joinAllows.has(command.kind)) {
      const text = 'Table engine Join supports only DELETE mutations';
      throw failAt(command.span, 'NOT_IMPLEMENTED', text);
    }
    const found = step(run, table.definition, checked, command);
    if (changesFiles(checked, found, command) && !run.settings.bool('allow_non_metadata_alters')) {
      const text = 'This ALTER changes files of the table, and allow_non_metadata_alters is 0';
      throw failAt(command.span, 'ALTER_OF_COLUMN_IS_FORBIDDEN', text);
    }
    if (found.define) checked = found.define(checked);
    steps.push(found);
  }
  const { storage } = run.core;
  const store = storage.store(table.id);
  const defines = steps.flatMap((s) => (s.define ? [s.define] : []));
  if (defines.length > 0 && checked !== table.definition) {
    // The shape must bind before anything is committed.
    tableShape(run.core.native.planner(sessionJson(run)), checked);
    const define = (now: TableDefinition): TableDefinition => {
      if (now === table.definition) return checked;
      return defines.reduce((definition, one) => one(definition), now);
    };
    const rewrites = steps.flatMap((s) => (s.rewrite ? [s.rewrite] : []));
    if (rewrites.length === 0) await alter(storage, store, define);
    else {
      await recorded(run, table, ast.commands.map((c) => `(${print(c)})`).join(', '), () =>
        alterRows(storage, store, define, (definition) =>
          together(
            run,
            rewrites.map((rewrite) => rewrite(run, definition)),
          ),
        ),
      );
    }
  }
  for (const { after } of steps) if (after) await after(run, store.table);
  return done;
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

/** The settings, with those behind them that are not among them. */
const withImplied = (
  settings: Readonly<Record<string, string>>,
  implied: Readonly<Record<string, string>>,
): Record<string, string> => {
  const missing = Object.entries(implied).filter(([name]) => !(name in settings));
  return { ...settings, ...Object.fromEntries(missing) };
};

function step(
  run: Run,
  before: TableDefinition,
  definition: TableDefinition,
  command: AlterCommand,
): Step {
  switch (command.kind) {
    case 'AddColumn':
      return addColumn(run, before, definition, command);
    case 'DropColumn': {
      const { name } = command;
      if (command.ifExists && !has(definition, name.name)) return {};
      columnOf(definition, name.name, name.span);
      if (definition.columns.length === 1) {
        throw failAt(name.span, 'BAD_ARGUMENTS', 'The last column of a table cannot be dropped', {
          hint: 'Use DROP TABLE',
        });
      }
      refuseUsed(run, definition, name.name, name.span, 'drop');
      return { define: (d) => withoutColumn(d, name.name) };
    }
    case 'RenameColumn': {
      const { name, to } = command;
      if (command.ifExists && !has(definition, name.name)) return {};
      refuseNestedRename(definition, name, to);
      columnOf(definition, name.name, name.span);
      if (has(definition, to.name))
        throw failAt(to.span, 'DUPLICATE_COLUMN', `Column ${to.name} is there already`);
      refuseUsed(run, definition, name.name, name.span, 'rename');
      return { define: (d) => renamedColumn(d, name.name, to.name) };
    }
    case 'CommentColumn': {
      const { name, comment } = command;
      if (command.ifExists && !has(definition, name.name)) return {};
      columnOf(definition, name.name, name.span);
      return { define: (d) => replaceColumn(d, { ...columnOf(d, name.name, name.span), comment }) };
    }
    case 'ModifyColumn':
      return modifyColumn(run, definition, command);
    case 'ClearColumn': {
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
    case 'MaterializeColumn': {
      const column = columnOf(definition, command.name.name, command.name.span);
      if (column.defaultExpr === undefined)
        throw failAt(
          command.name.span,
          'BAD_ARGUMENTS',
          `Column ${column.name} has no DEFAULT or MATERIALIZED expression`,
        );
      return { after: (r, table) => writeDefault(r, table, column.name, command) };
    }
    case 'AddIndex': {
      if (definition.extra?.deprecated) {
        const text = 'A table with the deprecated form of its engine takes no skip indexes';
        throw failAt(command.span, 'BAD_ARGUMENTS', text);
      }
      const index = indexDefinition(command.index);
      if (definition.indexes.some((i) => i.name === index.name)) {
        if (command.ifNotExists) return {};
        throw failAt(
          command.index.name.span,
          'ILLEGAL_COLUMN',
          `Index ${index.name} is there already`,
        );
      }
      const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
      const bound = binding.bind(command.index.expr);
      plainExpression(bound, command.index.expr, 'An index');
      refuseVolatile(bound, command.index.expr, 'An index');
      atPlace(command.index.span, () => checkIndexType(index.type, bound.type));
      return { define: (d) => ({ ...d, indexes: [...d.indexes, index] }) };
    }
    case 'AddProjection': {
      const { projection } = command;
      const known = definition.projections?.some((p) => p.name === projection.name.name);
      if (known && command.ifNotExists) return {};
      const projections = withProjection(run, definition, projection).projections ?? [];
      const added = projections.slice(-1);
      return { define: (d) => ({ ...d, projections: [...(d.projections ?? []), ...added] }) };
    }
    case 'AlterNamed':
      return alterNamed(definition, command);
    case 'ModifyComment': {
      const { comment } = command;
      return { define: (d) => ({ ...d, comment }) };
    }
    case 'ModifySetting': {
      const added: Record<string, string> = {};
      const mixed = command.settings.find((s) => s.name === 'enable_mixed_granularity_parts');
      if (mixed && definition.extra?.deprecated) {
        const text = 'A table with the deprecated form of its engine has granules of one size';
        throw failAt(mixed.nameSpan, 'BAD_ARGUMENTS', text);
      }
      for (const item of command.settings)
        added[item.name] = changedSetting(item.name, item.nameSpan, settingText(item.value));
      // As CREATE would have written it down.
      const merges = /MergeTree$/.test(definition.engine.name);
      const implied: Record<string, string> = merges ? { index_granularity: '8192' } : {};
      return {
        define: (d) => ({ ...d, settings: { ...withImplied(d.settings, implied), ...added } }),
      };
    }
    case 'ResetSetting': {
      const gone = new Set(command.names);
      return {
        define: (d) => ({
          ...d,
          settings: Object.fromEntries(Object.entries(d.settings).filter(([n]) => !gone.has(n))),
        }),
      };
    }
    case 'DeleteRows':
      return {
        after: (r, table) => deleteWhere(r, table, command.where, command.partition, command),
      };
    case 'UpdateRows':
      return { after: (r, table) => alterUpdate(r, table, command, command) };
    case 'AlterPartition':
      return alterPartition(run, definition, command);
    case 'ApplyMask':
      return applyMask(command);
    case 'RewriteParts':
      return { after: (r, table) => change(r, table, { all: true }, undefined, command) };
    case 'AlterStatistics':
      return {};
    case 'ModifyTtl':
      return modifyTtl(run, definition, command);
    case 'RemoveTtl':
      return removeTtl(definition, command);
    case 'MaterializeTtl':
      return materializeTtl(definition, command);
    case 'ModifyOrderBy':
      return modifyOrderBy(run, before, definition, command);
    case 'ModifySampleBy':
      return modifySampleBy(run, definition, command);
    case 'RemoveSampleBy':
      return removeSampleBy(definition, command);
    case 'AddConstraint':
      return addConstraint(run, definition, command);
    default:
      throw notBuilt(
        command.span,
        `ALTER … ${command.kind.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase()}`,
      );
  }
}

function alterNamed(
  definition: TableDefinition,
  command: AlterCommand & { kind: 'AlterNamed' },
): Step {
  if (command.object === 'PROJECTION') return alterProjection(definition, command);
  if (command.object === 'CONSTRAINT') return dropConstraint(definition, command);
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
