// Statements that look or set: SHOW, DESCRIBE, EXPLAIN, EXISTS, SUMMARIZE, USE, SET, transactions.
import type { RoleSet } from './access.ts';
import type { Name, StatementBase, TableName } from './base.ts';
import type { Expression, Literal, SettingItem } from './expression.ts';
import type { TableExpression } from './query.ts';
import type { Statement } from './statement.ts';

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

export interface Transaction extends StatementBase {
  kind: 'Transaction';
  action: 'BEGIN' | 'COMMIT' | 'ROLLBACK' | 'SNAPSHOT';
  snapshot?: Literal;
}
