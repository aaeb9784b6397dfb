// What a table is, as plain JSON, and the changes that ALTER makes to it.
//
// A column that segments already hold is found in them by its stored name. It differs from the name
// after a rename, and for a column that is added under the name of a dropped one, so that old files
// never bring dropped values back.

export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly defaultKind?: 'DEFAULT' | 'MATERIALIZED' | 'ALIAS' | 'EPHEMERAL';
  readonly defaultExpr?: string;
  readonly codec?: string;
  readonly ttl?: string;
  readonly comment?: string;
  /** Sizes of blocks as they were asked for: shown, and without effect. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Name inside segment files; absent when it is `name`. */
  readonly stored?: string;
}

export interface IndexDefinition {
  readonly name: string;
  readonly expr: string;
  readonly type: string;
  readonly granularity: number;
  /** Parentheses stood around `expr`. */
  readonly wrapped?: true;
}

/** Rows of each segment kept a second time: grouped, or in another order. */
export interface ProjectionDefinition {
  /** Never used twice in a table: segments name their companions by it. */
  readonly id: string;
  readonly name: string;
  /** The SELECT, without FROM. */
  readonly query: string;
  readonly kind: 'Aggregate' | 'Normal';
}

export interface TableDefinition {
  /** Never used twice, also not after a DROP; 0 in a definition that is not in the catalog yet. */
  readonly id: number;
  readonly uuid: string;
  readonly database: string;
  readonly name: string;
  readonly engine: { readonly name: string; readonly args: string };
  readonly columns: readonly ColumnDefinition[];
  /** Texts of expressions. */
  readonly orderBy: readonly string[];
  readonly primaryKey?: readonly string[];
  readonly partitionBy?: string;
  readonly sampleBy?: string;
  readonly ttl?: string;
  readonly indexes: readonly IndexDefinition[];
  readonly projections?: readonly ProjectionDefinition[];
  readonly settings: Readonly<Record<string, string>>;
  readonly comment?: string;
  readonly createSql?: string;
  /** Goes up with every ALTER; WAL frames carry it. */
  readonly schemaVersion: number;
  /** Stored names that segments may still hold though no column has them. */
  readonly retired?: readonly string[];
  /** Whatever else a table engine or statement wants to keep. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export const storedName = (column: ColumnDefinition): string => column.stored ?? column.name;

/** A stored name for a new column that no segment of the table can hold. */
function freshStoredName(table: TableDefinition, name: string): string | undefined {
  const taken = new Set([...table.columns.map(storedName), ...(table.retired ?? [])]);
  if (!taken.has(name)) return undefined;
  let n = 2;
  while (taken.has(`${name}~${n}`)) n++;
  return `${name}~${n}`;
}

/** Where a column goes: behind the one named, first, or last when undefined. */
export type Place = { readonly after: string } | 'first' | undefined;

function placed(columns: readonly ColumnDefinition[], column: ColumnDefinition, place: Place) {
  if (place === 'first') return [column, ...columns];
  const at = place ? columns.findIndex((c) => c.name === place.after) : -1;
  if (at < 0) return [...columns, column];
  return [...columns.slice(0, at + 1), column, ...columns.slice(at + 1)];
}

/** The definition with one more column. The caller has checked that the name is free. */
export function withColumn(table: TableDefinition, column: ColumnDefinition, place: Place) {
  const stored = freshStoredName(table, column.name);
  const added = stored === undefined ? column : { ...column, stored };
  return { ...table, columns: placed(table.columns, added, place) };
}

/** The definition without a column; its stored name is retired. */
export function withoutColumn(table: TableDefinition, name: string): TableDefinition {
  const gone = table.columns.find((c) => c.name === name);
  if (!gone) return table;
  const retired = [...(table.retired ?? []), storedName(gone)];
  return { ...table, columns: table.columns.filter((c) => c !== gone), retired };
}

/** The definition with a column under another name; what is stored stays where it is. */
export function withRenamedColumn(table: TableDefinition, from: string, to: string) {
  const columns = table.columns.map((column) => {
    if (column.name !== from) return column;
    const stored = storedName(column);
    const { stored: _, ...rest } = column;
    return stored === to ? { ...rest, name: to } : { ...rest, name: to, stored };
  });
  return { ...table, columns };
}

/** Whether rows decoded or segments written for `from` may be committed to `to`. */
export function compatible(from: TableDefinition, to: TableDefinition): boolean {
  if (from.id !== to.id) return false;
  if (from.schemaVersion === to.schemaVersion) return true;
  const now = new Map(to.columns.map((column) => [storedName(column), column.type]));
  const sameColumns = from.columns.every((column) => {
    const type = now.get(storedName(column));
    return type === undefined || type === column.type;
  });
  const sameKeys = from.partitionBy === to.partitionBy && sameList(from.orderBy, to.orderBy);
  return sameColumns && sameKeys;
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, index) => text === b[index]);
