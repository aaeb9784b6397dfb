// BACKUP: all tables at one moment, while rows go on coming in. Inserts wait only until what is in
// memory lies in segments; the files are copied from what was there then.

import type { Backup } from '../../sql/index.ts';
import { filesOf, type SegmentDescriptor, type TableState } from '../catalog/state.ts';
import { fail } from '../errors.ts';
import { failAt } from '../plan/context.ts';
import type { Run } from '../query/core.ts';
import type { Storage } from '../storage/storage.ts';
import { type Chosen, choose } from './choose.ts';
import {
  type BackupFile,
  type BackupTable,
  isComplete,
  type Manifest,
  readManifest,
  writeManifest,
} from './manifest.ts';
import { Hashing, hashOf, piecesOf } from './pieces.ts';
import { openPlace, type Place } from './place.ts';
import type { Target } from './target.ts';

export interface Written {
  files: number;
  bytes: number;
  /** Those that were copied; the others lie in the backup it is based on. */
  copied: number;
  tables: number;
}

/** The newest versions of tables at one moment, with nothing of them in memory. */
async function frozen(storage: Storage, ids: readonly number[]) {
  const { catalog } = storage.context;
  const open: (() => void)[] = [];
  try {
    for (const id of [...ids].sort((a, b) => a - b)) open.push(await storage.store(id).gate.shut());
    for (const id of ids) await storage.flusher.flush(storage.store(id));
    const pins = ids.flatMap((id) => {
      const table = catalog.table(id);
      return table ? [catalog.pin(table)] : [];
    });
    return { pins, version: catalog.state.version };
  } finally {
    for (const go of open) go();
  }
}

/** @param base of an incremental backup */
export async function createBackup(
  run: Run,
  ast: Backup,
  id: string,
  target: Target,
  base: Target | undefined,
  signal: AbortSignal,
): Promise<Written> {
  const { storage } = run.core;
  const { catalog } = storage.context;
  const all = [...catalog.state.tables.values()];
  const { tables, databases } = choose(run, ast, all, (item, name) =>
    failAt(item.span, 'UNKNOWN_TABLE', `Table ${name} was not found`),
  );
  for (const name of databases.keys()) {
    if (!catalog.state.databases.has(name)) {
      throw failAt(ast.span, 'UNKNOWN_DATABASE', `Database ${name} was not found`);
    }
  }
  const { pins, version } = await frozen(
    storage,
    tables.map(({ table }) => table.id),
  );
  const place = openPlace(run.core, target, signal);
  try {
    if (await isComplete(place)) {
      throw fail('BACKUP_ALREADY_EXISTS', `Backup ${target.text} already exists`);
    }
    if (target.kind !== 'Null') await place.clear();
    const before = base && (await baseFiles(run, base));
    const writer = new Writer(storage, place, target, before, signal);
    const out: BackupTable[] = [];
    for (const { table } of pins) {
      const named = tables.find((t) => t.table.id === table.id);
      if (named) out.push(await writer.table(table, named));
    }
    const names = new Set(out.map((t) => t.definition.database));
    for (const name of databases.values()) names.add(name);
    const shown = [...names].map((name) => ({
      name,
      definition: catalog.state.databases.get(name)?.definition ?? {},
    }));
    const createdMs = run.core.clock.now();
    const manifest = { id, createdMs, version, databases: shown, tables: out, files: writer.files };
    const { written } = writer;
    if (target.kind !== 'Null') {
      written.bytes += await writeManifest(place, {
        ...manifest,
        ...(base ? { base: base.name } : {}),
      });
    }
    return { ...written, tables: out.length };
  } catch (error) {
    if (target.kind !== 'Null') await clearUnlessWhole(run, target);
    throw error;
  } finally {
    place.close();
    for (const pin of pins) pin.release();
  }
}

type BaseFiles = Map<string, { path: string; file: BackupFile }>;

/** Files of the backup that this one is based on, by hash. */
async function baseFiles(run: Run, base: Target): Promise<BaseFiles> {
  const place = openPlace(run.core, base);
  try {
    const manifest: Manifest = await readManifest(place, base.text);
    return new Map(
      Object.entries(manifest.files).map(([path, file]) => [
        file.sha256,
        { path, file: { ...file, in: file.in ?? base.name } },
      ]),
    );
  } finally {
    place.close();
  }
}

class Writer {
  readonly files: Record<string, BackupFile> = {};
  readonly written: Written = { files: 0, bytes: 0, copied: 0, tables: 0 };
  readonly #storage: Storage;
  readonly #place: Place;
  readonly #target: Target;
  readonly #base: BaseFiles | undefined;
  readonly #signal: AbortSignal;

  constructor(
    storage: Storage,
    place: Place,
    target: Target,
    base: BaseFiles | undefined,
    signal: AbortSignal,
  ) {
    this.#storage = storage;
    this.#place = place;
    this.#target = target;
    this.#base = base;
    this.#signal = signal;
  }

  async table(table: TableState, { database, name, keeps }: Chosen<unknown>): Promise<BackupTable> {
    const segments: SegmentDescriptor[] = [];
    for (const segment of table.segments) {
      if (keeps && !keeps(segment)) continue;
      const names = new Map<string, string>();
      for (const { file, bytes } of filesOf(segment)) {
        names.set(file, await this.#file(table.id, file, bytes));
      }
      segments.push(withFiles(segment, (file) => names.get(file) ?? file));
    }
    return { definition: { ...table.definition, database, name }, segments };
  }

  /** @returns the file's name in the backup */
  async #file(tableId: number, file: string, bytes: number): Promise<string> {
    const { files } = this.#storage.context;
    let name = `${tableId}/${file.slice(file.lastIndexOf('/') + 1)}`;
    // A base of another data directory may use the same names for other files.
    while (this.files[name]) name = name.replace('/', '/x-');
    const pieces = () => piecesOf(files, file, bytes);
    this.written.files++;
    if (this.#base) {
      const sha256 = await hashOf(pieces(), this.#signal);
      const known = this.#base.get(sha256);
      const there = known && this.files[known.path];
      if (known && known.file.bytes === bytes && (!there || there.sha256 === sha256)) {
        this.files[known.path] = known.file;
        return known.path;
      }
    }
    const hashing = new Hashing(pieces(), this.#signal);
    if (this.#target.kind === 'Null') for await (const _ of hashing);
    else await this.#place.write(name, hashing);
    this.files[name] = { bytes, sha256: hashing.digest() };
    this.written.copied++;
    this.written.bytes += bytes;
    return name;
  }
}

/** A segment whose files have other names. */
export function withFiles(
  segment: SegmentDescriptor,
  rename: (file: string) => string,
): SegmentDescriptor {
  const { deleted, patch, projections } = segment;
  const named = Object.entries(projections ?? {}).map(([id, list]) => [
    id,
    list.map((c) => ({ ...c, file: rename(c.file) })),
  ]);
  return {
    ...segment,
    file: rename(segment.file),
    ...(deleted ? { deleted: { ...deleted, file: rename(deleted.file) } } : {}),
    ...(patch ? { patch: { ...patch, file: rename(patch.file) } } : {}),
    ...(projections ? { projections: Object.fromEntries(named) } : {}),
  };
}

/** Removes what an attempt that did not come to its end has left. What it failed with is what matters. */
async function clearUnlessWhole(run: Run, target: Target): Promise<void> {
  const place = openPlace(run.core, target);
  try {
    if (!(await isComplete(place))) await place.clear();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    run.core.logger.warn({ backup: target.text, reason }, 'files of a broken backup stay');
  } finally {
    place.close();
  }
}
