// RESTORE: files are copied and compared with their hashes, then one commit makes all tables.

import { randomUUID } from 'node:crypto';
import {
  type Backup,
  parseStatement,
  print,
  type Query,
  type TableRef,
  walk,
} from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import {
  type DdlChange,
  filesOf,
  type SegmentDescriptor,
  type TableChange,
} from '../catalog/state.ts';
import { fail } from '../errors.ts';
import { FileError } from '../files.ts';
import { failAt } from '../plan/context.ts';
import type { Run } from '../query/core.ts';
import { checkSameShape } from '../storage/partitions.ts';
import { type Chosen, choose } from './choose.ts';
import { type Written, withFiles } from './create.ts';
import { type BackupTable, type Manifest, readManifest } from './manifest.ts';
import { Hashing } from './pieces.ts';
import { openPlace, type Place } from './place.ts';
import type { Target } from './target.ts';

export interface RestoreHow {
  readonly structureOnly: boolean;
  readonly intoFilled: boolean;
}

export async function restoreBackup(
  run: Run,
  ast: Backup,
  target: Target,
  how: RestoreHow,
  signal: AbortSignal,
): Promise<Written> {
  const place = openPlace(run.core, target, signal);
  try {
    const manifest = await readManifest(place, target.text);
    const { tables, databases } = choose(run, ast, manifest.tables, (item, name) =>
      failAt(item.span, 'BACKUP_ENTRY_NOT_FOUND', `Table ${name} not found in backup`),
    );
    return await new Restorer(run, place, target, manifest, signal).restore(tables, databases, how);
  } finally {
    place.close();
  }
}

class Restorer {
  readonly #run: Run;
  readonly #place: Place;
  readonly #target: Target;
  readonly #manifest: Manifest;
  readonly #signal: AbortSignal;
  readonly #written: Written = { files: 0, bytes: 0, copied: 0, tables: 0 };
  readonly #made: SegmentDescriptor[] = [];

  constructor(run: Run, place: Place, target: Target, manifest: Manifest, signal: AbortSignal) {
    this.#run = run;
    this.#place = place;
    this.#target = target;
    this.#manifest = manifest;
    this.#signal = signal;
  }

  async restore(
    chosen: readonly Chosen<BackupTable>[],
    databases: ReadonlyMap<string, string>,
    how: RestoreHow,
  ): Promise<Written> {
    const { storage } = this.#run.core;
    const { catalog } = storage.context;
    const ddl: DdlChange[] = this.#databases(chosen, databases);
    const made = this.#definitions(chosen);
    const plan = chosen.map(({ table, database, name, keeps }) => {
      const existing = catalog.find(database, name);
      const definition = made.get(table) as TableDefinition;
      if (existing) this.#checkExisting(existing.id, definition, how);
      else ddl.push({ op: 'createTable', definition });
      const segments = keeps ? table.segments.filter(keeps) : table.segments;
      return { segments, id: existing?.id ?? definition.id, existing };
    });
    try {
      const changes: TableChange[] = [];
      for (const { segments, id, existing } of plan) {
        if (how.structureOnly || segments.length === 0) continue;
        const add = await this.#segments(segments, id, existing !== undefined);
        changes.push({ id, add, operation: 'RESTORE' });
      }
      await catalog.commit({ ddl, tables: changes });
    } catch (error) {
      if (!storage.context.health.poisoned) {
        for (const segment of this.#made) storage.collector.discardSegment(segment);
      }
      throw error;
    }
    storage.merges.schedule();
    return { ...this.#written, tables: chosen.length };
  }

  #databases(
    chosen: readonly Chosen<BackupTable>[],
    wanted: ReadonlyMap<string, string>,
  ): DdlChange[] {
    const { state } = this.#run.core.storage.context.catalog;
    for (const name of wanted.keys()) {
      if (this.#manifest.databases.some((d) => d.name === name)) continue;
      throw fail('BACKUP_ENTRY_NOT_FOUND', `Database ${name} not found in backup`);
    }
    const names = new Set([...chosen.map((c) => c.database), ...wanted.values()]);
    return [...names]
      .filter((name) => !state.databases.has(name))
      .map((name) => {
        const { definition } = this.#manifest.databases.find((d) => d.name === name) ?? {};
        return { op: 'createDatabase', name, definition: { ...definition, uuid: randomUUID() } };
      });
  }

  /** Definitions under their new names, with what views say of tables that have new names, too. */
  #definitions(chosen: readonly Chosen<BackupTable>[]): Map<BackupTable, TableDefinition> {
    const { catalog } = this.#run.core.storage.context;
    const fresh = new Map(
      chosen.map(({ table }) => {
        const id = catalog.reserveTableId();
        return [table.definition.id, { id, uuid: randomUUID() }] as const;
      }),
    );
    const renamed = new Map(
      chosen.map(({ table: { definition: d }, database, name }) => [
        `${d.database}.${d.name}`,
        { database, name },
      ]),
    );
    return new Map(
      chosen.map(({ table, database, name }) => {
        const { definition } = table;
        const own = fresh.get(definition.id) as { id: number; uuid: string };
        const view = chosen.find((c) => c.table.definition.extra?.inner === definition.id);
        const uuid = view && fresh.get(view.table.definition.id)?.uuid;
        const shown = uuid === undefined ? name : `.inner_id.${uuid}`;
        const extra = definition.extra && {
          extra: newReferences(definition.extra, fresh, renamed),
        };
        return [table, { ...definition, ...own, database, name: shown, ...extra }];
      }),
    );
  }

  #checkExisting(id: number, definition: TableDefinition, how: RestoreHow): void {
    const { storage } = this.#run.core;
    const store = storage.store(id);
    const { definition: now, segments } = store.table;
    const full = `${now.database}.${now.name}`;
    const filled = segments.length > 0 || store.memory.rows > 0;
    if (filled && !how.structureOnly && !how.intoFilled) {
      const text = `Cannot restore the table ${full} because it already contains some data`;
      throw fail('CANNOT_RESTORE_TABLE', text, {
        hint: 'RESTORE … AS another name, or SETTINGS structure_only = 1 or allow_non_empty_tables = 1',
      });
    }
    try {
      checkSameShape(definition, now);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw fail(
        'CANNOT_RESTORE_TABLE',
        `The table ${full} is another one than in the backup: ${why}`,
      );
    }
  }

  /** Copies a table's files under fresh names. Projections of a table that is there are its own. */
  async #segments(
    segments: readonly SegmentDescriptor[],
    id: number,
    existing: boolean,
  ): Promise<readonly SegmentDescriptor[]> {
    const { storage } = this.#run.core;
    const { files } = storage.context;
    const prefix = storage.names.prefix(id);
    const dir = prefix.slice(0, prefix.lastIndexOf('/'));
    files.makeDir(dir);
    const out: SegmentDescriptor[] = [];
    let number = 0;
    for (const written of segments) {
      const { projections: _, ...bare } = written;
      const segment = existing ? (bare as SegmentDescriptor) : written;
      const names = new Map<string, string>();
      for (const { file } of filesOf(segment)) {
        names.set(file, `${prefix}-${number++}${file.slice(file.lastIndexOf('.'))}`);
      }
      const copy = withFiles(segment, (file) => names.get(file) ?? file);
      this.#made.push(copy);
      for (const [from, to] of names) await this.#file(from, to);
      out.push(copy);
    }
    await files.syncDir(dir);
    if (!existing) return out;
    return storage.context.finish(storage, storage.store(id).table.definition, out);
  }

  async #file(name: string, to: string): Promise<void> {
    const { files } = this.#run.core.storage.context;
    const known = this.#manifest.files[name];
    const damaged = (why: string) =>
      fail('BACKUP_DAMAGED', `Backup ${this.#target.text} is damaged: ${name} ${why}`);
    if (!known) throw damaged('is not in its list');
    const base = known.in === undefined ? undefined : { ...this.#target, name: known.in };
    const place = base ? openPlace(this.#run.core, base, this.#signal) : this.#place;
    try {
      const hashing = new Hashing(place.read(name, known.bytes), this.#signal);
      const out = files.create(to);
      try {
        for await (const piece of hashing) out.append(piece);
        await out.sync();
      } finally {
        out.close();
      }
      if (hashing.digest() !== known.sha256) throw damaged('does not match its checksum');
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.kind === 'NotFound') throw damaged(`is missing${base ? ` in ${base.name}` : ''}`);
      if (error.kind === 'Short') throw damaged('is too short');
      throw error;
    } finally {
      if (base) place.close();
    }
    this.#written.files++;
    this.#written.copied++;
    this.#written.bytes += known.bytes;
  }
}

type Names = ReadonlyMap<string, { readonly database: string; readonly name: string }>;

/** What a view says of tables, in their new names. */
function newReferences(
  extra: Readonly<Record<string, unknown>>,
  fresh: ReadonlyMap<number, { readonly id: number }>,
  renamed: Names,
): Record<string, unknown> {
  const out: Record<string, unknown> = { ...extra };
  for (const key of ['source', 'to']) {
    const at = out[key] as { database: string; name: string } | undefined;
    const now = at && renamed.get(`${at.database}.${at.name}`);
    if (now) out[key] = { ...now };
  }
  if (typeof out.inner === 'number') out.inner = fresh.get(out.inner)?.id ?? out.inner;
  if (typeof out.query !== 'string') return out;
  const statement = parseStatement(out.query);
  if (statement.kind === 'QueryStatement')
    out.query = print(renamedQuery(statement.query, renamed));
  return out;
}

function renamedQuery(query: Query, renamed: Names): Query {
  const copy = structuredClone(query);
  walk(copy, (node) => {
    if (node.kind !== 'Table') return;
    const { name } = node as TableRef;
    const now = renamed.get(`${name.database?.name}.${name.table.name}`);
    if (!now || !name.database) return;
    name.database.name = now.database;
    name.table.name = now.name;
  });
  return copy;
}
