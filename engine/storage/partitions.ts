// Whole segments that are put aside, come back, or go from table to table. Segments are immutable, so
// nothing is rewritten: one commit says where they belong. Two tables may name one file; it goes when
// no table names it any more.

import type { TableDefinition } from '../catalog/definition.ts';
import {
  filesOf,
  type SegmentDescriptor,
  type TableChange,
  type TableState,
} from '../catalog/state.ts';
import { fail } from '../errors.ts';
import { FileError } from '../files.ts';
import type { Storage } from './storage.ts';
import type { TableStore } from './table-store.ts';

type Only = (segment: SegmentDescriptor) => boolean;

/** Runs `work` while no other statement and no merge changes the segments of the tables; what is in
 *  memory is in segments before. */
export async function exclusively<T>(
  storage: Storage,
  stores: readonly TableStore[],
  work: () => Promise<T>,
): Promise<T> {
  const [first, ...rest] = [...new Set(stores)].sort((a, b) => a.id - b.id);
  if (!first) return work();
  return first.statements.run(() =>
    storage.merges.without(first, async () => {
      await storage.flusher.flush(first);
      return exclusively(storage, rest, work);
    }),
  );
}

const names = (list: readonly SegmentDescriptor[]): string[] => list.map(({ file }) => file);

async function commit(storage: Storage, ...tables: TableChange[]): Promise<void> {
  await storage.context.catalog.commit({ tables });
  storage.collector.collect();
}

/** @returns how many segments were put aside */
export function detachSegments(storage: Storage, store: TableStore, only: Only): Promise<number> {
  return exclusively(storage, [store], async () => {
    const detach = names(store.table.segments.filter(only));
    if (detach.length > 0) await commit(storage, { id: store.id, detach });
    return detach.length;
  });
}

/** Brings segments back. Each must have been written for columns that are still the same. */
export function attachSegments(storage: Storage, store: TableStore, only: Only): Promise<number> {
  return exclusively(storage, [store], async () => {
    const attach = names((store.table.detached ?? []).filter(only));
    if (attach.length > 0) await commit(storage, { id: store.id, attach });
    storage.merges.schedule();
    return attach.length;
  });
}

export function dropDetached(storage: Storage, store: TableStore, only: Only): Promise<number> {
  return exclusively(storage, [store], async () => {
    const gone = names((store.table.detached ?? []).filter(only));
    if (gone.length > 0) await commit(storage, { id: store.id, dropDetached: gone });
    return gone.length;
  });
}

export function dropSegments(storage: Storage, store: TableStore, only: Only): Promise<number> {
  return exclusively(storage, [store], async () => {
    const remove = names(store.table.segments.filter(only));
    if (remove.length > 0) await commit(storage, { id: store.id, remove });
    return remove.length;
  });
}

/** What two tables must share so that one can read the other's segments.
 *  Throws INCOMPATIBLE_COLUMNS or BAD_ARGUMENTS naming the difference. */
export function checkSameShape(from: TableDefinition, to: TableDefinition): void {
  const kept = (d: TableDefinition) =>
    d.columns.filter((c) => c.defaultKind !== 'ALIAS' && c.defaultKind !== 'EPHEMERAL');
  const [a, b] = [kept(from), kept(to)];
  const same =
    a.length === b.length &&
    a.every((column, i) => column.name === b[i]?.name && column.type === b[i]?.type);
  if (!same) throw fail('INCOMPATIBLE_COLUMNS', 'Tables have different structure');
  const stored = a.every(
    (column, i) => (column.stored ?? column.name) === (b[i]?.stored ?? b[i]?.name),
  );
  if (!stored) {
    throw fail('NOT_IMPLEMENTED', 'A column was renamed or made anew in one of the tables only', {
      hint: 'Use INSERT INTO … SELECT',
    });
  }
  const [p, q] = [from.partitionBy ?? '', to.partitionBy ?? ''];
  if (p !== q) throw fail('BAD_ARGUMENTS', 'Tables have different partition key');
  if (from.orderBy.join() !== to.orderBy.join()) {
    throw fail('BAD_ARGUMENTS', 'Tables have different ordering');
  }
  if ((from.primaryKey ?? from.orderBy).join() !== (to.primaryKey ?? to.orderBy).join()) {
    throw fail('BAD_ARGUMENTS', 'Tables have different primary key');
  }
  const fixed = (d: TableDefinition) => d.settings.index_granularity_bytes === '0';
  if (fixed(to) && !fixed(from)) {
    const text = 'Tables have different format of data parts (index_granularity_bytes)';
    throw fail('BAD_ARGUMENTS', text);
  }
  if (from.engine.name !== to.engine.name || from.engine.args !== to.engine.args) {
    throw fail('BAD_ARGUMENTS', 'Tables have different engines');
  }
}

const pieceBytes = 4 << 20;

async function copyFile(storage: Storage, from: string, to: string): Promise<void> {
  const { files } = storage.context;
  const length = files.length(from) ?? 0;
  const out = files.create(to);
  try {
    for (let at = 0; at < length; at += pieceBytes) {
      out.append(files.read(from, at, Math.min(pieceBytes, length - at)));
    }
    await out.sync();
  } finally {
    out.close();
  }
}

/** Segments as the target may name them: a file it has already is copied under a fresh name. */
async function forTable(
  storage: Storage,
  target: TableStore,
  segments: readonly SegmentDescriptor[],
): Promise<SegmentDescriptor[]> {
  const { table } = target;
  const has = new Set([...table.segments, ...(table.detached ?? [])].map(({ file }) => file));
  const out: SegmentDescriptor[] = [];
  for (const segment of segments) {
    // Projections are the table's own.
    const { projections: _, ...bare } = segment;
    if (!has.has(bare.file)) {
      out.push(bare);
      continue;
    }
    const { files } = storage.context;
    const prefix = storage.names.prefix(target.id);
    const dir = prefix.slice(0, prefix.lastIndexOf('/'));
    files.makeDir(dir);
    const file = `${prefix}-0.seg`;
    await copyFile(storage, bare.file, file);
    await files.syncDir(dir);
    out.push({ ...bare, file });
  }
  return [...(await storage.context.finish(storage, table.definition, out))];
}

/** REPLACE, ATTACH … FROM and MOVE … TO TABLE.
 *  @param how whether the target's own rows of these partitions go, and whether the source keeps its */
export function shareSegments(
  storage: Storage,
  source: TableStore,
  target: TableStore,
  only: Only,
  how: { readonly replace: boolean; readonly move: boolean },
): Promise<number> {
  return exclusively(storage, [source, target], async () => {
    checkSameShape(source.table.definition, target.table.definition);
    const taken = source.table.segments.filter(only);
    const remove = how.replace ? names(target.table.segments.filter(only)) : [];
    const add = await forTable(storage, target, taken);
    const into: TableChange = { id: target.id, add, remove };
    try {
      if (how.move) await commit(storage, { id: source.id, remove: names(taken) }, into);
      else if (add.length + remove.length > 0) await commit(storage, into);
    } catch (error) {
      const before = new Set(taken.flatMap(filesOf).map(({ file }) => file));
      if (!storage.context.health.poisoned) {
        for (const { file } of add.flatMap(filesOf)) {
          if (!before.has(file)) storage.collector.discard(file);
        }
      }
      throw error;
    }
    storage.merges.schedule();
    return taken.length;
  });
}

const safe = (text: string): string => encodeURIComponent(text).replaceAll('*', '%2A');

/** The folder of a freeze of a table. */
const shadowOf = ({ database, name: table }: TableDefinition, name: string): string =>
  `shadow/${name}/${safe(database)}/${safe(table)}`;

/** UNFREEZE: the copies of segments go; all of them when it is the whole table.
 *  Copies of segments that the table does not have any more go with the whole table only. */
export function unfreezeSegments(
  storage: Storage,
  { definition, segments }: TableState,
  only: Only,
  name: string,
): void {
  const { files } = storage.context;
  const dir = shadowOf(definition, name);
  const kept = new Set(
    segments
      .filter((s) => !only(s))
      .flatMap(filesOf)
      .map(({ file }) => baseOf(file)),
  );
  let entries: ReturnType<typeof files.list>;
  try {
    entries = files.list(dir);
  } catch (error) {
    if (error instanceof FileError && error.kind === 'NotFound') return;
    throw error;
  }
  for (const entry of entries) {
    if (!entry.dir && !kept.has(entry.name)) files.remove(`${dir}/${entry.name}`);
  }
}

const baseOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1);

/** FREEZE: copies of the files below `shadow/<name>`, synced.
 *  @returns the folder and the number of segments */
export async function freezeSegments(
  storage: Storage,
  store: TableStore,
  only: Only,
  name: string,
): Promise<{ dir: string; segments: SegmentDescriptor[] }> {
  const { files, catalog } = storage.context;
  await storage.flusher.flush(store);
  const pin = catalog.pin(store.table);
  try {
    const dir = shadowOf(pin.table.definition, name);
    const segments = pin.table.segments.filter(only);
    for (let at = dir.indexOf('/'); at > 0; at = dir.indexOf('/', at + 1)) {
      files.makeDir(dir.slice(0, at));
    }
    files.makeDir(dir);
    for (const { file } of segments.flatMap(filesOf)) {
      await copyFile(storage, file, `${dir}/${baseOf(file)}`);
    }
    await files.syncDir(dir);
    return { dir, segments };
  } finally {
    pin.release();
  }
}
