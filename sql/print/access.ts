// Text of statements about users, roles, policies, quotas and grants.
import type {
  AccessEntity,
  AuthMethod,
  Grant,
  GrantTarget,
  Name,
  ProfileSetting,
} from '../ast/index.ts';
import { quoteString } from '../escape.ts';
import type { Visitor } from '../walk.ts';
import { bareName, cluster, names, plain, plainOf, printName, text, words } from './base.ts';
import { print } from './index.ts';

const existence = (node: { ifExists: boolean; ifNotExists: boolean }): string | false =>
  (node.ifExists && 'IF EXISTS') || (node.ifNotExists && 'IF NOT EXISTS');
const quoted = (values: readonly string[]): string => values.map(quoteString).join(', ');

function printAuth(node: AuthMethod): string {
  const values =
    node.type === 'ssh_key'
      ? node.values
          .map((value, i) => `${i % 2 === 0 ? 'KEY' : 'TYPE'} ${quoteString(value)}`)
          .join(' ')
          .replace(/' KEY /g, "', KEY ")
      : quoted(node.values);
  return words(
    node.type !== undefined && `WITH ${node.type}`,
    node.keyword,
    values,
    text('SALT', node.salt),
    text('VALID UNTIL', node.validUntil),
  );
}

function printAuths(node: AccessEntity): string | undefined {
  const { auth } = node;
  if (auth === undefined) return undefined;
  if (auth.length === 1 && auth[0]?.type === 'no_password' && auth[0].keyword === undefined) {
    return 'NOT IDENTIFIED';
  }
  return `${node.addAuth ? 'ADD ' : ''}IDENTIFIED ${auth.map(print).join(', ')}`;
}

function printSettings(node: AccessEntity): string | undefined {
  const action = node.settingsAction;
  if (action === undefined) return undefined;
  if (action === 'DROP') {
    const list = node.dropSettings ?? [];
    return list.length === 0
      ? 'DROP ALL SETTINGS'
      : `DROP SETTINGS ${list.map((name) => bareName(name)).join(', ')}`;
  }
  const list = (node.settings ?? []).map(print).join(', ');
  return words(action !== 'SET' && action, 'SETTINGS', list === '' ? 'NONE' : list);
}

function printEntity(node: AccessEntity): string {
  const hosts = node.hosts?.map(print).join(', ');
  return words(
    node.action,
    node.object,
    existence(node),
    names(node.names),
    cluster(node.cluster),
    node.rename && `RENAME TO ${printName(node.rename)}`,
    node.resetAuth && 'RESET AUTHENTICATION METHODS TO NEW',
    printAuths(node),
    hosts !== undefined && words(node.hostsAction !== 'SET' && node.hostsAction, 'HOST', hosts),
    text('VALID UNTIL', node.validUntil),
    node.storage && `IN ${bareName(node.storage)}`,
    node.defaultRole && `DEFAULT ROLE ${print(node.defaultRole)}`,
    node.defaultDatabase && `DEFAULT DATABASE ${bareName(node.defaultDatabase)}`,
    node.grantees && `GRANTEES ${print(node.grantees)}`,
    printSettings(node),
    node.to && `TO ${print(node.to)}`,
  );
}

function printProfileSetting(node: ProfileSetting): string {
  if (node.profile !== undefined) return `PROFILE ${quoteString(node.profile)}`;
  return words(
    bareName(node.name ?? ''),
    plainOf('=', node.value),
    plainOf('MIN', node.min),
    plainOf('MAX', node.max),
    node.writability,
  );
}

function printTarget(node: GrantTarget): string {
  const part = (name: Name | undefined): string => {
    if (name === undefined) return '*';
    const star = !name.quoted && name.name.endsWith('*');
    return star ? `${bareName(name.name.slice(0, -1))}*` : printName(name);
  };
  return node.currentDatabase ? part(node.table) : `${part(node.database)}.${part(node.table)}`;
}

export function printPrivileges(groups: NonNullable<Grant['privileges']>): string {
  return groups
    .map((group) => `${group.items.map(print).join(', ')} ON ${print(group.on)}`)
    .join(', ');
}

function printGrant(node: Grant): string {
  const revoke = node.action === 'REVOKE';
  return words(
    node.action,
    cluster(node.cluster),
    revoke && node.grantOption && 'GRANT OPTION FOR',
    revoke && node.adminOption && 'ADMIN OPTION FOR',
    node.privileges && printPrivileges(node.privileges),
    node.roles && print(node.roles),
    revoke ? 'FROM' : 'TO',
    print(node.grantees),
    !revoke && node.grantOption && 'WITH GRANT OPTION',
    !revoke && node.adminOption && 'WITH ADMIN OPTION',
    node.replace && 'WITH REPLACE OPTION',
  );
}

export const accessPrinters = {
  RoleSet: (node) =>
    words(
      node.all && 'ALL',
      node.none && 'NONE',
      names(node.names),
      node.except.length > 0 && `EXCEPT ${names(node.except)}`,
    ),
  AuthMethod: printAuth,
  HostRule: (node) => words(node.type, quoted(node.values)),
  ProfileSetting: printProfileSetting,
  AccessEntity: printEntity,
  RowPolicy: (node) => {
    const filter = node.using === 'NONE' ? 'NONE' : node.using && plain(node.using);
    return words(
      node.action,
      'ROW POLICY',
      existence(node),
      names(node.names),
      cluster(node.cluster),
      node.tables.length > 0 && `ON ${node.tables.map(print).join(', ')}`,
      node.rename && `RENAME TO ${printName(node.rename)}`,
      node.restrictive !== undefined && `AS ${node.restrictive ? 'RESTRICTIVE' : 'PERMISSIVE'}`,
      filter !== undefined && `USING ${filter}`,
      node.to && `TO ${print(node.to)}`,
    );
  },
  QuotaLimit: (node) => {
    const interval = print(node.interval).replace(/^INTERVAL /, '');
    const max = node.max.map((limit) => `${limit.name} = ${plain(limit.value)}`).join(', ');
    const what = node.mode === 'MAX' ? `MAX ${max}` : node.mode;
    return words(node.randomized && 'RANDOMIZED', `INTERVAL ${interval}`, what);
  },
  Quota: (node) => {
    const keys = node.keyedBy?.map((name) => bareName(name)).join(', ');
    return words(
      node.action,
      'QUOTA',
      existence(node),
      names(node.names),
      cluster(node.cluster),
      node.rename && `RENAME TO ${printName(node.rename)}`,
      keys !== undefined && (keys === '' ? 'NOT KEYED' : `KEYED BY ${keys}`),
      node.limits?.map((limit) => `FOR ${print(limit)}`).join(', '),
      node.to && `TO ${print(node.to)}`,
    );
  },
  GrantTarget: printTarget,
  Privilege: (node) => node.name + (node.columns === undefined ? '' : `(${names(node.columns)})`),
  Grant: printGrant,
  SetRole: (node) =>
    words(
      node.type === 'ROLE DEFAULT' ? 'SET ROLE DEFAULT' : `SET ${node.type}`,
      node.roles && print(node.roles),
      node.to && `TO ${print(node.to)}`,
    ),
  DropAccess: (node) => {
    const targets = node.tables ?? [];
    return words(
      'DROP',
      node.object,
      node.ifExists && 'IF EXISTS',
      names(node.names),
      targets.length > 0 && `ON ${targets.map(print).join(', ')}`,
      cluster(node.cluster),
    );
  },
  NamedCollection: (node) => {
    const pairs = node.set.map((pair) =>
      words(
        `${bareName(pair.name)} = ${plain(pair.value)}`,
        pair.overridable !== undefined && (pair.overridable ? 'OVERRIDABLE' : 'NOT OVERRIDABLE'),
      ),
    );
    return words(
      node.action,
      'NAMED COLLECTION',
      existence(node),
      printName(node.name),
      cluster(node.cluster),
      pairs.length > 0 && `${node.action === 'CREATE' ? 'AS' : 'SET'} ${pairs.join(', ')}`,
      node.remove.length > 0 && `DELETE ${node.remove.map((name) => bareName(name)).join(', ')}`,
    );
  },
} satisfies Partial<Visitor<string>>;
