// system.databases

import type { LitValue } from '../plan/physical/wire.ts';
import { informationSchemas, visibleDatabases } from '../tables/databases.ts';
import { columns, type SystemTable } from './table.ts';

const noUuid = '00000000-0000-0000-0000-000000000000';

export const databases: SystemTable = {
  name: 'databases',
  doc: 'Databases',
  columns: columns(
    ['name', 'String', 'Name'],
    ['engine', 'String', 'Atomic: renames and exchanges are one step'],
    ['data_path', 'String', 'Not shown'],
    ['metadata_path', 'String', 'Not shown'],
    ['uuid', 'UUID', 'Identity'],
    ['engine_full', 'String', 'Engine with arguments'],
    ['comment', 'String', 'COMMENT of the database'],
    ['is_external', 'UInt8', 'Always 0'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const own = visibleDatabases(state).map((name): LitValue[] => {
      const definition = state.databases.get(name)?.definition ?? {};
      const uuid = typeof definition.uuid === 'string' ? definition.uuid : noUuid;
      const comment = typeof definition.comment === 'string' ? definition.comment : '';
      return [name, 'Atomic', '', '', uuid, 'Atomic', comment, '0'];
    });
    return [
      ...own,
      ['system', 'Atomic', '', '', noUuid, 'Atomic', 'What the server knows of itself', '0'],
      ...informationSchemas.map((name): LitValue[] => [
        name,
        'Memory',
        '',
        '',
        noUuid,
        'Memory',
        'The system tables as standard SQL names them',
        '0',
      ]),
    ];
  },
};
