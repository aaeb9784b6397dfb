// Which clauses of CREATE TABLE an engine knows: those that keep rows as they come have no keys, no
// skip indexes and no TTL, and those whose rows are other tables' neither.

import type { ColumnDefinition as ColumnAst, CreateTable, Span } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { failAt } from '../../plan/context.ts';
import { borrowing, plainEngines } from '../../tables/engine-names.ts';

/** Throws BAD_ARGUMENTS at the clause that the engine does not have. */
export function checkClauses(
  { engine, orderBy, partitionBy }: TableDefinition,
  { storage, elements = [] }: CreateTable,
  columns: readonly ColumnAst[],
): void {
  if (!plainEngines.has(engine.name) && !borrowing.has(engine.name)) return;
  const refuse = (what: string, span: Span | undefined): never => {
    throw failAt(span, 'BAD_ARGUMENTS', `Engine ${engine.name} has no ${what}`, {
      hint: 'Use a MergeTree',
    });
  };
  if (orderBy.length > 0 || partitionBy !== undefined)
    refuse('ORDER BY, PRIMARY KEY or PARTITION BY', storage?.span);
  const index = elements.find((element) => element.kind === 'IndexDefinition');
  if (index) refuse('skip indexes', index.span);
  if (storage?.ttl) refuse('TTL', storage.span);
  const expiring = columns.find((column) => column.ttl);
  if (expiring) refuse('TTL', expiring.span);
}
