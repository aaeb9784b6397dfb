// Statements that change rows: INSERT, DELETE, UPDATE, MERGE INTO.
import type { Name, NodeBase, StatementBase, TableName } from './base.ts';
import type {
  ColumnsMatcher,
  Expression,
  FunctionCall,
  Identifier,
  SettingItem,
  Star,
} from './expression.ts';
import type { Query, TableExpression } from './query.ts';
import type { Assignment, Partition } from './table.ts';

/** Rows that follow an INSERT in the same text; they are not lexed. */
export interface InlineData {
  /** `Values` after VALUES, else the name after FORMAT. */
  format: string;
  formatSpan: { start: number; end: number };
  /** UTF-16 offsets into the text given to the parser. */
  start: number;
  end: number;
}
export interface Insert extends StatementBase {
  kind: 'Insert';
  /** One of table and tableFunction. */
  table?: TableName;
  tableFunction?: FunctionCall;
  partitionBy?: Expression;
  columns?: (Identifier | Star | ColumnsMatcher)[];
  settings?: SettingItem[];
  /** INSERT … SELECT. With `data` beside it the SELECT reads input(). */
  query?: Query;
  /** With neither query nor data (`INSERT INTO t` at the end) rows come from outside. */
  data?: InlineData;
  infile?: string;
  compression?: string;
}

export interface Delete extends StatementBase {
  kind: 'Delete';
  table: TableName;
  cluster?: string;
  partition?: Partition;
  where: Expression;
  settings?: SettingItem[];
}
export interface Update extends StatementBase {
  kind: 'Update';
  table: TableName;
  cluster?: string;
  assignments: Assignment[];
  partition?: Partition;
  where: Expression;
  settings?: SettingItem[];
}
export interface MergeWhen extends NodeBase {
  kind: 'MergeWhen';
  matched: boolean;
  bySource: boolean;
  condition?: Expression;
  action: 'UPDATE' | 'DELETE' | 'INSERT' | 'NOTHING';
  /** `SET *` and `INSERT *`. */
  all: boolean;
  assignments?: Assignment[];
  columns?: Name[];
  values?: Expression[];
}
export interface Merge extends StatementBase {
  kind: 'Merge';
  into: TableName;
  alias?: Name;
  using: TableExpression;
  on: Expression;
  whens: MergeWhen[];
  settings?: SettingItem[];
}
