// Nodes that declare tables: columns, indexes, projections, constraints, engines, TTL, and the
// commands of ALTER TABLE.
import type { Name, NodeBase, TableName } from './base.ts';
import type { DataType } from './data-type.ts';
import type { Expression, FunctionCall, Identifier, SettingItem } from './expression.ts';
import type { OrderItem, Query, Select } from './query.ts';

export interface ColumnDefault extends NodeBase {
  kind: 'ColumnDefault';
  type: 'DEFAULT' | 'MATERIALIZED' | 'ALIAS' | 'EPHEMERAL' | 'AUTO_INCREMENT';
  /** Missing only for a bare EPHEMERAL and for AUTO_INCREMENT. */
  expr?: Expression;
}
/** `name [type] [NULL|NOT NULL] [DEFAULT e] [COMMENT s] [CODEC(…)] [STATISTICS(…)] [TTL e]
 *  [COLLATE c] [PRIMARY KEY] [SETTINGS (…)]`. A dotted name (`n.a`) is one Name with the dot. */
export interface ColumnDefinition extends NodeBase {
  kind: 'ColumnDefinition';
  name: Name;
  type?: DataType;
  nullable?: boolean;
  default?: ColumnDefault;
  comment?: string;
  /** Each a call without parameters: LZ4, ZSTD(3), Delta(8). */
  codec?: FunctionCall[];
  statistics?: FunctionCall[];
  ttl?: Expression;
  collate?: string;
  primaryKey: boolean;
  settings?: SettingItem[];
}

/** `INDEX name expr TYPE type(args) [GRANULARITY n]`. */
export interface IndexDefinition extends NodeBase {
  kind: 'IndexDefinition';
  name: Name;
  expr: Expression;
  type?: FunctionCall;
  granularity?: number;
}
/** `PROJECTION name (SELECT …)`; the SELECT has no FROM. Or `PROJECTION name INDEX e TYPE t`. */
export interface ProjectionDefinition extends NodeBase {
  kind: 'ProjectionDefinition';
  name: Name;
  query?: Select;
  index?: { expr: Expression; type: FunctionCall };
  settings?: SettingItem[];
}
export interface ConstraintDefinition extends NodeBase {
  kind: 'ConstraintDefinition';
  name: Name;
  type: 'CHECK' | 'ASSUME';
  expr: Expression;
}
/** FOREIGN KEY (…) REFERENCES t (…): read for compatibility, has no effect. */
export interface ForeignKeyDefinition extends NodeBase {
  kind: 'ForeignKeyDefinition';
  name?: Name;
  columns: Name[];
  table: TableName;
  references: Name[];
}
export type TableElement =
  | ColumnDefinition
  | IndexDefinition
  | ProjectionDefinition
  | ConstraintDefinition
  | ForeignKeyDefinition;

/** `column = expr` in UPDATE, TTL … SET and MERGE. */
export interface Assignment extends NodeBase {
  kind: 'Assignment';
  column: Identifier;
  value: Expression;
}

/** `expr [DELETE | TO DISK 'd' | TO VOLUME 'v' | RECOMPRESS CODEC(…) | GROUP BY … SET …]
 *  [WHERE …]`; `action` is DELETE when none was written. */
export interface TtlItem extends NodeBase {
  kind: 'TtlItem';
  expr: Expression;
  action: 'DELETE' | 'DISK' | 'VOLUME' | 'RECOMPRESS' | 'GROUP BY';
  destination?: string;
  ifExists: boolean;
  codec?: FunctionCall[];
  groupBy?: Expression[];
  set?: Assignment[];
  where?: Expression;
}

/** Everything from ENGINE to SETTINGS, in any order. `ENGINE = Memory` has a call without args. */
export interface Storage extends NodeBase {
  kind: 'Storage';
  engine?: FunctionCall;
  partitionBy?: Expression;
  /** Order items keep ASC / DESC of the sorting key. `ORDER BY ()` and `tuple()` are `[]`. */
  orderBy?: OrderItem[];
  primaryKey?: Expression[];
  sampleBy?: Expression;
  ttl?: TtlItem[];
  settings?: SettingItem[];
}

/** A partition: `PARTITION expr`, `PARTITION ID 'x'`, `PARTITION ALL`, `PART 'name'`. */
export interface Partition extends NodeBase {
  kind: 'Partition';
  type: 'EXPR' | 'ID' | 'ALL' | 'PART';
  expr?: Expression;
  id?: string;
}

interface Command extends NodeBase {
  ifExists?: boolean;
  ifNotExists?: boolean;
}
/** FIRST, or AFTER a column. */
export type ColumnPlace = { first: true } | { after: Name };

export interface AddColumn extends Command {
  kind: 'AddColumn';
  column: ColumnDefinition;
  place?: ColumnPlace;
}
export interface DropColumn extends Command {
  kind: 'DropColumn';
  name: Name;
}
export interface ClearColumn extends Command {
  kind: 'ClearColumn';
  name: Name;
  partition?: Partition;
}
/** MODIFY COLUMN and ALTER COLUMN … TYPE. */
export interface ModifyColumn extends Command {
  kind: 'ModifyColumn';
  column: ColumnDefinition;
  place?: ColumnPlace;
  /** MODIFY COLUMN c REMOVE DEFAULT | CODEC | TTL | COMMENT | … */
  remove?: string;
  modifySettings?: SettingItem[];
  resetSettings?: string[];
}
export interface RenameColumn extends Command {
  kind: 'RenameColumn';
  name: Name;
  to: Name;
}
export interface CommentColumn extends Command {
  kind: 'CommentColumn';
  name: Name;
  comment: string;
}
export interface MaterializeColumn extends Command {
  kind: 'MaterializeColumn';
  name: Name;
  partition?: Partition;
}
export interface AddIndex extends Command {
  kind: 'AddIndex';
  index: IndexDefinition;
  place?: ColumnPlace;
}
export interface AddProjection extends Command {
  kind: 'AddProjection';
  projection: ProjectionDefinition;
  place?: ColumnPlace;
}
export interface AddConstraint extends Command {
  kind: 'AddConstraint';
  constraint: ConstraintDefinition;
}
/** ADD | MODIFY | DROP | CLEAR | MATERIALIZE STATISTICS. */
export interface AlterStatistics extends Command {
  kind: 'AlterStatistics';
  action: 'ADD' | 'MODIFY' | 'DROP' | 'CLEAR' | 'MATERIALIZE';
  all: boolean;
  columns: Name[];
  types?: FunctionCall[];
}
/** DROP | CLEAR | MATERIALIZE of an INDEX or PROJECTION, DROP of a CONSTRAINT. */
export interface AlterNamed extends Command {
  kind: 'AlterNamed';
  action: 'DROP' | 'CLEAR' | 'MATERIALIZE';
  object: 'INDEX' | 'PROJECTION' | 'CONSTRAINT';
  name: Name;
  partition?: Partition;
}
export interface ModifyOrderBy extends Command {
  kind: 'ModifyOrderBy';
  orderBy: OrderItem[];
}
export interface ModifySampleBy extends Command {
  kind: 'ModifySampleBy';
  sampleBy: Expression;
}
export interface RemoveSampleBy extends Command {
  kind: 'RemoveSampleBy';
}
export interface ModifyTtl extends Command {
  kind: 'ModifyTtl';
  ttl: TtlItem[];
}
export interface RemoveTtl extends Command {
  kind: 'RemoveTtl';
}
export interface MaterializeTtl extends Command {
  kind: 'MaterializeTtl';
  partition?: Partition;
}
export interface ModifySetting extends Command {
  kind: 'ModifySetting';
  settings: SettingItem[];
}
export interface ResetSetting extends Command {
  kind: 'ResetSetting';
  names: string[];
}
/** MODIFY QUERY of a materialized view. */
export interface ModifyQuery extends Command {
  kind: 'ModifyQuery';
  query: Query;
}
export interface ModifyRefresh extends Command {
  kind: 'ModifyRefresh';
  refresh: Refresh;
}
/** MODIFY SQL SECURITY / DEFINER. */
export interface ModifySecurity extends Command {
  kind: 'ModifySecurity';
  definer?: string;
  security?: 'DEFINER' | 'INVOKER' | 'NONE';
}
/** MODIFY COMMENT of the table. */
export interface ModifyComment extends Command {
  kind: 'ModifyComment';
  comment: string;
}
export interface UpdateRows extends Command {
  kind: 'UpdateRows';
  assignments: Assignment[];
  partition?: Partition;
  where: Expression;
}
export interface DeleteRows extends Command {
  kind: 'DeleteRows';
  partition?: Partition;
  where: Expression;
}
/** One action on one partition. `table` is the other table of REPLACE, ATTACH … FROM and MOVE. */
export interface AlterPartition extends Command {
  kind: 'AlterPartition';
  action:
    | 'DROP'
    | 'DROP DETACHED'
    | 'DETACH'
    | 'ATTACH'
    | 'ATTACH FROM'
    | 'REPLACE FROM'
    | 'MOVE TO TABLE'
    | 'MOVE TO DISK'
    | 'MOVE TO VOLUME'
    | 'FETCH'
    | 'FREEZE'
    | 'UNFREEZE'
    | 'FORGET'
    | 'EXPORT TO TABLE';
  /** undefined only for FREEZE and UNFREEZE of the whole table. */
  partition?: Partition;
  table?: TableName;
  /** Disk, volume, path of FETCH … FROM, or name of the backup of (UN)FREEZE … WITH NAME. */
  target?: string;
}
/** APPLY DELETED MASK, APPLY PATCHES. */
export interface ApplyMask extends Command {
  kind: 'ApplyMask';
  what: 'DELETED MASK' | 'PATCHES';
  partition?: Partition;
}
/** REWRITE PARTS. */
export interface RewriteParts extends Command {
  kind: 'RewriteParts';
  partition?: Partition;
}

export type AlterCommand =
  | AddColumn
  | DropColumn
  | ClearColumn
  | ModifyColumn
  | RenameColumn
  | CommentColumn
  | MaterializeColumn
  | AddIndex
  | AddProjection
  | AddConstraint
  | AlterStatistics
  | AlterNamed
  | ModifyOrderBy
  | ModifySampleBy
  | RemoveSampleBy
  | ModifyTtl
  | RemoveTtl
  | MaterializeTtl
  | ModifySetting
  | ResetSetting
  | ModifyQuery
  | ModifyRefresh
  | ModifySecurity
  | ModifyComment
  | UpdateRows
  | DeleteRows
  | AlterPartition
  | ApplyMask
  | RewriteParts;

/** REFRESH EVERY|AFTER interval [OFFSET interval] [RANDOMIZE FOR interval] [DEPENDS ON …]
 *  [SETTINGS …] [APPEND]. Intervals may sum several units. */
export interface Refresh extends NodeBase {
  kind: 'Refresh';
  schedule?: 'EVERY' | 'AFTER';
  period?: Expression[];
  offset?: Expression[];
  randomize?: Expression[];
  dependsOn?: TableName[];
  settings?: SettingItem[];
  append: boolean;
}

export type TablePart =
  | ColumnDefault
  | TableElement
  | Assignment
  | TtlItem
  | Storage
  | Partition
  | AlterCommand
  | Refresh;
