// ALTER TABLE ADD, MODIFY and RENAME COLUMN: what becomes of the definition, and of the rows that are there.

import {
  type AlterCommand,
  type ColumnDefinition as ColumnAst,
  type Expression,
  parseExpression,
  print,
  printNormal,
  type Span,
  type TtlItem,
  transform,
} from '../../../sql/index.ts';
import {
  type ColumnDefinition,
  type Place,
  type TableDefinition,
  withColumn,
  withoutColumn,
  withRenamedColumn,
} from '../../catalog/definition.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { columnsOf } from '../../plan/expression.ts';
import type { ChangeJson } from '../../plan/physical/wire.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { nestedSibling } from '../../query/stored-rows.ts';
import { engineColumns } from '../../tables/engine-rule.ts';
import { bindTable, constraintsOf, tableShape } from '../../tables/shape.ts';
import { ttlItems } from '../../tables/ttl.ts';
import { checkCodec, codecText } from '../create/codec.ts';
import { checkDefault } from '../create/column-defaults.ts';
import { columnDefinition, columnSettings, withColumns } from '../create/definition.ts';
import { withColumnTtls } from '../create/storage-clauses.ts';
import { defaultChange } from '../rows/change-rows.ts';
import { columnOf, has, refuseUsed } from './columns.ts';
import { renamedInProjections } from './projection.ts';
import { checkRetype, sameInKey, widens } from './retype.ts';
import type { Step } from './step.ts';

export function replaceColumn(
  definition: TableDefinition,
  column: ColumnDefinition,
): TableDefinition {
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
export function renamedColumn(
  definition: TableDefinition,
  from: string,
  to: string,
): TableDefinition {
  const rewritten = (ast: Expression | TtlItem): string =>
    print(
      transform(ast, (node) => {
        if (node.kind !== 'Identifier' || node.parts.map((p) => p.name).join('.') !== from)
          return node;
        return { ...node, parts: [{ kind: 'Name', name: to, quoted: false, span: node.span }] };
      }),
    );
  const rewrite = (text: string): string => rewritten(parseExpression(text));
  const renamed = renamedInProjections(withRenamedColumn(definition, from, to), from, to);
  return {
    ...renamed,
    columns: renamed.columns.map((c) =>
      c.defaultExpr === undefined && c.ttl === undefined
        ? c
        : {
            ...c,
            ...(c.defaultExpr === undefined ? {} : { defaultExpr: rewrite(c.defaultExpr) }),
            ...(c.ttl === undefined ? {} : { ttl: rewrite(c.ttl) }),
          },
    ),
    indexes: renamed.indexes.map((i) => ({ ...i, expr: rewrite(i.expr) })),
    ...(renamed.ttl === undefined ? {} : { ttl: ttlItems(renamed.ttl).map(rewritten).join(', ') }),
    ...withRenamedConstraints(renamed, rewrite),
  };
}

function withRenamedConstraints(
  definition: TableDefinition,
  rewrite: (text: string) => string,
): Partial<TableDefinition> {
  const constraints = constraintsOf(definition);
  if (constraints.length === 0) return {};
  const renamed = constraints.map((one) => ({ ...one, expr: rewrite(one.expr) }));
  return { extra: { ...definition.extra, constraints: renamed } };
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

export function addColumn(
  run: Run,
  before: TableDefinition,
  definition: TableDefinition,
  command: AlterCommand & { kind: 'AddColumn' },
): Step {
  const { column: ast } = command;
  if (!ast.type) {
    const text = `Data type have to be specified for column ${ast.name.name} to add`;
    throw failAt(ast.name.span, 'BAD_ARGUMENTS', text);
  }
  if (has(definition, ast.name.name)) {
    if (command.ifNotExists && has(before, ast.name.name)) return {};
    if (command.ifNotExists) {
      const text = `Column ${ast.name.name} is added by the same ALTER`;
      throw failAt(ast.name.span, 'ILLEGAL_COLUMN', text);
    }
    throw failAt(ast.name.span, 'DUPLICATE_COLUMN', `Column ${ast.name.name} is there already`, {
      hint: 'Write ADD COLUMN IF NOT EXISTS',
    });
  }
  const place = placeOf(command.place, definition);
  const next = withColumns(run, definition, [ast]);
  const column = next.columns.find((c) => c.name === ast.name.name) as ColumnDefinition;
  const define = (d: TableDefinition): TableDefinition =>
    has(d, column.name) ? d : withColumn(d, column, place);
  const sibling = siblingOf(definition, column);
  if (column.defaultExpr === undefined && sibling !== undefined) {
    // Arrays of one nested table are as long as each other, in every row.
    return { define, rewrite: (r, now) => asLong(r, now, column, sibling) };
  }
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

/** An array of the same nested table, if the column belongs to one. */
function siblingOf(definition: TableDefinition, column: ColumnDefinition): string | undefined {
  const stored = definition.columns.filter(
    (c) => c.defaultKind === undefined || c.defaultKind === 'DEFAULT',
  );
  return nestedSibling(definition, column, new Map(stored.map((c) => [c.name, true])));
}

function asLong(
  run: Run,
  definition: TableDefinition,
  column: ColumnDefinition,
  sibling: string,
): ChangeJson {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const type = column.type.replace(/[\\']/g, '\\$&');
  const value = binding.bind(`arrayResize(defaultValueOfTypeName('${type}'), length(${sibling}))`);
  return { update: [{ column: column.name, value: binding.json(convert(value, column.type)) }] };
}

export function modifyColumn(
  run: Run,
  definition: TableDefinition,
  command: AlterCommand & { kind: 'ModifyColumn' },
): Step {
  const { column: ast } = command;
  const { name } = ast;
  if (command.ifExists && !has(definition, name.name)) return {};
  const old = columnOf(definition, name.name, name.span);
  if (command.modifySettings || command.resetSettings) return resetSettings(command, old);
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
    if (what === 'SETTINGS') {
      return {
        define: (d) => replaceColumn(d, without(columnOf(d, old.name, name.span), 'settings')),
      };
    }
    if (what === 'STATISTICS') return {};
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
  if (virtual(old) !== virtual(described)) {
    refuseUsed(run, definition, old.name, name.span, 'change');
    return remade(run, definition, described);
  }
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
    if (!virtual(old)) checkRetype(run, old, described.type, ast);
    // What the keys make of the new type is said first.
    tableShape(run.core.native.planner(sessionJson(run)), next);
    const isVersion = engineColumns(definition).includes(old.name);
    const safe = isVersion ? widens : sameInKey;
    if (!safe(old.type, described.type)) {
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

/** MODIFY COLUMN c MODIFY SETTING …, RESET SETTING …. */
function resetSettings(
  { modifySettings = [], resetSettings: gone = [] }: AlterCommand & { kind: 'ModifyColumn' },
  old: ColumnDefinition,
): Step {
  columnSettings(modifySettings, {});
  const define = (d: TableDefinition): TableDefinition => {
    const now = d.columns.find((c) => c.name === old.name) ?? old;
    const settings = columnSettings(modifySettings, now.settings ?? {});
    for (const name of gone) delete settings[name];
    const plain = without(now, 'settings');
    return replaceColumn(d, Object.keys(settings).length > 0 ? { ...plain, settings } : plain);
  };
  return { define };
}

/** A column that was stored and is computed now, or the other way round: another one in its place. */
function remade(run: Run, definition: TableDefinition, column: ColumnDefinition): Step {
  const { stored: _, ...plain } = column;
  const define = (d: TableDefinition): TableDefinition => {
    const before = d.columns[d.columns.findIndex((c) => c.name === plain.name) - 1];
    const place = before ? { after: before.name } : 'first';
    return withColumn(withoutColumn(d, plain.name), plain, place);
  };
  const { defaultKind, defaultExpr } = column;
  if (defaultKind === 'ALIAS' || defaultKind === 'EPHEMERAL' || defaultExpr === undefined) {
    return { define };
  }
  const binding = bindTable(run.core.native.planner(sessionJson(run)), define(definition));
  if (columnsOf(binding.bind(defaultExpr)).size === 0) return { define };
  return { define, rewrite: (r, now) => defaultChange(r, now, plain.name) };
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
  if (ast.codec) checkCodec(ast.codec, old.type, run.settings.bool('allow_suspicious_codecs'));
  const codec = ast.codec ? { codec: codecText(ast.codec, old.type) } : {};
  const comment = ast.comment === undefined ? {} : { comment: ast.comment };
  const ttl = ast.ttl ? { ttl: printNormal(ast.ttl) } : {};
  return { ...old, ...codec, ...comment, ...ttl };
}
