// Query nodes: SELECT and set operations, the FROM clause, and the clauses they consist of.
import type { Name, NodeBase, TableName } from './base.ts';
import type { Expression, FunctionCall, SettingItem } from './expression.ts';
import type { Statement } from './statement.ts';
import type { WindowSpec } from './window.ts';

/** `name [(columns)] AS [NOT] [MATERIALIZED] (query)`. */
export interface CommonTable extends NodeBase {
  kind: 'CommonTable';
  name: Name;
  columns?: Name[];
  materialized?: boolean;
  query: Query;
}
/** `expression AS name`; the expression may be a Subquery, a Lambda or a literal. */
export interface CommonExpression extends NodeBase {
  kind: 'CommonExpression';
  name: Name;
  expr: Expression;
}
export interface With extends NodeBase {
  kind: 'With';
  recursive: boolean;
  items: (CommonTable | CommonExpression)[];
}

export interface GroupBy extends NodeBase {
  kind: 'GroupBy';
  mode: 'LIST' | 'ALL' | 'ROLLUP' | 'CUBE' | 'GROUPING SETS';
  /** Keys; empty for ALL and GROUPING SETS. */
  items: Expression[];
  /** Only for GROUPING SETS. */
  sets?: Expression[][];
  /** What follows GROUPING SETS although the two cannot be combined. */
  levels?: 'ROLLUP' | 'CUBE';
}

export interface Fill extends NodeBase {
  kind: 'Fill';
  from?: Expression;
  to?: Expression;
  step?: Expression;
  staleness?: Expression;
}
export interface OrderItem extends NodeBase {
  kind: 'OrderItem';
  expr: Expression;
  direction?: 'ASC' | 'DESC';
  nulls?: 'FIRST' | 'LAST';
  collate?: string;
  fill?: Fill;
}
/** `name` or `name AS expr` within INTERPOLATE. */
export interface InterpolateItem extends NodeBase {
  kind: 'InterpolateItem';
  name: Name;
  expr?: Expression;
}
export interface OrderBy extends NodeBase {
  kind: 'OrderBy';
  /** ORDER BY ALL: the one item holds direction and nulls, its expr is the Identifier ALL. */
  all: boolean;
  items: OrderItem[];
  /** `[]` for a bare INTERPOLATE. */
  interpolate?: InterpolateItem[];
}

/** `LIMIT n [OFFSET m] BY …`; `by` is empty with `all`. */
export interface LimitBy extends NodeBase {
  kind: 'LimitBy';
  limit: Expression;
  offset?: Expression;
  all: boolean;
  by: Expression[];
}
/** LIMIT, OFFSET, FETCH and TOP together. */
export interface Limit extends NodeBase {
  kind: 'Limit';
  limit?: Expression;
  offset?: Expression;
  withTies: boolean;
}
export interface NamedWindow extends NodeBase {
  kind: 'NamedWindow';
  name: Name;
  spec: WindowSpec;
}

export interface Select extends NodeBase {
  kind: 'Select';
  with?: With;
  distinct: boolean;
  /** DISTINCT ON (…). */
  distinctOn?: Expression[];
  /** Items with a name are Alias nodes. FROM-first without SELECT holds one Star. */
  columns: Expression[];
  /** SELECT … INTO t. */
  into?: TableName;
  from?: TableExpression;
  prewhere?: Expression;
  where?: Expression;
  groupBy?: GroupBy;
  totals: boolean;
  having?: Expression;
  windows: NamedWindow[];
  qualify?: Expression;
  orderBy?: OrderBy;
  limitBy?: LimitBy;
  limit?: Limit;
  settings?: SettingItem[];
}

/** Two or more queries joined by one operator; associates to the left. A WITH before the first
 *  SELECT belongs to the whole. ORDER BY, LIMIT and SETTINGS written after the last SELECT
 *  belong to that SELECT, as in ClickHouse; they stand here only after a query in parentheses. */
export interface SetOperation extends NodeBase {
  kind: 'SetOperation';
  op: 'UNION' | 'INTERSECT' | 'EXCEPT';
  /** undefined: as the settings union_default_mode, intersect_default_mode, … say. */
  quantifier?: 'ALL' | 'DISTINCT';
  byName: boolean;
  with?: With;
  queries: Query[];
  orderBy?: OrderBy;
  limit?: Limit;
  settings?: SettingItem[];
}

/** `VALUES (1, 'a'), (2, 'b')` as a query. Each row is an expression, mostly a Tuple. */
export interface ValuesQuery extends NodeBase {
  kind: 'Values';
  rows: Expression[];
}

/** `FROM (EXPLAIN …)`, `FROM (SHOW …)`, `FROM (DESCRIBE …)`. */
export interface StatementQuery extends NodeBase {
  kind: 'StatementQuery';
  statement: Statement;
}

export type Query = Select | SetOperation | ValuesQuery | StatementQuery;

export interface Sample extends NodeBase {
  kind: 'Sample';
  /** A number in (0, 1], a row count, or a ratio `1/10` (a Binary). */
  size: Expression;
  offset?: Expression;
}

/** `t [VERSION AS OF n | TIMESTAMP AS OF '…'] [AS a] [FINAL] [SAMPLE …]`. */
export interface TableRef extends NodeBase {
  kind: 'Table';
  name: TableName;
  version?: Expression;
  timestamp?: Expression;
  alias?: Name;
  columnAliases?: Name[];
  final: boolean;
  sample?: Sample;
}
/** `numbers(10)`. */
export interface TableFunctionRef extends NodeBase {
  kind: 'TableFunction';
  call: FunctionCall;
  alias?: Name;
  columnAliases?: Name[];
  final: boolean;
  sample?: Sample;
}
/** `(query) AS a(x, y)`; lateral: LATERAL (query). */
export interface TableSubquery extends NodeBase {
  kind: 'TableSubquery';
  query: Query;
  alias?: Name;
  columnAliases?: Name[];
  final: boolean;
  sample?: Sample;
}
/** FROM 'file.parquet'. */
export interface TableFile extends NodeBase {
  kind: 'TableFile';
  path: string;
  alias?: Name;
}
/** Left-deep; comma is `type: 'COMMA'`. */
export interface Join extends NodeBase {
  kind: 'Join';
  type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | 'COMMA' | 'PASTE';
  strictness?: 'ANY' | 'ALL' | 'ASOF' | 'SEMI' | 'ANTI';
  locality?: 'GLOBAL' | 'LOCAL';
  natural: boolean;
  left: TableExpression;
  right: TableExpression;
  on?: Expression;
  /** Items may be Alias nodes. */
  using?: Expression[];
}
/** `left [LEFT] ARRAY JOIN items`; items with a name are Alias nodes. */
export interface ArrayJoin extends NodeBase {
  kind: 'ArrayJoin';
  type: 'INNER' | 'LEFT';
  left: TableExpression;
  items: Expression[];
}
/** `source PIVOT (aggregates FOR columns IN (values) [GROUP BY …])`. */
export interface Pivot extends NodeBase {
  kind: 'Pivot';
  source: TableExpression;
  aggregates: Expression[];
  /** FOR column IN values. */
  columns: PivotColumn[];
  groupBy: Expression[];
  alias?: Name;
}
export interface PivotColumn extends NodeBase {
  kind: 'PivotColumn';
  expr: Expression;
  values: Expression[];
}
/** `source UNPIVOT [INCLUDE NULLS] (value FOR name IN (a, b))`. */
export interface Unpivot extends NodeBase {
  kind: 'Unpivot';
  source: TableExpression;
  includeNulls: boolean;
  values: Name[];
  names: Name[];
  /** Items with a name are Alias nodes, groups of columns are Tuples. */
  columns: Expression[];
  alias?: Name;
}
export type TableExpression =
  | TableRef
  | TableFunctionRef
  | TableSubquery
  | TableFile
  | Join
  | ArrayJoin
  | Pivot
  | Unpivot;

export type QueryPart =
  | CommonTable
  | CommonExpression
  | With
  | GroupBy
  | Fill
  | OrderItem
  | InterpolateItem
  | OrderBy
  | LimitBy
  | Limit
  | NamedWindow
  | Sample
  | PivotColumn;

/** Where the rows of a statement go: INTO OUTFILE, FORMAT, trailing SETTINGS. */
export interface Output extends NodeBase {
  kind: 'Output';
  format?: Name;
  outfile?: string;
  outfileMode?: 'APPEND' | 'TRUNCATE';
  andStdout: boolean;
  compression?: string;
  level?: Expression;
  settings?: SettingItem[];
}
