// Reads every file of a backup and compares it with its hash.

import { FileError } from '../storage/files.ts';
import { copyHashed } from './copy.ts';
import { readManifest } from './manifest.ts';
import type { Place } from './place.ts';

export interface VerifyReport {
  readonly tables: number;
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly string[];
}

/** @param other opens the backup that an incremental one is based on */
export async function verifyBackup(
  place: Place,
  name: string,
  other: (name: string) => Place,
): Promise<VerifyReport> {
  const manifest = readManifest(place, name);
  const problems: string[] = [];
  let bytes = 0;
  const entries = Object.entries(manifest.files);
  for (const [path, file] of entries) {
    const { dir, files } = file.in === undefined ? place : other(file.in);
    const full = `${dir}/${path}`;
    bytes += file.bytes;
    try {
      const sha256 = await copyHashed({ files, path: full }, file.bytes, undefined);
      if (sha256 !== file.sha256) problems.push(`${full} does not match its checksum`);
      else if (files.length(full) !== file.bytes) problems.push(`${full} is too long`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      problems.push(`${full}: ${error.message}`);
    }
  }
  return { tables: manifest.tables.length, files: entries.length, bytes, problems };
}
