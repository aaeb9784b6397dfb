// Reads everything that a data directory holds and says what is not as it was written. Changes
// nothing; the directory must not be in use.

import { allSegments } from '../../catalog/history.ts';
import { readCatalog } from '../../catalog/log.ts';
import {
  type CatalogState,
  type CompanionFile,
  filesOf,
  type TableState,
} from '../../catalog/state.ts';
import { FileError, type FilesApi } from '../../files.ts';
import { concerns, type LogDamage, readWal, WAL_DIR } from '../wal/read.ts';

export interface Finding {
  /** Path below the data directory. */
  readonly file: string;
  /** `database.table`, when the file belongs to one. */
  readonly table?: string;
  readonly problem: string;
}

export interface CheckReport {
  readonly tables: readonly { readonly name: string; readonly segments: number }[];
  readonly findings: readonly Finding[];
}

/** @param verify reads a whole segment and throws when a checksum does not hold */
export async function checkDirectory(
  files: FilesApi,
  verify: (file: string) => Promise<void>,
): Promise<CheckReport> {
  const findings: Finding[] = [];
  let state: CatalogState | undefined;
  let clean = false;
  try {
    const disk = readCatalog(files);
    state = disk?.state;
    clean = disk?.head.clean ?? false;
    for (const warning of disk?.warnings ?? []) findings.push(found('catalog', warning));
  } catch (error) {
    findings.push(found('catalog', text(error)));
  }
  if (!state) return { tables: [], findings };
  checkWal(files, state, clean, findings);
  const tables: { name: string; segments: number }[] = [];
  for (const table of state.tables.values()) {
    const { database, name } = table.definition;
    await checkTable(files, table, `${database}.${name}`, verify, findings);
    tables.push({ name: `${database}.${name}`, segments: table.segments.length });
  }
  return { tables, findings };
}

/** The catalog and the log name the file in their message. */
const found = (file: string, problem: string): Finding => ({ file, problem });

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function checkWal(files: FilesApi, state: CatalogState, clean: boolean, findings: Finding[]): void {
  try {
    const flushedThrough = (id: number) => state.tables.get(id)?.flushedThrough ?? Infinity;
    const { files: logs, torn, damages, headers } = readWal(files, flushedThrough);
    const left = logs[0]?.path ?? torn?.path;
    if (clean && left) findings.push(found(left, `${left}: a clean stop leaves no such file`));
    for (const damage of damages) findings.push(lost(state, damage));
    for (const file of headers) {
      findings.push(found(file, `${file} is damaged at offset 0: its header; nothing is lost`));
    }
  } catch (error) {
    findings.push(found(WAL_DIR, text(error)));
  }
}

/** Damage of the log, with the tables that may lack rows. */
function lost(state: CatalogState, damage: LogDamage): Finding {
  const { file, offset, why } = damage;
  const tables = [...state.tables.values()]
    .filter(({ id, flushedThrough }) => concerns(damage, id, flushedThrough))
    .map(({ definition }) => `${definition.database}.${definition.name}`);
  const who =
    tables.length > 0 ? `inserts into ${tables.join(', ')} may be lost` : 'nothing is lost';
  return found(file, `${file} is damaged at offset ${offset}: ${why}; ${who}`);
}

async function checkTable(
  files: FilesApi,
  table: TableState,
  name: string,
  verify: (file: string) => Promise<void>,
  findings: Finding[],
): Promise<void> {
  for (const segment of new Set(allSegments(table))) {
    for (const each of filesOf(segment)) {
      const problem = await fileProblem(files, each, verify);
      if (problem !== undefined) findings.push({ file: each.file, table: name, problem });
    }
  }
}

async function fileProblem(
  files: FilesApi,
  { file, bytes }: CompanionFile,
  verify: (file: string) => Promise<void>,
): Promise<string | undefined> {
  const length = files.length(file);
  if (length === undefined) return `${file} is missing`;
  if (length !== bytes) {
    const at = Math.min(length, bytes);
    return `${file} is damaged at offset ${at}: it has ${length} bytes, ${bytes} were written`;
  }
  try {
    await verify(file);
    return undefined;
  } catch (error) {
    const message = text(error);
    const named = error instanceof FileError || !message.includes(file);
    return named ? `${file}: ${message}` : message;
  }
}
