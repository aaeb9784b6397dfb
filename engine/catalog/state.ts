// The catalog at one version: an immutable value, changed only by making a new one that shares what
// did not change. Readers hold on to the value they began with.

import type { Blocks } from './blocks.ts';
import type { TableDefinition } from './definition.ts';
import type { CurrentVersion, OldVersion } from './history.ts';

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
  /** The partition as a word, as names of parts begin with. */
  readonly partitionId?: string;
  readonly block?: Blocks;
  /** Milliseconds since the epoch. */
  readonly created?: number;
  /** The file that says which rows are deleted, and how many are. */
  readonly deleted?: CompanionFile;
  /** The file with new values of some rows, and how many those are. */
  readonly patch?: CompanionFile;
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

/** The files of a projection; none once rows of the segment were changed without rewriting it. */
export const companionsOf = (
  segment: SegmentDescriptor,
  projection: string,
): readonly CompanionFile[] | undefined =>
  segment.deleted === undefined && segment.patch === undefined
    ? segment.projections?.[projection]
    : undefined;

/** Every file that a segment needs. */
export const filesOf = ({
  file,
  bytes,
  deleted,
  patch,
  projections,
}: SegmentDescriptor): CompanionFile[] => [
  { file, rows: 0, bytes },
  ...(deleted ? [deleted] : []),
  ...(patch ? [patch] : []),
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
  /** The number of the next segment. */
  readonly nextBlock?: number;
  /** The commit that last changed rows or definition. */
  readonly current?: CurrentVersion;
  /** Older versions that are kept, oldest first. */
  readonly history?: readonly OldVersion[];
  /** How often its rows changed otherwise than by inserts and merges (agreement.ts). */
  readonly rewrites?: number;
  /** Of a materialised view: what it was made of, as of when it held exactly that. */
  readonly agrees?: Agreement;
}

/** Tables by how often they had been rewritten. */
export interface Agreement {
  readonly base: TableAge;
  readonly target: TableAge;
}

export interface TableAge {
  readonly id: number;
  readonly rewrites: number;
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
  /** Rows come into a table by a way that views do not know of. */
  | { readonly op: 'rewritten'; readonly id: number }
  /** A view's target holds what its query gives for the base, of this age. */
  | { readonly op: 'agrees'; readonly id: number; readonly agrees: Agreement }
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
  /** A merge in which nothing expired and nothing was left out: the engine's rule alone. */
  readonly rolled?: boolean;
  /** So many of the segments that are added hold rows of inserts, which views have seen. */
  readonly fed?: number;
  /** What DESCRIBE HISTORY calls it, where that does not follow from the rest. */
  readonly operation?: string;
  readonly flushedThrough?: number;
  readonly tokens?: readonly TokenRecord[];
  readonly offsets?: Readonly<Record<string, unknown>>;
}

/** All of it happens, or nothing. */
export interface Change {
  /** WAL sequences up to this one belong to what was there before. */
  readonly walSequence?: number;
  readonly ddl?: readonly DdlChange[];
  readonly tables?: readonly TableChange[];
}

/** A change as it lies in the log. */
export interface CommitRecord extends Change {
  readonly version: number;
  readonly timeMs: number;
}
