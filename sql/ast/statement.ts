// Statement nodes: what one `;` ends.
import type {
  AccessEntity,
  AuthMethod,
  DropAccess,
  Grant,
  GrantTarget,
  HostRule,
  NamedCollection,
  Privilege,
  ProfileSetting,
  Quota,
  QuotaLimit,
  RoleSet,
  RowPolicy,
  SetRole,
} from './access.ts';
import type { StatementBase } from './base.ts';
import type {
  CreateDatabase,
  CreateDictionary,
  CreateFunction,
  CreateIndex,
  CreateTable,
  CreateView,
  DictionaryAttribute,
  DictionaryCall,
} from './create.ts';
import type {
  Describe,
  ExistsStatement,
  Explain,
  SetSettings,
  Show,
  Summarize,
  Transaction,
  Use,
} from './look.ts';
import type {
  AlterDatabase,
  AlterTable,
  Backup,
  BackupItem,
  Check,
  Drop,
  Kill,
  Optimize,
  Rename,
  RestoreVersion,
  System,
  Vacuum,
} from './manage.ts';
import type { Query } from './query.ts';
import type { Delete, Insert, Merge, MergeWhen, Update } from './rows.ts';

export interface QueryStatement extends StatementBase {
  kind: 'QueryStatement';
  query: Query;
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
