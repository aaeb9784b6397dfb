// Statements about things that are there: DROP, RENAME, ALTER, OPTIMIZE, CHECK, BACKUP, RESTORE, SYSTEM, KILL.
import type { GrantTarget, Privilege } from './access.ts';
import type { Name, NodeBase, StatementBase, TableName } from './base.ts';
import type { Expression, FunctionCall, Literal, SettingItem } from './expression.ts';
import type { AlterCommand, Partition } from './table.ts';

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
