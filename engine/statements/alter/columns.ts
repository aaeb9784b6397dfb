// Columns as ALTER, UPDATE and DELETE look at them.

import {
  type AlterCommand,
  type Expression,
  type Name,
  parseExpression,
  parseStatement,
  type Span,
  suggest,
  walk,
} from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { viewExtra, viewsOn } from '../../catalog/views.ts';
import { resolveCall } from '../../plan/bind/expression/resolve-call.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { columnsOf, type Expr } from '../../plan/expression.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { engineColumns } from '../../tables/engine-rule.ts';
import { bindTable, partitionKey } from '../../tables/shape.ts';
import { projectionUsing } from './projection.ts';

export function columnOf(definition: TableDefinition, name: string, span: Span): ColumnDefinition {
  const column = definition.columns.find((c) => c.name === name);
  if (column) return column;
  const near = suggest(
    name,
    definition.columns.map((c) => c.name),
  );
  throw failAt(
    span,
    'NOT_FOUND_COLUMN_IN_BLOCK',
    `There is no column ${name} in table ${definition.name}`,
    near ? { hint: `Did you mean \`${near}\`?` } : {},
  );
}

export const has = (definition: TableDefinition, name: string): boolean =>
  definition.columns.some((c) => c.name === name);

/** A column that keys, indexes or other columns are made of cannot go or change its type. */
export function refuseUsed(
  run: Run,
  definition: TableDefinition,
  name: string,
  span: Span,
  what: string,
): void {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const own = binding.stored.find((c) => c.name === name);
  const uses = (text: string): boolean =>
    own !== undefined && columnsOf(binding.bind(text)).has(own.id);
  if (what === 'drop') {
    const user = definition.columns.find(
      (c) => c.name !== name && c.defaultExpr !== undefined && uses(c.defaultExpr),
    );
    if (user) {
      throw failAt(
        span,
        'ILLEGAL_COLUMN',
        `Cannot drop column ${name}: column ${user.name} is made of it`,
      );
    }
  }
  const code =
    what === 'drop'
      ? 'UNKNOWN_IDENTIFIER'
      : what === 'update'
        ? 'CANNOT_UPDATE_COLUMN'
        : 'ALTER_OF_COLUMN_IS_FORBIDDEN';
  const keys: [string, readonly string[]][] = [
    ['ORDER BY', definition.orderBy],
    ['PARTITION BY', partitionKey(definition)],
    ['SAMPLE BY', definition.sampleBy === undefined ? [] : [definition.sampleBy]],
    ['ENGINE', engineColumns(definition).map((column) => `\`${column}\``)],
  ];
  for (const [clause, texts] of keys) {
    if (texts.some(uses)) {
      throw failAt(
        span,
        clause === 'ENGINE' && what !== 'update' ? 'ALTER_OF_COLUMN_IS_FORBIDDEN' : code,
        `Cannot ${what} column ${name}: ${clause} of the table is made of it`,
      );
    }
  }
  if (what === 'rename') return;
  if (what === 'drop') refuseSeenByView(run, definition, name, span);
  const projection = what === 'update' ? undefined : projectionUsing(run, definition, name);
  if (projection) {
    throw failAt(
      span,
      what === 'drop' ? 'UNKNOWN_IDENTIFIER' : 'ALTER_OF_COLUMN_IS_FORBIDDEN',
      `Cannot ${what} column ${name}: projection ${projection.name} is made of it`,
      { hint: 'Drop the projection first' },
    );
  }
  const index = definition.indexes.find((i) => uses(i.expr));
  if (index)
    throw failAt(
      span,
      what === 'drop' ? 'UNKNOWN_IDENTIFIER' : 'ALTER_OF_COLUMN_IS_FORBIDDEN',
      `Cannot ${what} column ${name}: index ${index.name} is made of it`,
    );
}

/** The next insert would fail in the view. */
function refuseSeenByView(run: Run, { id }: TableDefinition, name: string, span: Span): void {
  for (const view of viewsOn(run.core.storage.context.catalog.state, id)) {
    let named = false;
    walk(parseStatement(viewExtra(view).query), (node) => {
      if (node.kind === 'Identifier') named ||= node.parts.at(-1)?.name === name;
    });
    if (!named) continue;
    throw failAt(
      span,
      'ALTER_OF_COLUMN_IS_FORBIDDEN',
      `Cannot drop column ${name}: materialized view ${view.database}.${view.name} reads it`,
      { hint: 'ALTER TABLE of the view … MODIFY QUERY, or drop it, first' },
    );
  }
}

export function typeDefault(
  binding: ReturnType<typeof bindTable>,
  column: ColumnDefinition,
  span: Span,
): Expr {
  const type = {
    kind: 'literal' as const,
    type: 'String',
    value: column.type,
    key: `l${column.type}`,
  };
  return resolveCall(binding.scope, 'defaultValueOfTypeName', [type], span);
}

/** What a column becomes must not depend on the order of the commands of one statement. */
export function refuseTogether(commands: readonly AlterCommand[]): void {
  const renames = commands.filter((command) => command.kind === 'RenameColumn');
  const from = new Set<string>();
  const to = new Set(renames.map((command) => command.to.name));
  for (const { name } of renames) {
    if (from.has(name.name)) {
      throw failAt(name.span, 'BAD_ARGUMENTS', `Column ${name.name} is renamed twice`);
    }
    from.add(name.name);
  }
  for (const { name, to: target } of renames) {
    const earlier = renames.find((other) => other.to.name === name.name);
    if (earlier && earlier.to !== target && earlier.span.start < name.span.start) {
      throw notBuilt(name.span, 'Renaming a column to a name that the same ALTER renames again');
    }
  }
  for (const command of commands) {
    if (command.kind !== 'ModifyColumn') continue;
    const { name, span } = command.column.name;
    if (from.has(name) || to.has(name)) {
      throw notBuilt(span, 'Renaming and modifying a column in one ALTER');
    }
  }
}

/** Defaults of columns that one ALTER brings must not depend on each other in a ring. */
export function refuseCycles(definition: TableDefinition, commands: readonly AlterCommand[]): void {
  const defaults = new Map<string, Expression>();
  for (const { name, defaultExpr } of definition.columns)
    if (defaultExpr !== undefined) defaults.set(name, parseExpression(defaultExpr));
  for (const command of commands) {
    if (command.kind !== 'AddColumn' && command.kind !== 'ModifyColumn') continue;
    const { name, default: written } = command.column;
    if (written?.expr) defaults.set(name.name, written.expr);
  }
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string): void => {
    const expr = defaults.get(name);
    if (!expr || done.has(name)) return;
    if (open.has(name)) {
      const text = `The default of column ${name} depends on the column itself`;
      throw failAt(commands[0]?.span, 'CYCLIC_ALIASES', text);
    }
    open.add(name);
    walk(expr, (node) => {
      if (node.kind === 'Identifier') visit(node.parts.map((p) => p.name).join('.'));
    });
    done.add(name);
  };
  for (const name of defaults.keys()) visit(name);
}

/** Arrays `n.x` of a nested table stay in it, and others do not come in. */
export function refuseNestedRename(definition: TableDefinition, name: Name, to: Name): void {
  const prefix = (text: string): string | undefined => /^(.+)\.[^.]+$/.exec(text)?.[1];
  const whole = `${name.name}.`;
  if (!has(definition, name.name) && definition.columns.some((c) => c.name.startsWith(whole))) {
    throw notBuilt(name.span, 'Renaming a nested table');
  }
  const column = definition.columns.find((c) => c.name === name.name);
  const nested = column?.type.startsWith('Array(') ? prefix(name.name) : undefined;
  const target = prefix(to.name);
  if (nested === target) return;
  throw failAt(
    to.span,
    'BAD_ARGUMENTS',
    `Column ${name.name} ${nested === undefined ? 'is in no nested table' : `belongs to ${nested}`}: it cannot be renamed to ${to.name}`,
  );
}
