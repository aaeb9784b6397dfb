// Which tables BACKUP and RESTORE are about, and under which names they come back.

import type { Backup, BackupItem, Partition } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { isMaterialized, viewExtra } from '../catalog/views.ts';
import { failAt } from '../plan/context.ts';
import type { Run } from '../query/core.ts';
import { placeOf } from '../query/names.ts';
import { partitionFilter } from '../query/partition.ts';
import { isSystem, logPlace, temporaryDatabase } from '../tables/databases.ts';

export interface Named {
  readonly definition: TableDefinition;
}

export interface Chosen<T> {
  readonly table: T;
  /** What it shall be called. */
  readonly database: string;
  readonly name: string;
  /** Which of its segments: those of the PARTITIONS that were named. */
  readonly keeps?: (segment: { readonly partition: string }) => boolean;
}

const isOwn = ({ definition: d }: Named): boolean =>
  d.database !== temporaryDatabase &&
  d.database !== logPlace.database &&
  !d.name.includes('\n') &&
  !d.database.includes('\n') &&
  !isSystem(d.database);

/** Own tables of materialised views come with their views. */
const isInner = ({ definition }: Named): boolean => definition.name.startsWith('.inner');

/** @param missing what to say of a table that is not there */
export function choose<T extends Named>(
  run: Run,
  ast: Backup,
  all: readonly T[],
  missing: (item: BackupItem, name: string) => Error,
): { tables: Chosen<T>[]; databases: Map<string, string> } {
  const found = new Map<T, Chosen<T>>();
  const databases = new Map<string, string>();
  const own = all.filter(isOwn);
  const add = (
    table: T,
    database = table.definition.database,
    name = table.definition.name,
    partitions?: readonly Partition[],
  ) => {
    const keeps = partitions && keeping(run, table.definition, partitions);
    if (!found.has(table)) found.set(table, { table, database, name, ...(keeps ? { keeps } : {}) });
    const { definition } = table;
    if (!isMaterialized(definition)) return;
    const { inner } = viewExtra(definition);
    const own = inner === undefined ? undefined : all.find((t) => t.definition.id === inner);
    if (own) found.set(own, { table: own, database, name: own.definition.name });
  };
  for (const item of ast.items) {
    const except = new Set((item.exceptTables ?? []).map((n) => fullName(run, item, n)));
    const hidden = new Set((item.exceptDatabases ?? []).map((n) => n.name));
    const isExcept = ({ definition: d }: T) =>
      except.has(`${d.database}.${d.name}`) || hidden.has(d.database);
    switch (item.object) {
      case 'TABLE':
      case 'VIEW':
      case 'DICTIONARY':
      case 'TEMPORARY TABLE': {
        if (!item.name) throw failAt(item.span, 'SYNTAX_ERROR', 'A name is missing');
        const place = placeOf(run, item.name);
        const as = item.as ? placeOf(run, item.as) : place;
        const table = own.find(
          ({ definition: d }) => d.database === place.database && d.name === place.name,
        );
        if (!table) throw missing(item, `${place.database}.${place.name}`);
        add(table, as.database, as.name, item.partitions);
        break;
      }
      case 'DATABASE': {
        const from = item.name?.table.name ?? '';
        const to = item.as?.table.name ?? from;
        databases.set(from, to);
        const inside = own.filter((t) => t.definition.database === from && !isInner(t));
        for (const table of inside) if (!isExcept(table)) add(table, to);
        break;
      }
      case 'ALL':
        for (const table of own) if (!isInner(table) && !isExcept(table)) add(table);
    }
  }
  return { tables: [...found.values()], databases };
}

/** Whether a segment is of one of these partitions. */
function keeping(
  run: Run,
  definition: TableDefinition,
  partitions: readonly Partition[],
): NonNullable<Chosen<Named>['keeps']> {
  const tests = partitions.map((partition) => partitionFilter(run, definition, partition));
  return ({ partition }) => tests.some((test) => test(partition));
}

function fullName(run: Run, item: BackupItem, name: NonNullable<BackupItem['name']>): string {
  const database = name.database?.name ?? (item.name ? item.name.table.name : run.database);
  return `${database}.${name.table.name}`;
}
