// One way to say that a file does not hold what was written to it, or that the disk refuses.

import { quoteIdentifier } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { EngineError, fail } from '../../errors.ts';
import { FileError } from '../../files.ts';
import type { LogDamage } from '../wal/read.ts';

type Named = Pick<TableDefinition, 'database' | 'name'>;

const word = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);

/** The statement that lets a read-only table go on with what can be read. */
export const restoreStatement = ({ database, name }: Named): string =>
  `SYSTEM RESTORE REPLICA ${word(database)}.${word(name)}`;

/** The answer to a client who would change a table that may lack rows. */
export function readOnlyTable(table: Named, { file, offset, why }: LogDamage): EngineError {
  const name = `${table.database}.${table.name}`;
  const text = `Table ${name} is read-only: ${file} is damaged at offset ${offset}: ${why}`;
  const hint = `Inserts into the table may have been there. ${restoreStatement(table)} takes what can be read of the log, keeps the damaged file in quarantine/ for 7 days and lets writes go on; system.damage shows more.`;
  return fail('TABLE_IS_READ_ONLY', text, { hint });
}

/** The answer to a client whose rows the disk would not take. */
export function refusedByDisk(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (!(error instanceof FileError)) {
    const text = error instanceof Error ? error.message : String(error);
    return fail('LOGICAL_ERROR', `Writing failed: ${text}`);
  }
  if (error.kind === 'DiskFull') {
    return fail('NOT_ENOUGH_SPACE', 'The disk is full; nothing of the request was stored', {
      retryAfterSeconds: 5,
    });
  }
  if (error.kind === 'SyncFailed' || error.kind === 'Crashed') return cannotSync(error.file);
  return fail('CANNOT_WRITE_TO_FILE_DESCRIPTOR', `${error.file}: ${error.message}`);
}

export function cannotSync(file: string): EngineError {
  const text = `The disk failed to store ${file}; writes are refused until a restart, reads go on`;
  return fail('CANNOT_FSYNC', text);
}
