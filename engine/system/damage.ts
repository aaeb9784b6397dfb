// system.damage: files that cannot be read as they were written, and what can be done about it.

import type { LitValue } from '../plan/physical/wire.ts';
import type { Run } from '../query/core.ts';
import { restoreStatement } from '../storage/integrity/damage.ts';
import type { LogDamage } from '../storage/wal/read.ts';
import { columns, flag, type SystemTable } from './table.ts';

export const damage: SystemTable = {
  name: 'damage',
  doc: 'Damaged files: of the log of small inserts, and segments that were verified in the background',
  columns: columns(
    ['database', 'String', 'Database; empty when no table lacks anything'],
    ['table', 'String', 'Table'],
    ['file', 'String', 'File below the data directory'],
    ['offset', 'Nullable(UInt64)', 'Where in the log the damage begins'],
    ['problem', 'String', 'What is wrong'],
    ['is_readonly', 'UInt8', 'Whether the table takes no changes because of it'],
    ['remedy', 'String', 'What to do'],
  ),
  rows: (run) => [...logRows(run), ...segmentRows(run)],
};

function logRows({ core: { storage } }: Run): LitValue[][] {
  const { damagedLog, context } = storage;
  if (!damagedLog) return [];
  const row = (database: string, table: string, d: LogDamage, remedy: string): LitValue[] => [
    database,
    table,
    d.file,
    String(d.offset),
    d.why,
    flag(table !== ''),
    remedy,
  ];
  const { tables, aside } = context.catalog.state;
  const shown = new Set<LogDamage>();
  const rows = damagedLog.tables().flatMap((id) => {
    const found = damagedLog.of(id);
    const definition = (tables.get(id) ?? aside.get(id)?.table)?.definition;
    if (!found || !definition) return [];
    shown.add(found);
    const { database, name } = definition;
    const restore = restoreStatement(definition);
    const remedy = aside.has(id) ? `ATTACH or UNDROP it, then ${restore}` : restore;
    return [row(database, name, found, remedy)];
  });
  const harmless = damagedLog.damages.filter((each) => !shown.has(each));
  return [...rows, ...harmless.map((each) => row('', '', each, 'Nothing'))];
}

function segmentRows({ core: { storage } }: Run): LitValue[][] {
  const { damaged } = storage.scrub;
  if (damaged.size === 0) return [];
  const out: LitValue[][] = [];
  for (const { definition, segments } of storage.context.catalog.state.tables.values()) {
    for (const { file } of segments) {
      const problem = damaged.get(file);
      if (problem === undefined) continue;
      const { database, name } = definition;
      const remedy = 'Put the file back from a backup, or colonnade doctor --repair';
      out.push([database, name, file, null, problem, '0', remedy]);
    }
  }
  return out;
}
