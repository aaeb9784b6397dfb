// Expression nodes: everything that has a value.
// Every node has `kind` and `span` (UTF-16 offsets, half open). Optional parts that were not
// written are `undefined`. Parentheses leave no node: print/ puts them back by precedence.
import type { Name, NodeBase, Span, TableName } from './base.ts';
import type { DataType, EnumValue, TypeField, TypeSetting } from './data-type.ts';
import type { OrderItem, Query } from './query.ts';
import type { Frame, FrameBound, WindowSpec } from './window.ts';

/** Number text keeps its spelling without underscores: `-1`, `0x1F`, `1e10`, `inf`, `nan`. */
export interface NumberLiteral extends NodeBase {
  kind: 'Literal';
  type: 'number';
  text: string;
}
export interface StringLiteral extends NodeBase {
  kind: 'Literal';
  type: 'string';
  value: string;
  /** Hexadecimal, only when the bytes are not valid UTF-8 (`value` is lossy then). */
  bytes?: string;
}
export interface BoolLiteral extends NodeBase {
  kind: 'Literal';
  type: 'bool';
  value: boolean;
}
export interface NullLiteral extends NodeBase {
  kind: 'Literal';
  type: 'null';
}
/** `DEFAULT` where a value is expected: in SET, SETTINGS and UPDATE. */
export interface DefaultLiteral extends NodeBase {
  kind: 'Literal';
  type: 'default';
}
export type Literal = NumberLiteral | StringLiteral | BoolLiteral | NullLiteral | DefaultLiteral;

/** A column, alias or lambda argument: `a`, `t.a`, `db.t.a`, `nested.x.y`. */
export interface Identifier extends NodeBase {
  kind: 'Identifier';
  parts: Name[];
}

/** `*`, `t.*`, `db.t.*`, or `expr.*` (all elements of a tuple). */
export interface Star extends NodeBase {
  kind: 'Star';
  qualifier?: Name[];
  source?: Expression;
  transformers: ColumnTransformer[];
}

/** `COLUMNS('re')`, `COLUMNS(a, b)`, `t.COLUMNS('re')`. */
export interface ColumnsMatcher extends NodeBase {
  kind: 'ColumnsMatcher';
  qualifier?: Name[];
  pattern?: string;
  columns?: Identifier[];
  transformers: ColumnTransformer[];
}

export interface ExceptTransformer extends NodeBase {
  kind: 'ExceptTransformer';
  strict: boolean;
  pattern?: string;
  columns: Identifier[];
}
export interface ReplaceTransformer extends NodeBase {
  kind: 'ReplaceTransformer';
  strict: boolean;
  items: Alias[];
}
/** `APPLY(f)`, `APPLY(quantile(0.9))`, `APPLY(x -> x + 1)`, `APPLY(f, 'prefix_')`. */
export interface ApplyTransformer extends NodeBase {
  kind: 'ApplyTransformer';
  lambda?: Lambda;
  name?: Name;
  parameters?: Expression[];
  prefix?: string;
}
export type ColumnTransformer = ExceptTransformer | ReplaceTransformer | ApplyTransformer;

/** How a call was written when it was not `name(args)`; `args` are always in call order.
 *  `count(*)` keeps the Star in args. */
export type FunctionForm =
  | 'DATE' // DATE '2020-01-01' → toDate
  | 'TIMESTAMP' // TIMESTAMP '…' → toDateTime
  | 'EXTRACT' // EXTRACT(YEAR FROM x) → toYear(x)
  | 'SUBSTRING' // SUBSTRING(s FROM a [FOR b]) → substring(s, a[, b])
  | 'TRIM' // TRIM([BOTH|LEADING|TRAILING] [chars] FROM s) → trimBoth / trimLeft / trimRight
  | 'POSITION' // POSITION(needle IN haystack) → position(haystack, needle)
  | 'OVERLAY' // OVERLAY(s PLACING r FROM a [FOR b]) → overlay(s, r, a[, b])
  | 'DATE_ADD' // DATE_ADD(DAY, 1, d), TIMESTAMPADD(DAY, 1, d) → plus(d, INTERVAL 1 DAY)
  | 'DATE_SUB' // DATE_SUB(DAY, 1, d) → minus(d, INTERVAL 1 DAY)
  | 'DATE_DIFF' // DATE_DIFF(DAY, a, b) → dateDiff('day', a, b)
  | 'CURRENT' // CURRENT_DATE, CURRENT_TIMESTAMP, CURRENT_USER … without parentheses
  | 'VIEW'; // view(SELECT …): args = [Subquery]

/** A call: `quantile(0.9)(x) FILTER (WHERE …) OVER w`; `parameters` are the first parentheses. */
export interface FunctionCall extends NodeBase {
  kind: 'Function';
  name: string;
  nameSpan: Span;
  args: Expression[];
  parameters?: Expression[];
  distinct: boolean;
  /** `ORDER BY` inside the parentheses of an aggregate. */
  orderBy?: OrderItem[];
  nulls?: 'IGNORE' | 'RESPECT';
  filter?: Expression;
  /** The name of a WINDOW or a specification written in place. */
  over?: Name | WindowSpec;
  /** `SETTINGS …` as the last argument of a table function. */
  settings?: SettingItem[];
  form?: FunctionForm;
}

export interface SettingItem extends NodeBase {
  kind: 'SettingItem';
  name: string;
  nameSpan: Span;
  value: Expression;
}

export interface Lambda extends NodeBase {
  kind: 'Lambda';
  params: Name[];
  body: Expression;
}

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | 'MOD'
  | 'DIV'
  | '='
  | '=='
  | '!='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '<=>'
  | 'LIKE'
  | 'NOT LIKE'
  | 'ILIKE'
  | 'NOT ILIKE'
  | 'REGEXP'
  | 'IS DISTINCT FROM'
  | 'IS NOT DISTINCT FROM';

/** ClickHouse's name for the operator's function. */
export type BinaryFunction =
  | 'plus'
  | 'minus'
  | 'multiply'
  | 'divide'
  | 'modulo'
  | 'intDiv'
  | 'equals'
  | 'notEquals'
  | 'less'
  | 'lessOrEquals'
  | 'greater'
  | 'greaterOrEquals'
  | 'isDistinctFrom'
  | 'isNotDistinctFrom'
  | 'like'
  | 'notLike'
  | 'ilike'
  | 'notILike'
  | 'match';

/** Chains of equal precedence are left-deep and may be 100,000 long: walk the left spine in a
 *  loop. */
export interface Binary extends NodeBase {
  kind: 'Binary';
  op: BinaryOperator;
  fn: BinaryFunction;
  opSpan: Span;
  left: Expression;
  right: Expression;
}

/** `a AND b AND c`: one flat node for a run of one of the three mergeable operators (as in
 *  ClickHouse: and(a, b, c)). An operand of the same op was in parentheses. */
export interface Chain extends NodeBase {
  kind: 'Chain';
  op: 'AND' | 'OR' | '||';
  fn: 'and' | 'or' | 'concat';
  operands: Expression[];
}

export interface Unary extends NodeBase {
  kind: 'Unary';
  op: 'NOT' | '-';
  fn: 'not' | 'negate';
  operand: Expression;
}

export interface Ternary extends NodeBase {
  kind: 'Ternary';
  condition: Expression;
  whenTrue: Expression;
  whenFalse: Expression;
}

export interface When extends NodeBase {
  kind: 'When';
  when: Expression;
  result: Expression;
}
export interface Case extends NodeBase {
  kind: 'Case';
  operand?: Expression;
  whens: When[];
  otherwise?: Expression;
}

/** `x::T`, `CAST(x AS T)`. `CAST(x, 'T')` stays a Function named CAST. */
export interface Cast extends NodeBase {
  kind: 'Cast';
  form: '::' | 'CAST';
  expr: Expression;
  type: DataType;
}

export type IntervalUnit =
  | 'NANOSECOND'
  | 'MICROSECOND'
  | 'MILLISECOND'
  | 'SECOND'
  | 'MINUTE'
  | 'HOUR'
  | 'DAY'
  | 'WEEK'
  | 'MONTH'
  | 'QUARTER'
  | 'YEAR';

/** `INTERVAL 1 DAY`. `INTERVAL '1 day'` arrives as the same node; `INTERVAL '1 hour 2 minutes'`
 *  as a Tuple of intervals. */
export interface Interval extends NodeBase {
  kind: 'Interval';
  value: Expression;
  unit: IntervalUnit;
}

export interface Between extends NodeBase {
  kind: 'Between';
  negated: boolean;
  expr: Expression;
  low: Expression;
  high: Expression;
}

/** `x [GLOBAL] [NOT] IN source`. A list in parentheses is always a Tuple, even `IN (1)`, whose
 *  one item is the value itself; `IN (SELECT …)` is a Subquery; `IN t` an Identifier (a table, or a
 *  value in scope); else Array, Function, Parameter… */
export interface In extends NodeBase {
  kind: 'In';
  negated: boolean;
  global: boolean;
  expr: Expression;
  source: Expression;
}

export interface IsNull extends NodeBase {
  kind: 'IsNull';
  negated: boolean;
  expr: Expression;
}

/** `x = ANY (SELECT …)`, `x > ALL (SELECT …)`; SOME arrives as ANY. */
export interface Quantified extends NodeBase {
  kind: 'Quantified';
  op: BinaryOperator;
  fn: BinaryFunction;
  quantifier: 'ANY' | 'ALL';
  expr: Expression;
  query: Query;
}

export interface Exists extends NodeBase {
  kind: 'Exists';
  query: Query;
}

/** A query in parentheses used as a value. */
export interface Subquery extends NodeBase {
  kind: 'Subquery';
  query: Query;
}

/** `(a, b)`, `(a,)`, `()`. */
export interface Tuple extends NodeBase {
  kind: 'Tuple';
  items: Expression[];
}
export interface ArrayLiteral extends NodeBase {
  kind: 'Array';
  items: Expression[];
}
/** `{'a': 1, 'b': 2}`. */
export interface MapLiteral extends NodeBase {
  kind: 'Map';
  keys: Expression[];
  values: Expression[];
}
/** `a[i]` → arrayElement(a, i). */
export interface Index extends NodeBase {
  kind: 'Index';
  expr: Expression;
  index: Expression;
}
/** `t.1`, `(…).name`, `f(x).name`. A dotted name after an identifier is part of the Identifier. */
export interface TupleAccess extends NodeBase {
  kind: 'TupleAccess';
  expr: Expression;
  /** From 1; negative counts from the end. */
  index?: number;
  name?: Name;
}

/** `{name:Type}`. */
export interface Parameter extends NodeBase {
  kind: 'Parameter';
  name: string;
  type: DataType;
}
/** `?`; `index` counts from 0 over the whole text. */
export interface Positional extends NodeBase {
  kind: 'Positional';
  index: number;
}

/** `expr AS name`, or `expr name` in select lists; may stand anywhere inside an expression. */
export interface Alias extends NodeBase {
  kind: 'Alias';
  expr: Expression;
  alias: Name;
}

export type Expression =
  | Literal
  | Identifier
  | Star
  | ColumnsMatcher
  | FunctionCall
  | Lambda
  | Binary
  | Chain
  | Unary
  | Ternary
  | Case
  | Cast
  | Interval
  | Between
  | In
  | IsNull
  | Quantified
  | Exists
  | Subquery
  | Tuple
  | ArrayLiteral
  | MapLiteral
  | Index
  | TupleAccess
  | Parameter
  | Positional
  | Alias;

/** Parts that stand inside expressions without having a value. */
export type ExpressionPart =
  | Name
  | TableName
  | ColumnTransformer
  | SettingItem
  | When
  | FrameBound
  | Frame
  | WindowSpec
  | DataType
  | TypeField
  | EnumValue
  | TypeSetting;
