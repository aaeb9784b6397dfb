// The catalog at one version: an immutable value, changed only by making a new one that shares what
// did not change. Readers hold on to the value they began with.

import { fail } from '../errors.ts';
import type { TableDefinition } from './definition.ts';
import {
  allSegments,
  type CurrentVersion,
  forgetVersions,
  type OldVersion,
  packTable,
  unpackTable,
  withVersion,
} from './history.ts';

/** What one segment file holds. Only the fields named here mean something to the life-cycle. */
export interface SegmentDescriptor {
  /** Path below the data directory. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  /** Text of the partition's value; '' for a table without PARTITION BY. */
  readonly partition: string;
  /** 0 = flushed or inserted, +1 with each merge. */
  readonly level: number;
  /** Milliseconds since the epoch. */
  readonly created?: number;
  /** The file that says which rows are deleted, and how many are. */
  readonly deleted?: { readonly file: string; readonly rows: number; readonly bytes: number };
  /** Seconds since the epoch at which the TTL has something to do, and at which all rows go. */
  readonly ttl?: { readonly next: number | null; readonly all: number | null };
  /** Projection id → files with the segment's rows in the projection's form. */
  readonly projections?: Readonly<Record<string, readonly CompanionFile[]>>;
  readonly [more: string]: unknown;
}

export interface CompanionFile {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/** The files of a projection; none once rows of the segment were deleted without rewriting it. */
export const companionsOf = (
  segment: SegmentDescriptor,
  projection: string,
): readonly CompanionFile[] | undefined =>
  segment.deleted === undefined ? segment.projections?.[projection] : undefined;

/** Every file that a segment needs. */
export const filesOf = ({
  file,
  bytes,
  deleted,
  projections,
}: SegmentDescriptor): CompanionFile[] => [
  { file, rows: 0, bytes },
  ...(deleted ? [deleted] : []),
  ...Object.values(projections ?? {}).flat(),
];

export interface TokenRecord {
  readonly token: string;
  /** Hash of the decoded rows, hex. */
  readonly hash: string;
  readonly rows: number;
  readonly timeMs: number;
}

export interface TableState {
  readonly id: number;
  readonly definition: TableDefinition;
  readonly segments: readonly SegmentDescriptor[];
  /** Segments that ALTER … DETACH has put aside; nobody reads them. */
  readonly detached?: readonly SegmentDescriptor[];
  /** Every WAL frame of this table up to this sequence is in segments. */
  readonly flushedThrough: number;
  /** Positions of streaming sources, by source name. */
  readonly offsets: Readonly<Record<string, unknown>>;
  /** The commit that last changed rows or definition. */
  readonly current?: CurrentVersion;
  /** Older versions that are kept, oldest first. */
  readonly history?: readonly OldVersion[];
}

/** A table that has no name just now: DETACH TABLE, or DROP while UNDROP may still bring it back. */
export interface AsideTable {
  readonly table: TableState;
  readonly reason: 'detached' | 'dropped';
  readonly timeMs: number;
}

export interface DatabaseState {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
  /** Table name → table id. */
  readonly tables: ReadonlyMap<string, number>;
}

export interface CatalogState {
  readonly version: number;
  readonly timeMs: number;
  readonly databases: ReadonlyMap<string, DatabaseState>;
  readonly tables: ReadonlyMap<number, TableState>;
  readonly aside: ReadonlyMap<number, AsideTable>;
  /** Functions, users, roles and the like: kind → name → plain JSON. */
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly nextTableId: number;
  /** Highest WAL sequence that any commit has named. */
  readonly walSequence: number;
}

export const emptyState = (): CatalogState => ({
  version: 0,
  timeMs: 0,
  databases: new Map(),
  tables: new Map(),
  aside: new Map(),
  objects: new Map(),
  nextTableId: 1,
  walSequence: 0,
});

export function findTable(
  state: CatalogState,
  database: string,
  name: string,
): TableState | undefined {
  const id = state.databases.get(database)?.tables.get(name);
  return id === undefined ? undefined : state.tables.get(id);
}

export type DdlChange =
  | { readonly op: 'createDatabase'; readonly name: string; readonly definition?: object }
  | { readonly op: 'dropDatabase'; readonly name: string }
  | { readonly op: 'renameDatabase'; readonly from: string; readonly to: string }
  | { readonly op: 'createTable'; readonly definition: TableDefinition }
  | { readonly op: 'dropTable'; readonly id: number }
  | { readonly op: 'putAside'; readonly id: number; readonly reason: AsideTable['reason'] }
  | { readonly op: 'bringBack'; readonly id: number; readonly name?: string }
  | { readonly op: 'purgeAside'; readonly id: number }
  | {
      readonly op: 'renameTable';
      readonly id: number;
      readonly database: string;
      readonly name: string;
    }
  | { readonly op: 'exchangeTables'; readonly a: number; readonly b: number }
  | { readonly op: 'alterTable'; readonly id: number; readonly definition: TableDefinition }
  | { readonly op: 'forgetHistory'; readonly id: number; readonly beforeMs: number }
  | {
      readonly op: 'putObject';
      readonly kind: string;
      readonly name: string;
      readonly value: unknown;
    }
  | { readonly op: 'removeObject'; readonly kind: string; readonly name: string };

export interface TableChange {
  readonly id: number;
  readonly add?: readonly SegmentDescriptor[];
  /** Files; each must be live, or the commit is refused. */
  readonly remove?: readonly string[];
  /** Segments in the place of others: rows keep their order among those of other segments. */
  readonly replace?: readonly {
    readonly file: string;
    readonly add: readonly SegmentDescriptor[];
  }[];
  /** Files of segments that are put aside, that come back, and that go though they are aside. */
  readonly detach?: readonly string[];
  readonly attach?: readonly string[];
  readonly dropDetached?: readonly string[];
  /** What is to be said of segments that stay where they are, by file. */
  readonly describe?: readonly SegmentDescriptor[];
  /** What is added holds the rows of what is removed (a merge). */
  readonly sameRows?: boolean;
  /** What DESCRIBE HISTORY calls it, where that does not follow from the rest. */
  readonly operation?: string;
  readonly flushedThrough?: number;
  readonly tokens?: readonly TokenRecord[];
  readonly offsets?: Readonly<Record<string, unknown>>;
}

/** All of it happens, or nothing. */
export interface Change {
  readonly ddl?: readonly DdlChange[];
  readonly tables?: readonly TableChange[];
}

/** A change as it lies in the log. */
export interface CommitRecord extends Change {
  readonly version: number;
  readonly timeMs: number;
}

function with_<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function database(state: CatalogState, name: string): DatabaseState {
  const found = state.databases.get(name);
  if (!found) throw fail('UNKNOWN_DATABASE', `Database ${name} does not exist`);
  return found;
}

function table(state: CatalogState, id: number): TableState {
  const found = state.tables.get(id);
  if (!found) throw fail('UNKNOWN_TABLE', 'The table does not exist any more');
  return found;
}

function unlinkName(state: CatalogState, definition: TableDefinition): CatalogState {
  const db = database(state, definition.database);
  const tables = without(db.tables, definition.name);
  return { ...state, databases: with_(state.databases, db.name, { ...db, tables }) };
}

function linkName(state: CatalogState, definition: TableDefinition): CatalogState {
  const db = database(state, definition.database);
  if (db.tables.has(definition.name)) {
    const name = `${definition.database}.${definition.name}`;
    throw fail('TABLE_ALREADY_EXISTS', `Table ${name} already exists`);
  }
  const tables = with_(db.tables, definition.name, definition.id);
  return { ...state, databases: with_(state.databases, db.name, { ...db, tables }) };
}

function redefine(state: CatalogState, id: number, definition: TableDefinition): CatalogState {
  return { ...state, tables: with_(state.tables, id, { ...table(state, id), definition }) };
}

type DdlOf<Op extends DdlChange['op']> = Extract<DdlChange, { op: Op }>;

const ddlSteps: {
  [Op in DdlChange['op']]: (state: CatalogState, change: DdlOf<Op>) => CatalogState;
} = {
  createDatabase: (state, { name, definition }) => {
    if (state.databases.has(name)) {
      throw fail('DATABASE_ALREADY_EXISTS', `Database ${name} already exists`);
    }
    const db = { name, definition: { ...definition }, tables: new Map<string, number>() };
    return { ...state, databases: with_(state.databases, name, db) };
  },
  dropDatabase: (state, { name }) => {
    const gone = new Set(database(state, name).tables.values());
    const tables = new Map([...state.tables].filter(([id]) => !gone.has(id)));
    const aside = new Map(
      [...state.aside].filter(([, { table }]) => table.definition.database !== name),
    );
    return { ...state, tables, aside, databases: without(state.databases, name) };
  },
  renameDatabase: (state, { from, to }) => {
    const db = database(state, from);
    if (state.databases.has(to)) {
      throw fail('DATABASE_ALREADY_EXISTS', `Database ${to} already exists`);
    }
    const tables = new Map(state.tables);
    for (const id of db.tables.values()) {
      const old = table(state, id);
      tables.set(id, { ...old, definition: { ...old.definition, database: to } });
    }
    const databases = new Map(state.databases);
    databases.delete(from);
    databases.set(to, { ...db, name: to });
    return { ...state, databases, tables };
  },
  createTable: (state, { definition }) => {
    const { id } = definition;
    const linked = linkName(state, definition);
    const created = {
      id,
      definition,
      segments: [],
      flushedThrough: state.walSequence,
      offsets: {},
    };
    const nextTableId = Math.max(state.nextTableId, id + 1);
    return { ...linked, nextTableId, tables: with_(linked.tables, id, created) };
  },
  dropTable: (state, { id }) => {
    const next = unlinkName(state, table(state, id).definition);
    return { ...next, tables: without(next.tables, id) };
  },
  putAside: (state, { id, reason }) => {
    const gone = table(state, id);
    const next = unlinkName(state, gone.definition);
    const aside = with_(state.aside, id, { table: gone, reason, timeMs: state.timeMs });
    return { ...next, aside, tables: without(next.tables, id) };
  },
  bringBack: (state, { id, name }) => {
    const found = state.aside.get(id)?.table;
    if (!found) throw fail('UNKNOWN_TABLE', 'The table is not there any more');
    const definition = { ...found.definition, name: name ?? found.definition.name };
    const next = linkName(state, definition);
    const tables = with_(next.tables, id, { ...found, definition });
    return { ...next, aside: without(next.aside, id), tables };
  },
  purgeAside: (state, { id }) => ({ ...state, aside: without(state.aside, id) }),
  renameTable: (state, { id, database: db, name }) => {
    const old = table(state, id).definition;
    const definition = { ...old, database: db, name };
    return redefine(linkName(unlinkName(state, old), definition), id, definition);
  },
  exchangeTables: (state, { a, b }) => {
    const [first, second] = [table(state, a).definition, table(state, b).definition];
    const newA = { ...first, database: second.database, name: second.name };
    const newB = { ...second, database: first.database, name: first.name };
    const bare = unlinkName(unlinkName(state, first), second);
    return redefine(redefine(linkName(linkName(bare, newA), newB), a, newA), b, newB);
  },
  alterTable: (state, { id, definition }) => redefine(state, id, definition),
  forgetHistory: (state, { id, beforeMs }) => ({
    ...state,
    tables: with_(state.tables, id, forgetVersions(table(state, id), beforeMs)),
  }),
  putObject: (state, { kind, name, value }) => {
    const byName = with_(state.objects.get(kind) ?? new Map<string, unknown>(), name, value);
    return { ...state, objects: with_(state.objects, kind, byName) };
  },
  removeObject: (state, { kind, name }) => {
    const byName = without(state.objects.get(kind) ?? new Map<string, unknown>(), name);
    return { ...state, objects: with_(state.objects, kind, byName) };
  },
};

function ddlStep<Op extends DdlChange['op']>(state: CatalogState, change: DdlOf<Op>) {
  const step = ddlSteps[change.op] as (s: CatalogState, c: DdlOf<Op>) => CatalogState;
  return step(state, change);
}

const changed = (): Error =>
  fail('ABORTED', 'The rows were changed by another statement meanwhile; try again');

/** Throws when one of the files is not there. */
function split(list: readonly SegmentDescriptor[], files: readonly string[]) {
  const wanted = new Set(files);
  const taken = list.filter(({ file }) => wanted.has(file));
  if (taken.length !== wanted.size) throw changed();
  return { taken, kept: list.filter(({ file }) => !wanted.has(file)) };
}

function changeTable(state: CatalogState, change: TableChange): CatalogState {
  const old = table(state, change.id);
  const gone = new Set(change.remove);
  const kept = gone.size ? old.segments.filter(({ file }) => !gone.has(file)) : old.segments;
  if (kept.length !== old.segments.length - gone.size) {
    throw fail('ABORTED', 'The rows were changed by another statement meanwhile; try again');
  }
  let segments = kept;
  if (change.add?.length) {
    // What replaces stands where the replaced stood: the order of commits is the order of rows.
    const first = old.segments.findIndex(({ file }) => gone.has(file));
    const at = first < 0 ? kept.length : first;
    segments = [...kept.slice(0, at), ...change.add, ...kept.slice(at)];
  }
  if (change.replace?.length) {
    const fresh = new Map(change.replace.map(({ file, add }) => [file, add]));
    const there = segments.filter(({ file }) => fresh.has(file)).length;
    if (there !== fresh.size) {
      throw changed();
    }
    segments = segments.flatMap((segment) => fresh.get(segment.file) ?? [segment]);
  }
  if (change.describe?.length) {
    const fresh = new Map(change.describe.map((segment) => [segment.file, segment]));
    if (segments.filter(({ file }) => fresh.has(file)).length !== fresh.size) throw changed();
    segments = segments.map((segment) => fresh.get(segment.file) ?? segment);
  }
  let detached = old.detached ?? [];
  if (change.dropDetached?.length) detached = split(detached, change.dropDetached).kept;
  if (change.detach?.length) {
    const { kept, taken } = split(segments, change.detach);
    segments = kept;
    detached = [...detached, ...taken];
  }
  if (change.attach?.length) {
    const { kept, taken } = split(detached, change.attach);
    detached = kept;
    segments = [...segments, ...taken];
  }
  const flushedThrough = Math.max(old.flushedThrough, change.flushedThrough ?? 0);
  const offsets = change.offsets ? { ...old.offsets, ...change.offsets } : old.offsets;
  const walSequence = Math.max(state.walSequence, flushedThrough);
  const aside = detached.length > 0 || old.detached ? { detached } : {};
  const next = { ...old, segments, flushedThrough, offsets, ...aside };
  return { ...state, walSequence, tables: with_(state.tables, change.id, next) };
}

/** The state after a record. Throws, and changes nothing, when the record does not fit the state. */
export function applyRecord(state: CatalogState, record: CommitRecord): CatalogState {
  let next = state;
  // What is put aside remembers when.
  if (record.ddl) next = { ...next, timeMs: record.timeMs };
  for (const change of record.ddl ?? []) next = ddlStep(next, change);
  for (const change of record.tables ?? []) next = changeTable(next, change);
  next = { ...next, tables: withVersions(state, next, record) };
  return { ...next, version: record.version, timeMs: record.timeMs };
}

/** The tables that a record touched, as new versions. */
function withVersions(before: CatalogState, after: CatalogState, record: CommitRecord) {
  const ids = new Set((record.tables ?? []).map(({ id }) => id));
  for (const change of record.ddl ?? []) {
    if (change.op === 'alterTable') ids.add(change.id);
    else if (change.op === 'createTable') ids.add(change.definition.id);
  }
  let { tables } = after;
  for (const id of ids) {
    const table = tables.get(id);
    const next = table && withVersion(before.tables.get(id), table, record);
    if (next && next !== table) tables = with_(tables, id, next);
  }
  return tables;
}

const liveFiles = new WeakMap<
  CatalogState['tables'],
  { aside: CatalogState['aside']; files: ReadonlySet<string> }
>();

/** Files that the tables of a state name. */
export function liveFilesOf(state: CatalogState): ReadonlySet<string> {
  const known = liveFiles.get(state.tables);
  if (known && known.aside === state.aside) return known.files;
  const files = new Set<string>();
  const aside = [...state.aside.values()].map(({ table }) => table);
  for (const table of [...state.tables.values(), ...aside]) {
    for (const segment of allSegments(table))
      for (const { file } of filesOf(segment)) files.add(file);
  }
  liveFiles.set(state.tables, { aside: state.aside, files });
  return files;
}

/** Plain JSON of a state, and back. */
export function stateToJson(state: CatalogState): object {
  return {
    version: state.version,
    timeMs: state.timeMs,
    nextTableId: state.nextTableId,
    walSequence: state.walSequence,
    databases: [...state.databases.values()].map((db) => ({
      name: db.name,
      definition: db.definition,
    })),
    tables: [...state.tables.values()].map(packTable),
    aside: [...state.aside.values()].map((a) => ({ ...a, table: packTable(a.table) })),
    objects: [...state.objects].map(([kind, byName]) => [kind, [...byName]]),
  };
}

interface StateJson {
  version: number;
  timeMs: number;
  nextTableId: number;
  walSequence: number;
  databases: { name: string; definition: Record<string, unknown> }[];
  tables: Parameters<typeof unpackTable>[0][];
  /** Absent in catalogs of the first version. */
  aside?: (Omit<AsideTable, 'table'> & { table: Parameters<typeof unpackTable>[0] })[];
  objects: [string, [string, unknown][]][];
}

export function stateFromJson(json: unknown): CatalogState {
  const from = json as StateJson;
  const names = new Map(from.databases.map((db) => [db.name, new Map<string, number>()]));
  for (const { id, definition } of from.tables) {
    names.get(definition.database)?.set(definition.name, id);
  }
  const databases = from.databases.map((db): [string, DatabaseState] => [
    db.name,
    { ...db, tables: names.get(db.name) ?? new Map() },
  ]);
  return {
    version: from.version,
    timeMs: from.timeMs,
    nextTableId: from.nextTableId,
    walSequence: from.walSequence,
    databases: new Map(databases),
    tables: new Map(from.tables.map((t) => [t.id, unpackTable(t)])),
    aside: new Map(
      (from.aside ?? []).map((a) => [a.table.id, { ...a, table: unpackTable(a.table) }]),
    ),
    objects: new Map(from.objects.map(([kind, byName]) => [kind, new Map(byName)])),
  };
}
