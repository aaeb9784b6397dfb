// system.projections

import type { LitValue } from '../plan/physical/wire.ts';
import { visibleDatabases } from '../tables/databases.ts';
import { columns, type SystemTable } from './table.ts';

export const projections: SystemTable = {
  name: 'projections',
  doc: 'Projections of all tables',
  columns: columns(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['name', 'String', 'Name of the projection'],
    ['type', "Enum8('Normal' = 0, 'Aggregate' = 1)", 'Another order, or grouped'],
    ['sorting_key', 'Array(String)', 'ORDER BY, or the keys it is grouped by'],
    ['query', 'String', 'Its SELECT'],
    ['settings', 'Map(String, String)', 'Always empty'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const visible = new Set(visibleDatabases(state));
    const out: LitValue[][] = [];
    for (const { definition } of state.tables.values()) {
      const { database, name: table } = definition;
      if (!visible.has(database) || table.includes('\n')) continue;
      for (const { name, kind, query } of definition.projections ?? []) {
        const [, keys = ''] =
          /(?:GROUP|ORDER) BY (.+?)(?: LIMIT .*| SETTINGS .*)?$/s.exec(query) ?? [];
        const sorting = keys === '' ? [] : keys.replace(/^\((.*)\)$/s, '$1').split(', ');
        out.push([database, table, name, kind, sorting, query, []]);
      }
    }
    return out;
  },
};
