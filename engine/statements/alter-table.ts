// ALTER TABLE, DELETE FROM and UPDATE. Each command is checked against the definition that the
// commands before it leave; changes of the schema go into one commit, changes of rows follow.

import type {
  AlterCommand,
  AlterTable,
  ColumnDefinition as ColumnAst,
  Span,
} from '../../sql/ast.ts';
import { parseExpression, transform } from '../../sql/index.ts';
import { print } from '../../sql/print.ts';
import { suggest } from '../../sql/suggest.ts';
import {
  type ColumnDefinition,
  type Place,
  type TableDefinition,
  withColumn,
  withoutColumn,
  withRenamedColumn,
} from '../catalog/definition.ts';
import type { TableState } from '../catalog/state.ts';
import { isMaterialized } from '../catalog/views.ts';
import { convert } from '../plan/bind-call.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { columnsOf } from '../plan/expression.ts';
import type { ChangeJson } from '../plan/wire.ts';
import { type Answer, done, type Run, sessionJson } from '../query/core.ts';
import { alterRows } from '../storage/alter-rows.ts';
import { alter } from '../storage/mutations.ts';
import { bindTable, tableShape } from '../tables/shape.ts';
import { insertTarget } from '../views/fan-out.ts';
import { columnOf, has, refuseUsed, typeDefault } from './alter-columns.ts';
import { alterPartition } from './alter-partition.ts';
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
} from './alter-storage.ts';
import { alterView } from './alter-view.ts';
import { applySettings, settingText } from './apply-settings.ts';
import {
  change,
  defaultChange,
  deleteWhere,
  recorded,
  updateWhere,
  writeDefault,
} from './change-rows.ts';
import {
  changedSetting,
  checkDefault,
  codecText,
  columnDefinition,
  indexDefinition,
  plainExpression,
  withColumns,
  withColumnTtls,
} from './definition.ts';
import { findTable, refuseCluster, requireTable } from './names.ts';
import { partitionFilter } from './partition.ts';
import { alterProjection, renamedInProjections, withProjection } from './projection.ts';

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

export async function alterTable(run: Run, ast: AlterTable): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  if (ast.output?.settings) applySettings(run, ast.output.settings);
  if (ast.ifExists && !findTable(run, ast.name)) return done;
  const named = requireTable(run, ast.name);
  const table = rowsOf(run, ast, named);
  if (isMaterialized(table.definition)) return alterView(run, ast, table);
  if (table.definition.engine.name === 'View')
    throw notBuilt(ast.span, 'ALTER of a view', 'Write CREATE OR REPLACE VIEW');
  let checked = table.definition;
  const steps: Step[] = [];
  for (const command of ast.commands) {
    if (table.definition.engine.name === 'Join' && !joinAllows.has(command.kind)) {
      const text = 'Table engine Join supports only DELETE mutations';
      throw failAt(command.span, 'NOT_IMPLEMENTED', text);
    }
    const found = step(run, table.definition, checked, command);
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
      await recorded(run, table, ast.commands.map(print).join(', '), () =>
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

function replaceColumn(definition: TableDefinition, column: ColumnDefinition): TableDefinition {
  return {
    ...definition,
    columns: definition.columns.map((c) => (c.name === column.name ? column : c)),
  };
}

const without = <K extends keyof ColumnDefinition>(
  column: ColumnDefinition,
  key: K,
): ColumnDefinition => {
  const { [key]: _, ...rest } = column;
  return rest as ColumnDefinition;
};

/** Defaults and indexes that use the column follow its new name. */
function renamedColumn(definition: TableDefinition, from: string, to: string): TableDefinition {
  const rewrite = (text: string): string => {
    const ast = transform(parseExpression(text), (node) => {
      if (node.kind !== 'Identifier' || node.parts.map((p) => p.name).join('.') !== from)
        return node;
      return { ...node, parts: [{ kind: 'Name', name: to, quoted: false, span: node.span }] };
    });
    return print(ast);
  };
  const renamed = renamedInProjections(withRenamedColumn(definition, from, to), from, to);
  return {
    ...renamed,
    columns: renamed.columns.map((c) =>
      c.defaultExpr === undefined ? c : { ...c, defaultExpr: rewrite(c.defaultExpr) },
    ),
    indexes: renamed.indexes.map((i) => ({ ...i, expr: rewrite(i.expr) })),
  };
}

function placeOf(
  place: { first: true } | { after: { name: string; span: Span } } | undefined,
  definition: TableDefinition,
): Place {
  if (!place) return undefined;
  if ('first' in place) return 'first';
  if (!has(definition, place.after.name)) {
    const { name, span } = place.after;
    throw failAt(span, 'NO_SUCH_COLUMN_IN_TABLE', `There is no column ${name} to stand behind`);
  }
  return { after: place.after.name };
}

function step(
  run: Run,
  before: TableDefinition,
  definition: TableDefinition,
  command: AlterCommand,
): Step {
  switch (command.kind) {
    case 'AddColumn':
      return addColumn(run, definition, command);
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
      plainExpression(binding.bind(command.index.expr), command.index.expr, 'An index');
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
      for (const item of command.settings)
        added[item.name] = changedSetting(item.name, item.nameSpan, settingText(item.value));
      return { define: (d) => ({ ...d, settings: { ...d.settings, ...added } }) };
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
      return { after: (r, table) => updateWhere(r, table, command, command) };
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

function addColumn(
  run: Run,
  definition: TableDefinition,
  command: AlterCommand & { kind: 'AddColumn' },
): Step {
  const { column: ast } = command;
  if (has(definition, ast.name.name)) {
    if (command.ifNotExists) return {};
    throw failAt(ast.name.span, 'DUPLICATE_COLUMN', `Column ${ast.name.name} is there already`, {
      hint: 'Write ADD COLUMN IF NOT EXISTS',
    });
  }
  const place = placeOf(command.place, definition);
  const next = withColumns(run, definition, [ast]);
  const column = next.columns.find((c) => c.name === ast.name.name) as ColumnDefinition;
  const define = (d: TableDefinition): TableDefinition =>
    has(d, column.name) ? d : withColumn(d, column, place);
  if (
    column.defaultExpr === undefined ||
    column.defaultKind === 'ALIAS' ||
    column.defaultKind === 'EPHEMERAL'
  )
    return { define };
  const binding = bindTable(run.core.native.planner(sessionJson(run)), next);
  if (columnsOf(binding.bind(column.defaultExpr)).size === 0) return { define };
  // Rows that are there already get the value that other columns decide.
  return { define, rewrite: (r, now) => defaultChange(r, now, column.name) };
}

function modifyColumn(
  run: Run,
  definition: TableDefinition,
  command: AlterCommand & { kind: 'ModifyColumn' },
): Step {
  const { column: ast } = command;
  const { name } = ast;
  if (command.ifExists && !has(definition, name.name)) return {};
  const old = columnOf(definition, name.name, name.span);
  if (command.modifySettings || command.resetSettings) return {};
  if (command.remove !== undefined) {
    const what = command.remove.toUpperCase();
    if (what === 'COMMENT')
      return {
        define: (d) => replaceColumn(d, without(columnOf(d, old.name, name.span), 'comment')),
      };
    if (what === 'CODEC')
      return {
        define: (d) => replaceColumn(d, without(columnOf(d, old.name, name.span), 'codec')),
      };
    if (what === 'TTL') {
      if (old.ttl === undefined) {
        const text = `Column ${old.name} doesn't have TTL, cannot remove`;
        throw failAt(command.span, 'BAD_ARGUMENTS', text);
      }
      return { define: (d) => replaceColumn(d, without(columnOf(d, old.name, name.span), 'ttl')) };
    }
    if (what === 'SETTINGS' || what === 'STATISTICS') return {};
    if (old.defaultKind !== what)
      throw failAt(command.span, 'BAD_ARGUMENTS', `Column ${old.name} has no ${what}`);
    if (what === 'ALIAS' || what === 'EPHEMERAL') throw notBuilt(command.span, `REMOVE ${what}`);
    return {
      define: (d) =>
        replaceColumn(
          d,
          without(without(columnOf(d, old.name, name.span), 'defaultKind'), 'defaultExpr'),
        ),
    };
  }
  const withType: ColumnAst = ast.type ? ast : { ...ast };
  const described = describeColumn(run, definition, withType, old);
  const virtual = (c: ColumnDefinition): boolean =>
    c.defaultKind === 'ALIAS' || c.defaultKind === 'EPHEMERAL';
  if (virtual(old) !== virtual(described))
    throw notBuilt(command.span, 'Changing a column from or to ALIAS or EPHEMERAL');
  const retyped = described.type !== old.type;
  const place = command.place && placeOf(command.place, definition);
  const define = (d: TableDefinition): TableDefinition => {
    const now = columnOf(d, old.name, name.span);
    const column = now.stored === undefined ? described : { ...described, stored: now.stored };
    const replaced = replaceColumn(d, column);
    if (place === undefined) return replaced;
    const rest = replaced.columns.filter((c) => c.name !== column.name);
    if (place === 'first') return { ...replaced, columns: [column, ...rest] };
    const at = rest.findIndex((c) => c.name === place.after);
    return { ...replaced, columns: [...rest.slice(0, at + 1), column, ...rest.slice(at + 1)] };
  };
  const next = define(definition);
  if (retyped) {
    // What the keys make of the new type is said first.
    tableShape(run.core.native.planner(sessionJson(run)), next);
    if (!widens(old.type, described.type)) {
      refuseUsed(run, definition, old.name, name.span, 'change');
    }
  }
  if (ast.default?.expr) checkDefault(run, next, ast);
  // Old segments are written anew, so that none holds the column in its former type.
  if (ast.ttl) {
    withColumnTtls(run, next, [ast]);
    if (run.settings.bool('materialize_ttl_after_modify')) {
      return { define, rewrite: (r) => ({ all: true, now: r.core.storage.ttlSeconds }) };
    }
  }
  return retyped && !virtual(old) ? { define, rewrite: () => ({ all: true }) } : { define };
}

/** Values of a key keep their order when an integer only gets wider, or an enum more names. */
function widens(from: string, to: string): boolean {
  const [, sign, bits] = /^(U?)Int(\d+)$/.exec(from) ?? [];
  const [, sign2, bits2] = /^(U?)Int(\d+)$/.exec(to) ?? [];
  if (sign === undefined || sign2 === undefined) return false;
  return sign === sign2
    ? Number(bits2) >= Number(bits)
    : sign === 'U' && Number(bits2) > Number(bits);
}

function describeColumn(
  run: Run,
  definition: TableDefinition,
  ast: ColumnAst,
  old: ColumnDefinition,
): ColumnDefinition {
  const others = { ...definition, columns: definition.columns.filter((c) => c.name !== old.name) };
  if (ast.type || ast.default?.expr) {
    const made = columnDefinition(run, ast.type ? ast : { ...ast }, others);
    const type = ast.type ? made.type : old.type;
    const merged: ColumnDefinition = { ...old, ...made, type };
    return ast.default
      ? merged
      : { ...merged, ...(old.defaultKind ? { defaultKind: old.defaultKind } : {}) };
  }
  const codec = ast.codec ? { codec: codecText(ast.codec, old.type) } : {};
  const comment = ast.comment === undefined ? {} : { comment: ast.comment };
  const ttl = ast.ttl ? { ttl: print(ast.ttl) } : {};
  return { ...old, ...codec, ...comment, ...ttl };
}
