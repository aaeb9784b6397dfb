// What planning one statement needs to know, and what it collects on the way.

import type { Expression, Lambda, Query, SettingItem, Span, Statement } from '../../sql/index.ts';
import { type EngineError, type ErrorName, type FailureExtra, fail } from '../errors.ts';
import type { FormatEntry } from '../native/index.ts';
import type { Settings } from '../settings/index.ts';
import type { Column } from './expression.ts';
import type { JoinTable } from './join-table.ts';
import type { Node, TableHandle } from './logical.ts';
import type { ExprJson, Lit, LitValue, SubqueryUse } from './physical/wire.ts';

export interface ArgumentType {
  type: string;
  constant?: Lit;
  lambda?: boolean;
}

/** What the planner asks of the kernel. */
export interface PlannerKernel {
  readonly functions: FunctionTable;
  resolveFunction(name: string, args: readonly ArgumentType[]): string;
  /** Parameter types of each lambda among the arguments; undefined for other arguments. */
  lambdaParams(
    name: string,
    args: readonly ({ type: string } | { params: number })[],
  ): (string[] | undefined)[];
  resolveAggregate(
    name: string,
    params: readonly Lit[],
    args: readonly string[],
  ): { name: string; type: string; defaultOnNulls?: boolean };
  canonicalType(text: string): string;
  /** The columns that data in a format suggests, as ClickHouse guesses them. */
  infer(format: string, data: Buffer): { name: string; type: string }[];
  /** The same of a file. */
  inferFile(format: string, file: NamedFile): { name: string; type: string }[];
  /** A format by its name in any case. */
  format(name: string): FormatEntry | undefined;
  /** The value of an expression over no columns, or undefined when it cannot be known now. */
  fold(expr: ExprJson): Lit | undefined;
}

export interface FunctionTable {
  /** Canonical name of a scalar function; undefined when there is none. */
  scalar(name: string): string | undefined;
  /** Canonical name of an aggregate, combinators included; undefined when there is none. */
  aggregate(name: string): string | undefined;
  /** Names for suggestions. */
  names(): Iterable<string>;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly kind?: 'DEFAULT' | 'MATERIALIZED' | 'ALIAS' | 'EPHEMERAL';
  /** Text of the expression behind an ALIAS column. */
  readonly expr?: string;
}

interface TableBase {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly TableColumn[];
}
/** Rows that lie in the kernel. */
export interface StoredTable extends TableBase {
  readonly kind: 'stored';
  /** The version of the table this statement sees. */
  handle(): TableHandle;
  /** An older version. Throws BAD_ARGUMENTS naming what is kept. */
  at?(asOf: AsOf): StoredTable;
  /** What each commit changed, for table_changes(). */
  changes?(from: AsOf, to: AsOf | undefined): readonly TableStep[];
  readonly sampleBy?: string;
  readonly engine: string;
  /** What an engine Join was told. */
  readonly join?: JoinTable;
}
/** A version by its number, or the one that was the newest at a moment. */
export type AsOf = { readonly version: number } | { readonly timeMs: number };

/** A commit: the segments that came and those that went, as tables. */
export interface TableStep {
  readonly version: number;
  readonly timeMs: number;
  readonly operation: string;
  readonly came?: StoredTable;
  readonly went?: StoredTable;
}

/** Rows that the engine itself knows: system tables. */
export interface RowsTable extends TableBase {
  readonly kind: 'rows';
  rows(wanted: readonly string[]): LitValue[][];
}
export interface ViewTable extends TableBase {
  readonly kind: 'view';
  /** Another query may stand behind it the next time. */
  readonly changes?: boolean;
  /** Columns of the query that are there beside those of the view, but not part of `*`. */
  readonly virtual?: readonly string[];
  readonly query: Query;
  /** The view with FINAL and SAMPLE (as text) at the tables that it stands for. */
  readonly modified?: (modifiers: string) => ViewTable;
  /** Names of the parameters that a call of the view gives. */
  readonly parameters?: readonly string[];
}
/** system.numbers, system.one, system.zeros. */
export interface NodeTable extends TableBase {
  readonly kind: 'node';
  node(columns: readonly Column[]): Node;
}
export type TableSource = StoredTable | RowsTable | ViewTable | NodeTable;

export interface Catalog {
  /** Finds a table; throws UNKNOWN_TABLE or UNKNOWN_DATABASE with a suggestion. */
  table(database: string | undefined, name: string): TableSource;
  /** Stored tables and views of a database, the current one without a name. */
  tables(database: string | undefined): { database: string; name: string }[];
  /** Undefined instead of a failure. */
  find(database: string | undefined, name: string): TableSource | undefined;
}

/** A file outside of the database that a statement reads. */
export interface NamedFile {
  /** Folder that `path` may not leave; without it any file may be named. */
  readonly root?: string;
  readonly path: string;
  /** What messages and the column _path call it. */
  readonly shown: string;
  /** The column _file. */
  readonly name: string;
  readonly compression?: string;
  readonly bytes?: number;
  readonly timeMs?: number;
  /** What is read of it is brought when it is read. */
  readonly sparse?: boolean;
}

/** What a table function names. */
export type Wanted =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** The format lets parts of it be read. */
      readonly ranged?: boolean;
    }
  | {
      readonly kind: 's3';
      readonly url: string;
      readonly keys?: { readonly key: string; readonly secret: string; readonly session?: string };
      readonly ranged?: boolean;
    };

/** The world outside of the database. */
export interface OutsideFiles {
  /** Throws ACCESS_DENIED, or breaks planning off until what is far away was fetched. */
  files(wanted: Wanted, settings: Settings): readonly NamedFile[];
}

export interface PlannedSubquery {
  node: Node;
  usage: SubqueryUse;
}

export interface Planning {
  readonly kernel: PlannerKernel;
  catalog: Catalog;
  settings: Settings;
  params: Readonly<Record<string, string>>;
  readonly positional: readonly unknown[];
  /** Parses the text of a stored expression (ALIAS columns). */
  readonly parseExpression: (text: string) => Expression;
  /** Rows of SHOW, DESCRIBE and EXPLAIN in FROM. */
  readonly statementRows: (statement: Statement, ctx: Planning) => Node;
  /** The settings with those of a query within the statement. */
  readonly nestedSettings: (items: readonly SettingItem[], settings: Settings) => Settings;
  /** User-defined functions by name. */
  readonly userFunctions: ReadonlyMap<string, Lambda>;
  readonly subqueries: PlannedSubquery[];
  nextColumn: number;
  depth: number;
  /** Queries in one another that are being bound. */
  queries?: number;
  /** Columns that hold the elements of a constant array (arrayJoin), by id. */
  valueSets?: Map<number, readonly LitValue[]>;
  /** Columns that are parameters of lambdas: they have no value outside of them. */
  lambdaColumns?: Set<number>;
  /** Lambdas that are being written out. */
  lambdas?: Set<Lambda>;
  /** Views in one another that are being bound. */
  views?: number;
  /** False once the plan holds something that may differ in the next run of the same text. */
  cacheable: boolean;
  /** What rules say of their choices, for EXPLAIN. */
  notes?: string[];
  /** Absent where a plan must not depend on files: definitions of tables. */
  readonly outside?: OutsideFiles;
  /** Input of the running INSERT for input(); set by that statement. */
  input?: { columns: readonly TableColumn[]; node: (columns: readonly Column[]) => Node };
}

/** A failure at a place in the statement. run.ts turns the span into position, line and column. */
export class SpannedError extends Error {
  readonly error: EngineError;
  readonly span: Span;
  constructor(error: EngineError, span: Span) {
    super(error.message);
    this.error = error;
    this.span = span;
  }
}

/** Makes a failure that points at `span`; the caller throws it. */
export function failAt(
  span: Span | undefined,
  name: ErrorName,
  message: string,
  extra?: FailureExtra,
): Error {
  const error = fail(name, message, extra);
  return span ? new SpannedError(error, span) : error;
}

export function notBuilt(span: Span | undefined, what: string, hint?: string): Error {
  return failAt(span, 'NOT_IMPLEMENTED', `${what} is not implemented yet`, hint ? { hint } : {});
}

export function newColumn(ctx: Planning, name: string, type: string): Column {
  return { id: ctx.nextColumn++, name, type };
}

export const elementsMax = 500_000;
const levelsMax = 900;

/** Refuses expressions that aliases have blown up. */
export function checkMeasure(
  { depth, size }: { depth: number; size: number },
  span: Span | undefined,
): void {
  if (depth > levelsMax) {
    const text = `The expression is nested too deeply (more than ${levelsMax} levels, aliases written out)`;
    throw failAt(span, 'TOO_DEEP_RECURSION', text);
  }
  if (size > elementsMax) {
    throw failAt(
      span,
      'TOO_BIG_AST',
      `The query has more than ${elementsMax} elements, aliases written out`,
    );
  }
}

/** Runs `work` one level deeper; expressions nested too deeply are refused, not overflowed. */
export function deeper<T>(ctx: Planning, span: Span, work: () => T): T {
  if (++ctx.depth > levelsMax) {
    throw failAt(
      span,
      'TOO_DEEP_AST',
      'The expression is nested too deeply (more than 900 levels)',
    );
  }
  try {
    return work();
  } finally {
    ctx.depth--;
  }
}
