// Projections of a table: declared, added, computed for the segments there are, dropped.

import {
  type AlterCommand,
  type ProjectionDefinition as ProjectionAst,
  parseExpression,
  print,
  suggest,
  transform,
} from '../../../sql/index.ts';
import type { ProjectionDefinition, TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor, TableState } from '../../catalog/state.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { columnsOf } from '../../plan/expression.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { partitionFilter } from '../../query/partition.ts';
import { bindProjection, isGrouped, parseProjection } from '../../rollups/projection.ts';
import { describeSegments } from '../../storage/mutations/mutations.ts';

/** Segments say which projection a file is of by its id; ids are never used twice in a table. */
function freshId({ schemaVersion, projections = [] }: TableDefinition): string {
  let n = projections.length;
  const taken = new Set(projections.map((p) => p.id));
  while (taken.has(`${schemaVersion}.${n}`)) n++;
  return `${schemaVersion}.${n}`;
}

/** The table with one more projection. Errors: ILLEGAL_PROJECTION, and what the binder throws. */
export function withProjection(
  run: Run,
  table: TableDefinition,
  ast: ProjectionAst,
): TableDefinition {
  const { name } = ast;
  if (table.projections?.some((p) => p.name === name.name)) {
    const text = `Projection ${name.name} is there already`;
    throw failAt(name.span, 'ILLEGAL_PROJECTION', text);
  }
  const { query } = ast;
  if (!query) throw notBuilt(ast.span, 'PROJECTION … INDEX');
  if (!/MergeTree$/.test(table.engine.name)) {
    const text = `Engine ${table.engine.name} has no projections`;
    throw failAt(ast.span, 'BAD_ARGUMENTS', text, { hint: 'Use a MergeTree' });
  }
  const mode = table.settings.deduplicate_merge_projection_mode;
  if (table.engine.name !== 'MergeTree' && mode !== 'drop' && mode !== 'rebuild') {
    const text = `A projection of a ${table.engine.name} would keep rows that merges take away`;
    throw failAt(ast.span, 'SUPPORT_IS_DISABLED', text, {
      hint: "SETTINGS deduplicate_merge_projection_mode = 'rebuild' computes it anew in merges",
    });
  }
  for (const [clause, what] of [
    [query.distinct, 'DISTINCT'],
    [query.where, 'WHERE'],
    [query.prewhere, 'PREWHERE'],
    [query.having, 'HAVING'],
    [query.limit, 'LIMIT'],
  ] as const) {
    if (clause) throw failAt(ast.span, 'ILLEGAL_PROJECTION', `A projection has no ${what}`);
  }
  const kernel = run.core.native.planner(sessionJson(run));
  const grouped = isGrouped(kernel, table, query);
  if (grouped && query.orderBy) {
    const text = 'When aggregation is used in a projection, ORDER BY cannot be specified';
    throw failAt(ast.span, 'ILLEGAL_PROJECTION', text);
  }
  const made: ProjectionDefinition = {
    id: freshId(table),
    name: name.name,
    query: print(query),
    kind: grouped ? 'Aggregate' : 'Normal',
  };
  bindProjection(kernel, table, made, query);
  if (!grouped && !query.orderBy) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'ORDER BY cannot be empty', {
      hint: 'A projection has its rows in another order, or in groups',
    });
  }
  const desc = query.orderBy?.items.find((item) => item.direction === 'DESC');
  if (desc) throw failAt(desc.span, 'SYNTAX_ERROR', 'ORDER BY of a projection takes no DESC');
  return { ...table, projections: [...(table.projections ?? []), made] };
}

export function requireProjection(
  table: TableDefinition,
  command: AlterCommand & { kind: 'AlterNamed' },
): ProjectionDefinition | undefined {
  const { name } = command.name;
  const found = table.projections?.find((p) => p.name === name);
  if (found || command.ifExists) return found;
  const names = (table.projections ?? []).map((p) => p.name);
  const near = suggest(name, names);
  const text = `There is no projection ${name} in table ${table.name}`;
  throw failAt(
    command.name.span,
    'NO_SUCH_PROJECTION_IN_TABLE',
    text,
    near ? { hint: `Did you mean \`${near}\`?` } : {},
  );
}

type Only = (segment: SegmentDescriptor) => boolean;

/** Computes a projection for segments that do not have it. */
async function materialize(run: Run, table: TableState, id: string, only: Only): Promise<void> {
  const { storage } = run.core;
  await describeSegments(storage, storage.store(table.id), async (segment, definition) => {
    const projections = definition.projections?.filter((p) => p.id === id) ?? [];
    if (segment.projections?.[id] || projections.length === 0 || !only(segment)) return segment;
    run.signal.throwIfAborted();
    const wanted = { ...definition, projections };
    const [finished] = await storage.context.finish(storage, wanted, [segment]);
    return finished ?? segment;
  });
}

/** Computes all projections anew, segment by segment. */
export async function rebuildProjections(run: Run, table: TableState): Promise<void> {
  const { storage } = run.core;
  if (!table.definition.projections?.length) return;
  await describeSegments(storage, storage.store(table.id), async (segment, definition) => {
    run.signal.throwIfAborted();
    const { projections: _, ...bare } = segment;
    const [finished] = await storage.context.finish(storage, definition, [bare]);
    return finished ?? segment;
  });
}

/** Lets go of a projection's files. */
async function clear(run: Run, table: TableState, id: string, only: Only): Promise<void> {
  const { storage } = run.core;
  await describeSegments(storage, storage.store(table.id), async (segment) => {
    if (!segment.projections?.[id] || !only(segment)) return segment;
    const { [id]: _, ...projections } = segment.projections;
    return { ...segment, projections };
  });
}

/** DROP, CLEAR and MATERIALIZE PROJECTION as steps of an ALTER. */
export function alterProjection(
  definition: TableDefinition,
  command: AlterCommand & { kind: 'AlterNamed' },
): {
  define?: (definition: TableDefinition) => TableDefinition;
  after?: (run: Run, table: TableState) => Promise<void>;
} {
  const found = requireProjection(definition, command);
  if (!found) return {};
  const { id } = found;
  const { partition } = command;
  const chosen = (run: Run, table: TableState): Only => {
    const test = partition && partitionFilter(run, table.definition, partition);
    return (segment) => !test || test(segment.partition);
  };
  switch (command.action) {
    case 'DROP':
      return {
        define: (d) => ({ ...d, projections: (d.projections ?? []).filter((p) => p.id !== id) }),
        after: (run, table) => clear(run, table, id, () => true),
      };
    case 'CLEAR':
      return { after: (run, table) => clear(run, table, id, chosen(run, table)) };
    case 'MATERIALIZE':
      return { after: (run, table) => materialize(run, table, id, chosen(run, table)) };
  }
}

/** The projection that uses a column; undefined when none does. */
export function projectionUsing(
  run: Run,
  table: TableDefinition,
  column: string,
): ProjectionDefinition | undefined {
  const kernel = run.core.native.planner(sessionJson(run));
  return table.projections?.find((projection) => {
    const bound = bindProjection(kernel, table, projection);
    if (bound.ordered) return bound.ordered.names.has(column);
    const own = bound.columns.find((c) => c.name === column);
    const exprs = [
      ...(bound.grouped?.keys.map((k) => k.expr) ?? []),
      ...(bound.grouped?.aggregates.flatMap((a) => a.item.args) ?? []),
    ];
    return own !== undefined && exprs.some((expr) => columnsOf(expr).has(own.id));
  });
}

/** Projections under a column's new name. */
export function renamedInProjections(
  table: TableDefinition,
  from: string,
  to: string,
): TableDefinition {
  if (!table.projections) return table;
  const name = parseExpression(`\`${to.replace(/[\\`]/g, '\\$&')}\``);
  const projections = table.projections.map((projection) => {
    const query = transform(parseProjection(projection.query), (node) => {
      if (node.kind !== 'Identifier' || name.kind !== 'Identifier') return node;
      if (node.parts.map((p) => p.name).join('.') !== from) return node;
      return { ...node, parts: name.parts };
    });
    return { ...projection, query: print(query) };
  });
  return { ...table, projections };
}
