// What a backup holds: definitions, segments, and the hash of every file. It is written last, so a
// backup without it never came to its end.

import { createHash } from 'node:crypto';
import type { TableDefinition } from '../catalog/definition.ts';
import type { SegmentDescriptor } from '../catalog/state.ts';
import { fail } from '../errors.ts';
import type { Place } from './place.ts';

const FORMAT = 1;
const FILE = 'manifest.json';

export interface BackupFile {
  readonly bytes: number;
  readonly sha256: string;
  /** The backup whose folder has the file, when it is not this one. */
  readonly in?: string;
}

export interface BackupTable {
  readonly definition: TableDefinition;
  /** Their files are named as in the folder. */
  readonly segments: readonly SegmentDescriptor[];
}

export interface Manifest {
  readonly format: number;
  readonly id: string;
  readonly createdMs: number;
  /** Of the catalog. */
  readonly version: number;
  readonly base?: string;
  readonly databases: readonly { readonly name: string; readonly definition: object }[];
  readonly tables: readonly BackupTable[];
  readonly files: Readonly<Record<string, BackupFile>>;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export async function writeManifest(
  { files, dir }: Place,
  manifest: Omit<Manifest, 'format'>,
): Promise<number> {
  const json = JSON.stringify({ format: FORMAT, ...manifest });
  const bytes = Buffer.from(`${json}\n${digest(json)}\n`);
  const file = files.create(`${dir}/${FILE}`);
  try {
    file.append(bytes);
    await file.sync();
  } finally {
    file.close();
  }
  await files.syncDir(dir);
  return bytes.length;
}

export const isComplete = ({ files, dir }: Place): boolean =>
  files.length(`${dir}/${FILE}`) !== undefined;

/** Errors: BACKUP_NOT_FOUND, BACKUP_DAMAGED, BACKUP_VERSION_NOT_SUPPORTED. */
export function readManifest(place: Place, text: string): Manifest {
  if (!isComplete(place)) {
    throw fail('BACKUP_NOT_FOUND', `Backup ${text} not found`, {
      hint: 'system.backups shows those of this server since its start',
    });
  }
  const path = `${place.dir}/${FILE}`;
  const [json = '', hash = ''] = place.files.readAll(path).toString().split('\n');
  if (digest(json) !== hash) {
    throw fail('BACKUP_DAMAGED', `Backup ${text} is damaged: ${path} does not match its checksum`);
  }
  const manifest = JSON.parse(json) as Manifest;
  if (manifest.format > FORMAT) {
    const what = `Backup ${text} was written by a newer version (format ${manifest.format})`;
    throw fail('BACKUP_VERSION_NOT_SUPPORTED', what);
  }
  return manifest;
}
