// CREATE, ATTACH and REPLACE of tables, views, databases, functions, indexes, dictionaries.
import type { Name, NodeBase, StatementBase, TableName } from './base.ts';
import type { DataType } from './data-type.ts';
import type { Expression, FunctionCall, Literal, SettingItem } from './expression.ts';
import type { Query } from './query.ts';
import type { IndexDefinition, Refresh, Storage, TableElement } from './table.ts';

export interface CreateTable extends StatementBase {
  kind: 'CreateTable';
  /** REPLACE is `REPLACE TABLE` (the table must exist). */
  mode: 'CREATE' | 'CREATE OR REPLACE' | 'REPLACE' | 'ATTACH';
  temporary: boolean;
  ifNotExists: boolean;
  name: TableName;
  uuid?: string;
  cluster?: string;
  /** ATTACH TABLE t FROM 'path'. */
  fromPath?: string;
  /** Columns, indexes, projections and constraints in their written order. */
  elements?: TableElement[];
  /** PRIMARY KEY inside the parentheses. */
  primaryKey?: Expression[];
  storage?: Storage;
  comment?: string;
  /** AS SELECT …; `empty` for EMPTY AS. */
  query?: Query;
  empty: boolean;
  /** AS other_table, CLONE AS other_table, CLONE OF other_table. */
  asTable?: TableName;
  clone: boolean;
  /** AS numbers(10). */
  asFunction?: FunctionCall;
}

export interface CreateView extends StatementBase {
  kind: 'CreateView';
  mode: 'CREATE' | 'CREATE OR REPLACE' | 'ATTACH';
  type: 'VIEW' | 'MATERIALIZED' | 'WINDOW';
  temporary: boolean;
  ifNotExists: boolean;
  name: TableName;
  uuid?: string;
  cluster?: string;
  to?: TableName;
  elements?: TableElement[];
  primaryKey?: Expression[];
  storage?: Storage;
  refresh?: Refresh;
  populate: boolean;
  empty: boolean;
  definer?: string;
  security?: 'DEFINER' | 'INVOKER' | 'NONE';
  comment?: string;
  query: Query;
}

export interface CreateDatabase extends StatementBase {
  kind: 'CreateDatabase';
  mode: 'CREATE' | 'ATTACH';
  ifNotExists: boolean;
  name: Name;
  uuid?: string;
  cluster?: string;
  engine?: FunctionCall;
  settings?: SettingItem[];
  comment?: string;
}

export interface CreateFunction extends StatementBase {
  kind: 'CreateFunction';
  orReplace: boolean;
  ifNotExists: boolean;
  name: Name;
  cluster?: string;
  /** A lambda; what else stands there is refused when the statement runs. */
  lambda: Expression;
}

/** CREATE INDEX name ON t (expr) TYPE …. */
export interface CreateIndex extends StatementBase {
  kind: 'CreateIndex';
  unique: boolean;
  ifNotExists: boolean;
  table: TableName;
  cluster?: string;
  index: IndexDefinition;
}

/** Parsed so that the refusal can name it; the attributes stay as calls and pairs. */
export interface CreateDictionary extends StatementBase {
  kind: 'CreateDictionary';
  mode: 'CREATE' | 'CREATE OR REPLACE' | 'REPLACE' | 'ATTACH';
  ifNotExists: boolean;
  name: TableName;
  cluster?: string;
  attributes: DictionaryAttribute[];
  primaryKey: Expression[];
  source?: DictionaryCall;
  lifetime?: DictionaryCall;
  layout?: DictionaryCall;
  range?: DictionaryCall;
  settings?: SettingItem[];
  comment?: string;
}
export interface DictionaryAttribute extends NodeBase {
  kind: 'DictionaryAttribute';
  name: Name;
  type: DataType;
  default?: Expression;
  expression?: Expression;
  flags: string[];
}
/** `SOURCE(CLICKHOUSE(TABLE 't' DB 'd'))`: words with optional arguments. */
export interface DictionaryCall extends NodeBase {
  kind: 'DictionaryCall';
  name: string;
  args: (DictionaryCall | Literal | FunctionCall)[];
  /** `name value` without parentheses. */
  value?: Literal | FunctionCall;
}
