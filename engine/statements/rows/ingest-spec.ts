// What the kernel is told of rows that come as bytes: format, columns, defaults, rules of the table.

import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { makeSource, newScope, plainColumn } from '../../plan/bind/scope.ts';
import { newColumn, type Planning } from '../../plan/context.ts';
import { type Column, columnExpr, type Expr } from '../../plan/expression.ts';
import { exprJson } from '../../plan/physical/expression.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { nestedSibling, storedValues } from '../../query/stored-rows.ts';
import { insertHow } from '../../query/write-rows.ts';
import { barePlanning } from '../../tables/shape.ts';

interface IngestSpecJson {
  format: string;
  encoding?: string;
  columns: { name: string; type: string; default?: unknown }[];
  project?: unknown[];
  /** The table's columns, where they are not those of the input. */
  table?: object;
  settings: Record<string, string>;
  strict: boolean;
  skipErrors: boolean;
  session: object;
  hash: boolean;
  partitionsMax: number;
  asIs: boolean;
  bodyBytesMax: number;
}

export interface SpecOptions {
  format: string;
  encoding?: string | undefined;
  strict: boolean;
  skipErrors: boolean;
  hash: boolean;
}

/** Specs by definition: inserts of the same form do not bind defaults anew. */
const specs = new WeakMap<TableDefinition, Map<string, IngestSpecJson>>();
const specsMax = 50;

/** What the kernel needs to decode rows for a table. */
export function ingestSpec(
  run: Run,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  options: SpecOptions,
): IngestSpecJson {
  let known = specs.get(definition);
  if (!known || known.size > specsMax) {
    known = new Map();
    specs.set(definition, known);
  }
  const key = JSON.stringify([columns.map((c) => c.name), options, run.settings.key]);
  let spec = known.get(key);
  if (!spec) {
    spec = makeSpec(run, definition, columns, options);
    known.set(key, spec);
  }
  return { ...spec, session: sessionJson(run) };
}

function makeSpec(
  run: Run,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  options: SpecOptions,
): IngestSpecJson {
  const ctx: Planning = barePlanning(run.core.native.planner(sessionJson(run)), run.settings);
  const inputs = columns.map((c) => newColumn(ctx, c.name, c.type));
  const at = new Map(inputs.map((c, i) => [c.id, i]));
  const scope = newScope(ctx, { start: 0, end: 0 });
  scope.sources = [
    makeSource(
      {},
      inputs.map((c) => plainColumn(c)),
    ),
  ];
  const given = new Map(inputs.map((c): [string, Expr] => [c.name, columnExpr(c)]));
  const values = storedValues(scope, definition, given);
  const direct =
    values.length === inputs.length &&
    values.every(({ expr }, i) => expr.kind === 'column' && expr.id === inputs[i]?.id);
  const json = (expr: Expr): unknown => exprJson(expr, at, []);
  const fills = run.settings.bool('input_format_defaults_for_omitted_fields');
  return {
    format: options.format,
    ...(options.encoding ? { encoding: options.encoding } : {}),
    columns: columns.map((c, i) => {
      const input = inputs[i] as Column;
      const plain = { name: c.name, type: input.type };
      const missing = fills ? defaultOf(definition, c, scope, given) : undefined;
      return missing ? { ...plain, default: json(missing) } : plain;
    }),
    ...(direct
      ? {}
      : {
          project: values.map((v) => json(v.expr)),
          table: run.core.storage.store(definition.id).shape(definition),
        }),
    settings: run.settings.forKernel(),
    strict: options.strict || run.settings.bool('strict_input'),
    skipErrors: options.skipErrors,
    session: sessionJson(run),
    hash: options.hash,
    ...insertHow(run),
    bodyBytesMax: run.settings.number('max_body_bytes'),
  };
}

/** The DEFAULT of an input column, over the other input columns. */
function defaultOf(
  definition: TableDefinition,
  column: ColumnDefinition,
  scope: ReturnType<typeof newScope>,
  given: ReadonlyMap<string, Expr>,
): Expr | undefined {
  const others = new Map(given);
  others.delete(column.name);
  const plain = column.defaultExpr === undefined;
  if (plain && nestedSibling(definition, column, others) === undefined) return undefined;
  const only: TableDefinition = {
    ...definition,
    columns: definition.columns.map((c) =>
      c === column && c.defaultKind === 'EPHEMERAL' ? { ...c, defaultKind: 'DEFAULT' } : c,
    ),
  };
  return storedValues(scope, only, others).find((v) => v.column.name === column.name)?.expr;
}
