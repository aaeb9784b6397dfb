// What a backup holds: definitions, segments, and the hash of every file. It is written last, so a
// backup without it never came to its end.

import { createHash } from 'node:crypto';
import type { TableDefinition } from '../catalog/definition.ts';
import type { SegmentDescriptor } from '../catalog/state.ts';
import { fail } from '../errors.ts';
import { FileError } from '../files.ts';
import type { Place } from './place.ts';

const FORMAT = 1;
const FILE = 'manifest.json';
const bytesMax = 1 << 29;

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
  place: Place,
  manifest: Omit<Manifest, 'format'>,
): Promise<number> {
  const json = JSON.stringify({ format: FORMAT, ...manifest });
  const bytes = Buffer.from(`${json}\n${digest(json)}\n`);
  async function* once(): AsyncGenerator<Buffer> {
    yield bytes;
  }
  await place.write(FILE, once());
  await place.sync();
  return bytes.length;
}

export const isComplete = async (place: Place): Promise<boolean> =>
  (await place.length(FILE)) !== undefined;

/** Errors: BACKUP_NOT_FOUND, BACKUP_DAMAGED, BACKUP_VERSION_NOT_SUPPORTED. */
export async function readManifest(place: Place, text: string): Promise<Manifest> {
  const length = await place.length(FILE);
  if (length === undefined) {
    throw fail('BACKUP_NOT_FOUND', `Backup ${text} not found`, {
      hint: 'system.backups shows those of this server since its start',
    });
  }
  if (length > bytesMax) {
    throw fail('BACKUP_DAMAGED', `Backup ${text} is damaged: ${FILE} has ${length} bytes`);
  }
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of place.read(FILE, length)) pieces.push(piece);
  } catch (error) {
    const cut = error instanceof FileError && (error.kind === 'Short' || error.kind === 'NotFound');
    if (!cut) throw error;
    throw fail('BACKUP_DAMAGED', `Backup ${text} is damaged: ${FILE} has not ${length} bytes`);
  }
  const [json = '', hash = ''] = Buffer.concat(pieces).toString().split('\n');
  if (digest(json) !== hash) {
    throw fail('BACKUP_DAMAGED', `Backup ${text} is damaged: ${FILE} does not match its checksum`);
  }
  const manifest = JSON.parse(json) as Manifest;
  if (manifest.format > FORMAT) {
    const what = `Backup ${text} was written by a newer version (format ${manifest.format})`;
    throw fail('BACKUP_VERSION_NOT_SUPPORTED', what);
  }
  return manifest;
}
