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

/** Throws TOO_MANY_PARTS: max_parts_in_total, and parts_to_throw_insert where the table or the statement sets it.
 *  Rows in memory count as one part. */
export function checkParts(run: Run, definition: TableDefinition): void {
  const { segments } = run.core.storage.store(definition.id).table;
  const inMemory = run.core.storage.store(definition.id).memory.rows > 0 ? 1 : 0;
  const asked = (name: 'parts_to_throw_insert' | 'max_parts_in_total'): number =>
    Number(run.settings.changed.get(name) ?? 0) || Number(definition.settings[name] ?? 0);
  const inAll = asked('max_parts_in_total') || partsInTotal;
  if (segments.length + inMemory >= inAll) {
    const text = `Too many parts (${segments.length + inMemory}) in all partitions in total in table ${definition.name} (max_parts_in_total = ${inAll})`;
    throw fail('TOO_MANY_PARTS', text, {
      hint: 'Take a coarser PARTITION BY, or raise max_parts_in_total of the table',
    });
  }
  const most = asked('parts_to_throw_insert');
  if (!(most > 0)) return;
  const counts = new Map<string, number>();
  for (const { partition } of segments) counts.set(partition, (counts.get(partition) ?? 0) + 1);
  const parts = Math.max(0, ...counts.values()) + inMemory;
  if (parts < most) return;
  const text = `Too many parts (${parts}) in a partition of ${definition.name} (parts_to_throw_insert = ${most})`;
  throw fail('TOO_MANY_PARTS', text, { hint: 'Send larger inserts, or OPTIMIZE the table' });
}

/** ClickHouse's max_parts_in_total. */
const partsInTotal = 100_000;
