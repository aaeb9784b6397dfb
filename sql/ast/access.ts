// Users, roles, profiles, row policies, quotas, grants, named collections.
import type { Name, NodeBase, StatementBase } from './base.ts';
import type { Expression } from './expression.ts';

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
