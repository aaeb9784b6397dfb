// What an INSERT is refused for before any row is read: constraints that are no conditions, and more parts
// than the table or the statement allows.

import type { TableDefinition } from '../../catalog/definition.ts';
import { fail } from '../../errors.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { bindTable, constraintsOf } from '../../tables/shape.ts';

const checked = new WeakSet<TableDefinition>();

/** A constraint gives UInt8. ClickHouse says so when rows come, not when it is made. */
export function checkConstraintTypes(run: Run, definition: TableDefinition): void {
  const constraints = constraintsOf(definition).filter(({ type }) => type === 'CHECK');
  if (constraints.length === 0 || checked.has(definition)) return;
  const { bind } = bindTable(run.core.native.planner(sessionJson(run)), definition);
  for (const { name, expr } of constraints) {
    const { type } = bind(expr);
    if (/^(LowCardinality\(|Nullable\()*(UInt8|Bool|Nothing)\)*$/.test(type)) continue;
    throw fail('UNSUPPORTED_METHOD', `Constraint ${name} gives ${type}, it must give UInt8`, {
      hint: 'Write a condition, as in CHECK a > 0',
    });
  }
  checked.add(definition);
}

/** parts_to_throw_insert, where the table or the statement sets it. Rows in memory count as one part. */
export function checkParts(run: Run, definition: TableDefinition): void {
  const asked = Number(run.settings.changed.get('parts_to_throw_insert') ?? 0);
  const most = asked || Number(definition.settings.parts_to_throw_insert ?? 0);
  if (!(most > 0)) return;
  const { storage } = run.core;
  const { segments } = storage.store(definition.id).table;
  const counts = new Map<string, number>();
  for (const { partition } of segments) counts.set(partition, (counts.get(partition) ?? 0) + 1);
  const inMemory = storage.store(definition.id).memory.rows > 0 ? 1 : 0;
  const parts = Math.max(0, ...counts.values()) + inMemory;
  if (parts < most) return;
  const text = `Too many parts (${parts}) in a partition of ${definition.name} (parts_to_throw_insert = ${most})`;
  throw fail('TOO_MANY_PARTS', text, { hint: 'Send larger inserts, or OPTIMIZE the table' });
}
