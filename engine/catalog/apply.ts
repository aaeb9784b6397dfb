// A commit applied to a state: a pure function, so that reading the log again gives the same states.

import { fail } from '../errors.ts';
import { keepsAgreement, keepsMeaning, rewritten, withRewritten } from './agreement.ts';
import { Numbering } from './blocks.ts';
import type { TableDefinition } from './definition.ts';
import { allSegments, forgetVersions, withVersion } from './history.ts';
import {
  type CatalogState,
  type CommitRecord,
  type DatabaseState,
  type DdlChange,
  filesOf,
  type SegmentDescriptor,
  type TableChange,
  type TableState,
} from './state.ts';

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

/** An ALTER: what views hold of the table, or a view itself, may mean something else from now on. */
function altered(old: TableState, definition: TableDefinition): TableState {
  const { agrees, ...bare } = old;
  const sameView = old.definition.extra?.query === definition.extra?.query;
  const next = { ...(agrees && sameView ? old : bare), definition };
  return keepsMeaning(old.definition, definition) ? next : rewritten(next);
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
    return withRewritten({ ...state, databases, tables }, db.tables.values());
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
    const { agrees: _, ...table } = found;
    const tables = with_(next.tables, id, rewritten({ ...table, definition }));
    return { ...next, aside: without(next.aside, id), tables };
  },
  purgeAside: (state, { id }) => ({ ...state, aside: without(state.aside, id) }),
  renameTable: (state, { id, database: db, name }) => {
    const old = table(state, id).definition;
    const definition = { ...old, database: db, name };
    const next = redefine(linkName(unlinkName(state, old), definition), id, definition);
    return withRewritten(next, [id]);
  },
  exchangeTables: (state, { a, b }) => {
    const [first, second] = [table(state, a).definition, table(state, b).definition];
    const newA = { ...first, database: second.database, name: second.name };
    const newB = { ...second, database: first.database, name: first.name };
    const bare = unlinkName(unlinkName(state, first), second);
    const next = redefine(redefine(linkName(linkName(bare, newA), newB), a, newA), b, newB);
    return withRewritten(next, [a, b]);
  },
  alterTable: (state, { id, definition }) => ({
    ...state,
    tables: with_(state.tables, id, altered(table(state, id), definition)),
  }),
  rewritten: (state, { id }) => withRewritten(state, [id]),
  agrees: (state, { id, agrees }) => ({
    ...state,
    tables: with_(state.tables, id, { ...table(state, id), agrees }),
  }),
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
  const numbers = new Numbering(old);
  if (change.add?.length) {
    // What replaces stands where the replaced stood: the order of commits is the order of rows.
    const first = old.segments.findIndex(({ file }) => gone.has(file));
    const at = first < 0 ? kept.length : first;
    const replaced = old.segments.filter(({ file }) => gone.has(file));
    const add = numbers.added(change, replaced);
    segments = [...kept.slice(0, at), ...add, ...kept.slice(at)];
  }
  if (change.replace?.length) {
    const fresh = numbers.mutated(change.replace, segments);
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
    segments = [...segments, ...numbers.attached(taken)];
  }
  const flushedThrough = Math.max(old.flushedThrough, change.flushedThrough ?? 0);
  const offsets = change.offsets ? { ...old.offsets, ...change.offsets } : old.offsets;
  const walSequence = Math.max(state.walSequence, flushedThrough);
  const aside = detached.length > 0 || old.detached ? { detached } : {};
  const nextBlock = numbers.next;
  const aged = keepsAgreement(old, change) ? old : rewritten(old);
  const next = { ...aged, segments, flushedThrough, offsets, nextBlock, ...aside };
  return { ...state, walSequence, tables: with_(state.tables, change.id, next) };
}

/** The state after a record. Throws, and changes nothing, when the record does not fit the state. */
export function applyRecord(state: CatalogState, record: CommitRecord): CatalogState {
  let next = state;
  // What is put aside remembers when.
  if (record.ddl) next = { ...next, timeMs: record.timeMs };
  const walSequence = Math.max(next.walSequence, record.walSequence ?? 0);
  if (walSequence > next.walSequence) next = { ...next, walSequence };
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
