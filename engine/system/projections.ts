// system.projections

import type { LitValue } from '../plan/wire.ts';
import { visibleDatabases } from '../tables/catalog-view.ts';
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
    ['segments', 'UInt64', 'Segments that have it'],
    ['rows', 'UInt64', 'Rows it keeps'],
    ['bytes_on_disk', 'UInt64', 'Bytes of its files'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const visible = new Set(visibleDatabases(state));
    const out: LitValue[][] = [];
    for (const { definition, segments } of state.tables.values()) {
      if (!visible.has(definition.database) || definition.name.includes('\n')) continue;
      for (const { id, name, kind, query } of definition.projections ?? []) {
        const with_ = segments.flatMap((segment) => segment.projections?.[id] ?? []);
        const sum = (of: 'rows' | 'bytes') => String(with_.reduce((n, c) => n + c[of], 0));
        const count = segments.filter((s) => s.projections?.[id]).length;
        const [, keys = ''] =
          /(?:GROUP|ORDER) BY (.+?)(?: LIMIT .*| SETTINGS .*)?$/s.exec(query) ?? [];
        const sorting = keys === '' ? [] : keys.replace(/^\((.*)\)$/s, '$1').split(', ');
        out.push([
          definition.database,
          definition.name,
          name,
          kind,
          sorting,
          query,
          String(count),
          sum('rows'),
          sum('bytes'),
        ]);
      }
    }
    return out;
  },
};
