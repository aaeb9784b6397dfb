// Statement nodes: what one `;` ends.
import type {
  ColumnsMatcher,
  DataType,
  Expression,
  FunctionCall,
  Identifier,
  Lambda,
  Literal,
  Name,
  NodeBase,
  SettingItem,
  Star,
  TableName,
} from './expression.ts';
import type { Output, Query, TableExpression } from './query.ts';
import type {
  AlterCommand,
  Assignment,
  IndexDefinition,
  Partition,
  Refresh,
  Storage,
  TableElement,
} from './table.ts';

interface StatementBase extends NodeBase {
  /** FORMAT, INTO OUTFILE and trailing SETTINGS, when written. */
  output?: Output;
}

export interface QueryStatement extends StatementBase {
  kind: 'QueryStatement';
  query: Query;
}

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
  type: 'VIEW' | 'MATERIALIZED' | 'LIVE' | 'WINDOW';
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
  lambda: Lambda;
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

// ---- access

/** Roles or users: `a, b`, ALL, NONE, ALL EXCEPT a, CURRENT_USER. */
export interface RoleSet extends NodeBase {
  kind: 'RoleSet';
  all: boolean;
  none: boolean;
  names: Name[];
  except: Name[];
}
export interface AuthMethod extends NodeBase {
  kind: 'AuthMethod';
  /** undefined for a bare `BY '…'`; lower case: no_password, plaintext_password, sha256_hash, … */
  type?: string;
  /** Password, hash, LDAP server, certificate name…: what BY, SERVER, REALM, CN hold. */
  values: string[];
  keyword?: string;
  salt?: string;
  validUntil?: string;
}
export interface HostRule extends NodeBase {
  kind: 'HostRule';
  type: 'ANY' | 'NONE' | 'LOCAL' | 'NAME' | 'REGEXP' | 'IP' | 'LIKE';
  values: string[];
}
/** An element of SETTINGS in users, roles and profiles. */
export interface ProfileSetting extends NodeBase {
  kind: 'ProfileSetting';
  name?: string;
  value?: Expression;
  min?: Expression;
  max?: Expression;
  writability?: string;
  /** PROFILE 'x' or INHERIT 'x'. */
  profile?: string;
}
/** CREATE and ALTER of users, roles and profiles share one shape. */
export interface AccessEntity extends StatementBase {
  kind: 'AccessEntity';
  action: 'CREATE' | 'CREATE OR REPLACE' | 'ALTER';
  object: 'USER' | 'ROLE' | 'SETTINGS PROFILE';
  ifNotExists: boolean;
  ifExists: boolean;
  names: Name[];
  cluster?: string;
  rename?: Name;
  auth?: AuthMethod[];
  addAuth: boolean;
  resetAuth: boolean;
  hosts?: HostRule[];
  hostsAction?: 'SET' | 'ADD' | 'DROP';
  validUntil?: string;
  defaultRole?: RoleSet;
  defaultDatabase?: string;
  grantees?: RoleSet;
  settings?: ProfileSetting[];
  settingsAction?: 'SET' | 'ADD' | 'MODIFY' | 'DROP';
  dropSettings?: string[];
  to?: RoleSet;
  storage?: string;
}
export interface RowPolicy extends StatementBase {
  kind: 'RowPolicy';
  action: 'CREATE' | 'CREATE OR REPLACE' | 'ALTER';
  ifNotExists: boolean;
  ifExists: boolean;
  names: Name[];
  tables: GrantTarget[];
  cluster?: string;
  rename?: Name;
  /** `undefined`: unchanged; `'NONE'`: USING NONE. */
  using?: Expression | 'NONE';
  restrictive?: boolean;
  to?: RoleSet;
}
export interface QuotaLimit extends NodeBase {
  kind: 'QuotaLimit';
  randomized: boolean;
  interval: Expression;
  /** Lower-case names; none for NO LIMITS and TRACKING ONLY. */
  max: { name: string; value: Expression }[];
  mode: 'MAX' | 'NO LIMITS' | 'TRACKING ONLY';
}
export interface Quota extends StatementBase {
  kind: 'Quota';
  action: 'CREATE' | 'CREATE OR REPLACE' | 'ALTER';
  ifNotExists: boolean;
  ifExists: boolean;
  names: Name[];
  cluster?: string;
  rename?: Name;
  keyedBy?: string[];
  limits?: QuotaLimit[];
  to?: RoleSet;
}
/** `db.t`, `db.*`, `*.*`, `t`, `*`; undefined parts are `*`; `current` when no database was
 *  written. A trailing star in a name (`db.prefix*`) stays in the name. */
export interface GrantTarget extends NodeBase {
  kind: 'GrantTarget';
  currentDatabase: boolean;
  database?: Name;
  table?: Name;
}
export interface Privilege extends NodeBase {
  kind: 'Privilege';
  /** Upper case, words joined by one blank: `ALTER UPDATE`. */
  name: string;
  columns?: Name[];
}
export interface Grant extends StatementBase {
  kind: 'Grant';
  action: 'GRANT' | 'REVOKE';
  cluster?: string;
  /** Privileges ON targets, or roles. */
  privileges?: { items: Privilege[]; on: GrantTarget }[];
  roles?: RoleSet;
  grantees: RoleSet;
  grantOption: boolean;
  adminOption: boolean;
  replace: boolean;
}
export interface SetRole extends StatementBase {
  kind: 'SetRole';
  type: 'ROLE' | 'ROLE DEFAULT' | 'DEFAULT ROLE';
  roles?: RoleSet;
  to?: RoleSet;
}
export interface DropAccess extends StatementBase {
  kind: 'DropAccess';
  object: 'USER' | 'ROLE' | 'ROW POLICY' | 'QUOTA' | 'SETTINGS PROFILE' | 'NAMED COLLECTION';
  ifExists: boolean;
  names: Name[];
  tables?: GrantTarget[];
  cluster?: string;
}
export interface NamedCollection extends StatementBase {
  kind: 'NamedCollection';
  action: 'CREATE' | 'ALTER';
  ifExists: boolean;
  ifNotExists: boolean;
  name: Name;
  cluster?: string;
  set: { name: string; value: Expression; overridable?: boolean }[];
  remove: string[];
}

// ---- tables

export type ObjectType = 'TABLE' | 'VIEW' | 'DICTIONARY' | 'DATABASE' | 'FUNCTION' | 'INDEX';
/** DROP, DETACH, TRUNCATE and UNDROP. Databases and functions have only `table` in the name. */
export interface Drop extends StatementBase {
  kind: 'Drop';
  action: 'DROP' | 'DETACH' | 'TRUNCATE' | 'UNDROP';
  object: ObjectType;
  temporary: boolean;
  ifExists: boolean;
  ifEmpty: boolean;
  /** Several only for DROP TABLE a, b. */
  names: TableName[];
  uuid?: string;
  /** DROP INDEX name ON table. */
  on?: TableName;
  cluster?: string;
  permanently: boolean;
  sync: boolean;
  /** TRUNCATE ALL TABLES FROM db [LIKE 'x']. */
  allTables: boolean;
  like?: { pattern: string; negated: boolean; caseInsensitive: boolean };
  settings?: SettingItem[];
}
export interface Rename extends StatementBase {
  kind: 'Rename';
  action: 'RENAME' | 'EXCHANGE';
  object: 'TABLE' | 'DATABASE' | 'DICTIONARY';
  ifExists: boolean;
  pairs: { from: TableName; to: TableName }[];
  cluster?: string;
}
export interface AlterTable extends StatementBase {
  kind: 'AlterTable';
  temporary: boolean;
  ifExists: boolean;
  name: TableName;
  cluster?: string;
  commands: AlterCommand[];
}
export interface AlterDatabase extends StatementBase {
  kind: 'AlterDatabase';
  name: Name;
  cluster?: string;
  settings?: SettingItem[];
  comment?: string;
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
export interface Optimize extends StatementBase {
  kind: 'Optimize';
  table: TableName;
  cluster?: string;
  partition?: Partition;
  dryRun: boolean;
  final: boolean;
  /** `[]` for a bare DEDUPLICATE. */
  deduplicate?: Expression[];
  cleanup: boolean;
  /** ZORDER BY (a, b). */
  zorderBy?: Expression[];
  settings?: SettingItem[];
}
/** CHECK TABLE, CHECK ALL TABLES, CHECK DATABASE, CHECK ROLLUP, CHECK GRANT. */
export interface Check extends StatementBase {
  kind: 'Check';
  object: 'TABLE' | 'ALL TABLES' | 'DATABASE' | 'ROLLUP' | 'GRANT';
  name?: TableName;
  partition?: Partition;
  privileges?: { items: Privilege[]; on: GrantTarget }[];
  settings?: SettingItem[];
}
export interface Vacuum extends StatementBase {
  kind: 'Vacuum';
  table: TableName;
  retain?: Expression;
  dryRun: boolean;
}

// ---- looking

/** `type`: upper case words after SHOW: TABLES, DATABASES, COLUMNS, INDEXES, FUNCTIONS, SETTINGS,
 *  SETTING, PROCESSLIST, CREATE TABLE, CREATE USER, GRANTS, ENGINES, MERGES, …. */
export interface Show extends StatementBase {
  kind: 'Show';
  type: string;
  temporary: boolean;
  full: boolean;
  extended: boolean;
  changed: boolean;
  /** Object of SHOW CREATE, SHOW COLUMNS FROM, SHOW INDEX FROM, SETTING. */
  name?: TableName;
  /** Objects of SHOW CREATE USER and the like. */
  names?: Name[];
  /** SHOW GRANTS FOR. */
  roles?: RoleSet;
  /** SHOW TABLES FROM db. */
  from?: Name;
  like?: { pattern: string; negated: boolean; caseInsensitive: boolean };
  where?: Expression;
  limit?: Expression;
  /** SHOW ACCESS / GRANTS … WITH IMPLICIT FINAL. */
  flags: string[];
}
/** DESCRIBE of a table, a table function or a query; HISTORY and DETAIL of a table. */
export interface Describe extends StatementBase {
  kind: 'Describe';
  mode: 'COLUMNS' | 'HISTORY' | 'DETAIL' | 'CACHE';
  source: TableExpression;
  limit?: Expression;
  settings?: SettingItem[];
}
export interface Summarize extends StatementBase {
  kind: 'Summarize';
  source: TableExpression;
}
export interface ExistsStatement extends StatementBase {
  kind: 'ExistsStatement';
  object: 'TABLE' | 'VIEW' | 'DATABASE' | 'DICTIONARY';
  temporary: boolean;
  name: TableName;
}
export interface Explain extends StatementBase {
  kind: 'Explain';
  /** undefined: a bare EXPLAIN (= PLAN). */
  mode?:
    | 'PLAN'
    | 'AST'
    | 'SYNTAX'
    | 'QUERY TREE'
    | 'PIPELINE'
    | 'ESTIMATE'
    | 'ANALYZE'
    | 'CURRENT TRANSACTION'
    | 'TABLE OVERRIDE'
    | 'WHATIF';
  settings?: SettingItem[];
  statement?: Statement;
}
export interface Use extends StatementBase {
  kind: 'Use';
  database: Name;
}
export interface SetSettings extends StatementBase {
  kind: 'Set';
  settings: SettingItem[];
  /** SET param_x = 1 and SET TIME ZONE arrive as settings too. */
}
export interface Kill extends StatementBase {
  kind: 'Kill';
  object: 'QUERY' | 'MUTATION' | 'PART_MOVE_TO_SHARD' | 'TRANSACTION';
  cluster?: string;
  where: Expression;
  mode: 'ASYNC' | 'SYNC' | 'TEST';
}
/** `command`: upper-case words: FLUSH LOGS, STOP MERGES, RELOAD CONFIG, ADVISE ROLLUPS, …. */
export interface System extends StatementBase {
  kind: 'System';
  command: string;
  table?: TableName;
  /** What follows the words otherwise: names, strings, numbers. */
  args: (Name | Literal)[];
  cluster?: string;
  settings?: SettingItem[];
}
export interface Transaction extends StatementBase {
  kind: 'Transaction';
  action: 'BEGIN' | 'COMMIT' | 'ROLLBACK' | 'SNAPSHOT';
  snapshot?: Literal;
}

// ---- backup

export interface BackupItem extends NodeBase {
  kind: 'BackupItem';
  object: 'TABLE' | 'DATABASE' | 'ALL' | 'TEMPORARY TABLE' | 'VIEW' | 'DICTIONARY';
  name?: TableName;
  as?: TableName;
  partitions?: Partition[];
  exceptTables?: TableName[];
  exceptDatabases?: Name[];
}
export interface Backup extends StatementBase {
  kind: 'Backup';
  action: 'BACKUP' | 'RESTORE';
  items: BackupItem[];
  cluster?: string;
  /** File('x'), Disk('d', 'x'), S3(…). */
  target: FunctionCall;
  settings?: SettingItem[];
  mode?: 'SYNC' | 'ASYNC';
}
/** RESTORE TABLE t TO VERSION AS OF n | TO TIMESTAMP AS OF '…'. */
export interface RestoreVersion extends StatementBase {
  kind: 'RestoreVersion';
  table: TableName;
  version?: Expression;
  timestamp?: Expression;
}

export type Statement =
  | QueryStatement
  | Insert
  | CreateTable
  | CreateView
  | CreateDatabase
  | CreateFunction
  | CreateIndex
  | CreateDictionary
  | AccessEntity
  | RowPolicy
  | Quota
  | Grant
  | SetRole
  | DropAccess
  | NamedCollection
  | Drop
  | Rename
  | AlterTable
  | AlterDatabase
  | Delete
  | Update
  | Merge
  | Optimize
  | Check
  | Vacuum
  | Show
  | Describe
  | Summarize
  | ExistsStatement
  | Explain
  | Use
  | SetSettings
  | Kill
  | System
  | Transaction
  | Backup
  | RestoreVersion;

export type StatementPart =
  | DictionaryAttribute
  | DictionaryCall
  | RoleSet
  | AuthMethod
  | HostRule
  | ProfileSetting
  | QuotaLimit
  | GrantTarget
  | Privilege
  | MergeWhen
  | BackupItem;
