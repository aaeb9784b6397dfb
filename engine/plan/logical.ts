// The logical plan: frozen nodes that know their output columns. Columns have ids that are unique
// within one plan, so that rules can move nodes without renumbering; physical/ makes positions.

import type { NamedFile } from './context.ts';
import type { Column, Expr, SortExpr } from './expression.ts';
import type { FrameJson, JoinKind, Lit, LitValue } from './physical/wire.ts';

export interface Assigned {
  readonly column: Column;
  readonly expr: Expr;
}
export interface AggregateItem {
  readonly column: Column;
  readonly name: string;
  readonly params: readonly Lit[];
  readonly args: readonly Expr[];
}
export interface WindowItem extends AggregateItem {
  readonly frame: FrameJson;
}
export interface FillItem {
  readonly column: number;
  readonly desc: boolean;
  readonly from?: Lit;
  readonly to?: Lit;
  readonly step?: Lit;
  readonly staleness?: Lit;
}

/** Names of the columns that keys and skip indexes are made of. */
export interface KeyColumns {
  readonly primary: readonly string[];
  readonly partition: readonly string[];
  readonly indexes: ReadonlyMap<string, readonly string[]>;
}

/** A registered table version; estimates come from the catalog. */
export interface TableHandle {
  readonly handle: number;
  readonly title: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sortKey: readonly string[];
  keyColumns?(): KeyColumns;
  /** The projection whose rows these are. */
  readonly projection?: string;
  /** Other forms that its rows may be read in; made when a rule asks. */
  rollups?(): readonly Rollup[];
}

/** A key of a rollup: an expression over the table's columns, and where its values are. */
export interface RollupKey {
  readonly stored: string;
  /** As it is stored; a cast to the type of `expr` loses nothing. */
  readonly type: string;
  readonly expr: Expr;
}

/** An aggregate of a rollup, in parts that still have to be put together. */
export interface RollupAggregate {
  readonly stored: string;
  readonly type: string;
  readonly item: AggregateItem;
  /** The aggregate function that puts the parts together: sumMerge of states, sum of sums. */
  readonly merge: string;
}

/** What a rollup keeps: groups, or rows in another order. */
export interface RollupForm {
  readonly grouped?: {
    readonly keys: readonly RollupKey[];
    readonly aggregates: readonly RollupAggregate[];
  };
  /** In another order: names of the columns it has, and the order. */
  readonly ordered?: { readonly names: ReadonlySet<string>; readonly keys: readonly Expr[] };
}

/** The rows of a table in another form: a projection, as far as segments have it, or a materialised
 *  view, which has them all. */
export interface Rollup extends RollupForm {
  readonly face: 'projection' | 'view';
  readonly name: string;
  /** Columns of the table under ids of the rollup's own. */
  readonly columns: readonly Column[];
  /** Conditions of the rows it was made of. */
  readonly filters: readonly Expr[];
  /** Why it cannot be read at all. */
  readonly unfit?: string;
  /** Its rows, and those of the table that are not in it, as they are now. */
  readonly rows: { readonly projected: number; readonly rest: number; readonly base: number };
  /** The rows of one side as a table. */
  part(side: 'projected' | 'rest' | 'reordered'): TableHandle;
}

interface Base {
  readonly columns: readonly Column[];
}
export interface Scan extends Base {
  readonly kind: 'scan';
  readonly table: TableHandle;
  /** Name in the table of each output column. */
  readonly names: readonly string[];
  readonly filter?: Expr;
  /** Rows as the table's engine would merge them. */
  readonly final?: { readonly byPartition: boolean };
  readonly limits?: SourceLimits;
}
/** What a query inside another sets for reading; 0 is none. */
export interface SourceLimits {
  readonly rows: number;
  readonly bytes: number;
  /** What is too much is left out instead of a failure. */
  readonly cut: boolean;
  /** Rows of a piece. */
  readonly block: number;
}
export interface One extends Base {
  readonly kind: 'one';
}
export interface Numbers extends Base {
  readonly kind: 'numbers';
  readonly start: number;
  readonly count?: number;
  readonly step: number;
  readonly limits?: SourceLimits;
}
export interface Values extends Base {
  readonly kind: 'values';
  readonly title: string;
  readonly rows: readonly (readonly LitValue[])[];
  /** Rows in a format's notation, instead of `rows`. */
  readonly written?: { readonly format: string; readonly data: Buffer };
}
/** Rows of files outside of the database. */
export interface FilesNode extends Base {
  readonly kind: 'files';
  readonly title: string;
  readonly format: string;
  /** So many columns are the files' own, the others virtual. */
  readonly own: number;
  readonly files: readonly (NamedFile & { readonly virtuals: readonly LitValue[] })[];
}
export interface Batch extends Base {
  readonly kind: 'batch';
  readonly batch: number;
}
/** Rows of a common table that is computed once. */
export interface Shared extends Base {
  readonly kind: 'shared';
  readonly subquery: number;
}
/** WITH RECURSIVE: `step` reads the rows that came last through `working`. */
export interface Recursive extends Base {
  readonly kind: 'recursive';
  readonly table: number;
  readonly name: string;
  readonly first: Node;
  readonly step: Node;
  readonly stepsMax: number;
  readonly distinct: boolean;
}
export interface Working extends Base {
  readonly kind: 'working';
  readonly table: number;
  readonly name: string;
}
export interface Filter extends Base {
  readonly kind: 'filter';
  readonly input: Node;
  readonly predicate: Expr;
}
export interface Project extends Base {
  readonly kind: 'project';
  readonly input: Node;
  readonly items: readonly Assigned[];
}
export interface Aggregate extends Base {
  readonly kind: 'aggregate';
  readonly input: Node;
  readonly keys: readonly Assigned[];
  readonly aggregates: readonly AggregateItem[];
  readonly sets?: readonly (readonly number[])[];
  readonly setColumn?: Column;
  readonly totals: boolean;
  /** The totals are of all groups, also of those that HAVING takes out. */
  readonly totalsOfAll?: boolean;
  /** Keys that group_by_use_nulls made Nullable. */
  readonly widenedKeys?: readonly number[];
  readonly anyGroups?: number;
  readonly emptyIfNoRows: boolean;
}
export interface Sort extends Base {
  readonly kind: 'sort';
  readonly input: Node;
  readonly keys: readonly SortExpr[];
  readonly limit?: number;
  readonly withTies: boolean;
}
export interface Limit extends Base {
  readonly kind: 'limit';
  readonly input: Node;
  readonly limit?: number;
  readonly offset: number;
  readonly ties?: readonly Expr[];
}
export interface LimitBy extends Base {
  readonly kind: 'limitBy';
  readonly input: Node;
  readonly keys: readonly Expr[];
  readonly limit: number;
  readonly offset: number;
}
export interface Distinct extends Base {
  readonly kind: 'distinct';
  readonly input: Node;
  readonly keys?: readonly Expr[];
  readonly limit?: number;
}
export interface Union extends Base {
  readonly kind: 'union';
  readonly inputs: readonly Node[];
}
export interface SetNode extends Base {
  readonly kind: 'setOperation';
  readonly left: Node;
  readonly right: Node;
  readonly operation: 'intersect' | 'except';
  readonly all: boolean;
}
export interface JoinNode extends Base {
  readonly kind: 'join';
  readonly left: Node;
  readonly right: Node;
  readonly join: JoinKind;
  readonly strictness: 'all' | 'any';
  readonly leftKeys: readonly Expr[];
  readonly rightKeys: readonly Expr[];
  readonly residual?: Expr;
  readonly asof?: { readonly left: Expr; readonly right: Expr; readonly op: string };
  readonly useNulls: boolean;
  /** Nobody reads columns of the right side (semi and anti joins of subqueries). */
  readonly rightUnread?: boolean;
  /** Left join with one row at most of each key on the right: the Nullable value it brings. */
  readonly unique?: number;
}
export interface Window extends Base {
  readonly kind: 'window';
  readonly input: Node;
  readonly partition: readonly Expr[];
  readonly order: readonly SortExpr[];
  readonly calls: readonly WindowItem[];
}
export interface Unfold extends Base {
  readonly kind: 'arrayJoin';
  readonly input: Node;
  readonly arrays: readonly Assigned[];
  readonly left: boolean;
}
export interface FillNode extends Base {
  readonly kind: 'fill';
  readonly input: Node;
  readonly keys: readonly FillItem[];
  readonly interpolate: readonly { readonly column: number; readonly expr: Expr }[];
  /** Sorted before the first filled column: rows that differ in them are filled apart. */
  readonly prefix: readonly number[];
}

export type Node =
  | Scan
  | One
  | Numbers
  | Values
  | FilesNode
  | Batch
  | Shared
  | Recursive
  | Working
  | Filter
  | Project
  | Aggregate
  | Sort
  | Limit
  | LimitBy
  | Distinct
  | Union
  | SetNode
  | JoinNode
  | Window
  | Unfold
  | FillNode;

export type NodeOf<K extends Node['kind']> = Extract<Node, { kind: K }>;

export const one: One = { kind: 'one', columns: [] };

export function filter(input: Node, predicate: Expr): Filter {
  return { kind: 'filter', input, predicate, columns: input.columns };
}

export function project(input: Node, items: readonly Assigned[]): Project {
  return { kind: 'project', input, items, columns: items.map((i) => i.column) };
}

/** Inputs of a node, left to right. */
export function inputs(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'scan':
    case 'one':
    case 'numbers':
    case 'values':
    case 'files':
    case 'batch':
    case 'shared':
    case 'working':
      return [];
    case 'recursive':
      return [node.first, node.step];
    case 'union':
      return node.inputs;
    case 'join':
    case 'setOperation':
      return [node.left, node.right];
    default:
      return [node.input];
  }
}

/** The node over changed inputs; columns that only pass through follow them. */
export function withInputs(node: Node, change: (input: Node) => Node): Node {
  switch (node.kind) {
    case 'scan':
    case 'one':
    case 'numbers':
    case 'values':
    case 'files':
    case 'batch':
    case 'shared':
    case 'working':
      return node;
    case 'recursive': {
      const first = change(node.first);
      const step = change(node.step);
      return first === node.first && step === node.step ? node : { ...node, first, step };
    }
    case 'union': {
      const changed = node.inputs.map(change);
      return changed.every((n, i) => n === node.inputs[i]) ? node : { ...node, inputs: changed };
    }
    case 'join':
    case 'setOperation': {
      const left = change(node.left);
      const right = change(node.right);
      if (left === node.left && right === node.right) return node;
      return { ...node, left, right };
    }
    default: {
      const input = change(node.input);
      if (input === node.input) return node;
      switch (node.kind) {
        case 'filter':
        case 'sort':
        case 'limit':
        case 'limitBy':
        case 'distinct':
        case 'fill':
          return { ...node, input, columns: input.columns };
        case 'window':
          return {
            ...node,
            input,
            columns: [...input.columns, ...node.calls.map((c) => c.column)],
          };
        case 'arrayJoin':
          return {
            ...node,
            input,
            columns: [...input.columns, ...node.arrays.map((a) => a.column)],
          };
        default:
          return { ...node, input };
      }
    }
  }
}
