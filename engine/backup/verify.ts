// Reads every file of a backup and compares it with its hash.

import { FileError } from '../files.ts';
import { readManifest } from './manifest.ts';
import { hashOf } from './pieces.ts';
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
  const manifest = await readManifest(place, name);
  const problems: string[] = [];
  let bytes = 0;
  const entries = Object.entries(manifest.files);
  for (const [path, file] of entries) {
    const from = file.in === undefined ? place : other(file.in);
    const full = file.in === undefined ? path : `${file.in}/${path}`;
    bytes += file.bytes;
    try {
      const sha256 = await hashOf(from.read(path, file.bytes));
      if (sha256 !== file.sha256) problems.push(`${full} does not match its checksum`);
      else if ((await from.length(path)) !== file.bytes) problems.push(`${full} is too long`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      problems.push(`${full}: ${error.message}`);
    }
  }
  return { tables: manifest.tables.length, files: entries.length, bytes, problems };
}
