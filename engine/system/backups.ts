// system.backups

import type { LitValue } from '../plan/physical/wire.ts';
import { columns, dateTime64, type SystemTable } from './table.ts';

const statuses = `Enum8('CREATING_BACKUP' = 0, 'BACKUP_CREATED' = 1, 'BACKUP_FAILED' = 2,
  'RESTORING' = 3, 'RESTORED' = 4, 'RESTORE_FAILED' = 5, 'BACKUP_CANCELLED' = 6,
  'RESTORE_CANCELLED' = 7)`.replace(/\s+/g, ' ');

export const backups: SystemTable = {
  name: 'backups',
  doc: 'Backups and restores since the start',
  columns: columns(
    ['id', 'String', 'Id'],
    ['name', 'String', 'Where it lies'],
    ['base_backup_name', 'String', 'The backup that an incremental one is based on'],
    ['query_id', 'String', 'The statement'],
    ['status', statuses, 'How it went'],
    ['error', 'String', 'What it failed with'],
    ['start_time', 'DateTime64(6)', 'Begin'],
    ['end_time', 'DateTime64(6)', 'End'],
    ['num_files', 'UInt64', 'Files that it names'],
    ['total_size', 'UInt64', 'Bytes that were written'],
    ['num_entries', 'UInt64', 'Files that were written'],
    ['uncompressed_size', 'UInt64', 'Bytes that were written'],
    ['compressed_size', 'UInt64', 'Bytes that were written'],
    ['files_read', 'UInt64', 'Files that were restored'],
    ['bytes_read', 'UInt64', 'Bytes that were restored'],
  ),
  rows: (run) =>
    run.core.backups.list().map((e): LitValue[] => {
      const { files = 0, bytes = 0, copied = 0 } = e.written ?? {};
      const read = e.status.startsWith('RESTOR');
      const count = (n: number, of: boolean) => String(of ? n : 0);
      return [
        e.id,
        e.name,
        e.base,
        e.queryId,
        e.status,
        e.error,
        dateTime64(e.startMs),
        dateTime64(e.endMs),
        String(files),
        String(bytes),
        String(copied),
        String(bytes),
        String(bytes),
        count(files, read),
        count(bytes, read),
      ];
    }),
};
