// Users, roles, profiles, row policies, quotas, grants, named collections.
import type {
  AccessEntity,
  AuthMethod,
  DropAccess,
  Expression,
  Grant,
  GrantTarget,
  HostRule,
  Name,
  NamedCollection,
  Privilege,
  ProfileSetting,
  Quota,
  QuotaLimit,
  RoleSet,
  RowPolicy,
  SetRole,
  Statement,
} from '../ast/index.ts';
import { Text, Word } from '../lexer.ts';
import { unitBySpelling } from '../units.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';

type Action = AccessEntity['action'];

/** Behind CREATE [OR REPLACE]; undefined when no access entity follows. */
export function parseAccessCreate(
  p: Cursor,
  start: number,
  action: 'CREATE' | 'CREATE OR REPLACE',
): Statement | undefined {
  return parseAccess(p, start, action);
}
/** Behind ALTER. */
export function parseAccessAlter(p: Cursor, start: number): Statement | undefined {
  return parseAccess(p, start, 'ALTER');
}

function parseAccess(p: Cursor, start: number, written: Action): Statement | undefined {
  let action = written;
  const replaces = p.peek(1) === 'OR' ? 1 : p.peek(2) === 'OR' ? 2 : 0;
  // CREATE USER OR REPLACE u.
  if (written === 'CREATE' && replaces > 0 && p.peek(replaces + 1) === 'REPLACE') {
    action = 'CREATE OR REPLACE';
  }
  if (p.accept('USER')) return parseEntity(p, start, action, 'USER');
  if (p.accept('ROLE')) return parseEntity(p, start, action, 'ROLE');
  if (p.acceptAll('SETTINGS', 'PROFILE')) return parseEntity(p, start, action, 'SETTINGS PROFILE');
  if (p.value === 'PROFILE') {
    p.next();
    return parseEntity(p, start, action, 'SETTINGS PROFILE');
  }
  if (p.acceptAll('ROW', 'POLICY') || (p.value === 'POLICY' && p.accept('POLICY'))) {
    return parseRowPolicy(p, start, action);
  }
  if (p.accept('QUOTA')) return parseQuota(p, start, action);
  if (p.acceptAll('NAMED', 'COLLECTION')) return parseCollection(p, start, action);
  return undefined;
}

const base = (start: number) => ({ span: { start, end: start } });

/** `IF [NOT] EXISTS` as the action allows. */
function parseExistence(p: Cursor, action: Action): { ifExists: boolean; ifNotExists: boolean } {
  return action === 'ALTER'
    ? { ifExists: p.ifExists(), ifNotExists: false }
    : { ifExists: false, ifNotExists: !p.acceptAll('OR', 'REPLACE') && p.ifNotExists() };
}

/** A user's name: `name`, `'name'`, `name@host`, `name@'host'`. */
export function userName(p: Cursor): Name {
  const name = p.nameOrString('user');
  if (p.value !== '@') return name;
  p.next();
  const host = p.nameOrString('host');
  return {
    ...name,
    name: `${name.name}@${host.name}`,
    quoted: true,
    span: { start: name.span.start, end: host.span.end },
  };
}

function parseEntity(
  p: Cursor,
  start: number,
  action: Action,
  object: AccessEntity['object'],
): AccessEntity {
  const node: AccessEntity = {
    kind: 'AccessEntity',
    action,
    object,
    ...parseExistence(p, action),
    names: p.list(() => userName(p)),
    cluster: p.onCluster(),
    addAuth: false,
    resetAuth: false,
    ...base(start),
  };
  for (;;) {
    if (action === 'ALTER' && p.acceptAll('RENAME', 'TO')) node.rename = userName(p);
    else if (object === 'USER' && parseUserPart(p, node)) continue;
    else if (object === 'SETTINGS PROFILE' && p.accept('TO')) node.to = parseRoleSet(p);
    else if (node.cluster === undefined && p.is('ON')) node.cluster = p.onCluster();
    else if (!parseSettingsPart(p, node)) break;
  }
  node.span = p.span(start);
  return node;
}

function parseUserPart(p: Cursor, node: AccessEntity): boolean {
  if (p.acceptAll('NOT', 'IDENTIFIED'))
    node.auth = [{ kind: 'AuthMethod', type: 'no_password', values: [], span: p.tokenSpan() }];
  else if (p.acceptAll('RESET', 'AUTHENTICATION', 'METHODS', 'TO', 'NEW')) node.resetAuth = true;
  else if (p.value === 'ADD' && p.peek(1) === 'IDENTIFIED') {
    p.next();
    node.addAuth = true;
  } else if (p.accept('IDENTIFIED')) {
    node.auth = [parseAuth(p)];
    while (p.accept(',')) {
      p.accept('IDENTIFIED');
      node.auth.push(parseAuth(p));
    }
  } else if (p.accept('HOST')) {
    node.hostsAction = 'SET';
    node.hosts = parseHosts(p);
  } else if ((p.value === 'ADD' || p.value === 'DROP') && p.peek(1) === 'HOST') {
    node.hostsAction = p.value;
    p.next();
    p.next();
    node.hosts = parseHosts(p);
  } else if (p.acceptAll('VALID', 'UNTIL')) node.validUntil = p.string();
  else if (p.acceptAll('DEFAULT', 'ROLE')) node.defaultRole = parseRoleSet(p);
  else if (p.acceptAll('DEFAULT', 'DATABASE')) node.defaultDatabase = p.nameOrString().name;
  else if (p.accept('GRANTEES')) node.grantees = parseRoleSet(p);
  else if (p.value === 'IN' && p.peekKind(1) === Word) {
    p.next();
    node.storage = p.name().name;
  } else return false;
  return true;
}

/** Behind IDENTIFIED, or a comma after another method. */
function parseAuth(p: Cursor): AuthMethod {
  const start = p.start();
  const node: AuthMethod = { kind: 'AuthMethod', values: [], ...base(start) };
  if (p.accept('WITH')) node.type = p.name('authentication type').name.toLowerCase();
  else if (p.value !== 'BY' && p.kind === Word) node.type = p.name().name.toLowerCase();
  const keyword = p.acceptOne('BY', 'SERVER', 'REALM', 'CN', 'SAN', 'KEY', 'SCHEME');
  if (keyword !== undefined) {
    node.keyword = keyword;
    if (keyword === 'BY' && p.kind !== Text) parseKeys(p, node);
    else {
      node.values = [p.string()];
      while (p.value === ',' && p.peekKind(1) === Text && p.accept(','))
        node.values.push(p.string());
    }
  }
  if (p.accept('SALT')) node.salt = p.string();
  if (p.acceptAll('VALID', 'UNTIL')) node.validUntil = p.string();
  node.span = p.span(start);
  return node;
}

/** `BY KEY 'k' TYPE 't', KEY …` of ssh_key: values are key, type, key, type…. */
function parseKeys(p: Cursor, node: AuthMethod): void {
  do {
    p.expect('KEY');
    node.values.push(p.string());
    p.expect('TYPE');
    node.values.push(p.string());
  } while (p.value === ',' && p.peek(1) === 'KEY' && p.accept(','));
}

function parseHosts(p: Cursor): HostRule[] {
  const rules: HostRule[] = [];
  do {
    const start = p.start();
    const type = p.expectOne('ANY', 'NONE', 'LOCAL', 'NAME', 'REGEXP', 'IP', 'LIKE');
    const values: string[] = [];
    if (type !== 'ANY' && type !== 'NONE' && type !== 'LOCAL') {
      values.push(p.string());
      while (p.value === ',' && p.peekKind(1) === Text) {
        p.next();
        values.push(p.string());
      }
    }
    rules.push({ kind: 'HostRule', type, values, span: p.span(start) });
  } while (p.accept(','));
  return rules;
}

/** SETTINGS …, and for ALTER: ADD / MODIFY / DROP SETTINGS. */
function parseSettingsPart(p: Cursor, node: AccessEntity): boolean {
  if (p.accept('SETTINGS')) {
    node.settingsAction = 'SET';
    node.settings = p.value === 'NONE' && p.accept('NONE') ? [] : parseProfileSettings(p);
    return true;
  }
  if (node.action !== 'ALTER') return false;
  if (p.acceptAll('DROP', 'ALL', 'SETTINGS')) {
    node.settingsAction = 'DROP';
    node.dropSettings = [];
    return true;
  }
  const settingWord =
    p.peek(1) === 'SETTING' ||
    p.peek(1) === 'SETTINGS' ||
    p.peek(1) === 'PROFILE' ||
    p.peek(1) === 'PROFILES';
  if (!settingWord) return false;
  if (p.value === 'ADD' || p.value === 'MODIFY') {
    node.settingsAction = p.value;
    p.next();
    if (!p.is('PROFILE')) p.next();
    node.settings = parseProfileSettings(p);
    return true;
  }
  if (p.value !== 'DROP') return false;
  p.next();
  p.next();
  node.settingsAction = 'DROP';
  node.dropSettings = p.list(() => p.nameOrString().name);
  return true;
}

const writabilities = ['READONLY', 'CONST', 'WRITABLE', 'CHANGEABLE_IN_READONLY'] as const;

function parseProfileSettings(p: Cursor): ProfileSetting[] {
  return p.list(() => {
    const start = p.start();
    const node: ProfileSetting = { kind: 'ProfileSetting', ...base(start) };
    const inherits = p.value === 'INHERIT' || (p.value === 'PROFILE' && p.peek(1) !== '=');
    if (inherits) {
      p.next();
      node.profile = p.nameOrString('profile').name;
    } else {
      node.name = p.dottedName().name;
      for (;;) {
        if (p.accept('=')) node.value = parseExpression(p, 0);
        else if (p.accept('MIN')) {
          p.accept('=');
          node.min = parseExpression(p, 0);
        } else if (p.accept('MAX')) {
          p.accept('=');
          node.max = parseExpression(p, 0);
        } else {
          const writability = p.acceptOne(...writabilities);
          if (writability === undefined) {
            if (node.value !== undefined || p.kind === Word || p.value === ',' || p.atEnd()) break;
            // `SETTINGS max_threads 4`: the sign may be missing.
            node.value = parseExpression(p, 0);
          } else node.writability = writability;
        }
      }
    }
    node.span = p.span(start);
    return node;
  });
}

/** `a, b`, `ALL [EXCEPT c]`, `NONE`. */
export function parseRoleSet(p: Cursor): RoleSet {
  const start = p.start();
  const node: RoleSet = {
    kind: 'RoleSet',
    all: false,
    none: false,
    names: [],
    except: [],
    ...base(start),
  };
  if (p.value === 'NONE') {
    p.next();
    node.none = true;
  } else if (p.value === 'ALL' || p.value === 'ANY') {
    p.next();
    node.all = true;
  } else node.names = p.list(() => userName(p));
  if (p.accept('EXCEPT')) node.except = p.list(() => userName(p));
  node.span = p.span(start);
  return node;
}

function parseRowPolicy(p: Cursor, start: number, action: Action): RowPolicy {
  const node: RowPolicy = {
    kind: 'RowPolicy',
    action,
    ...parseExistence(p, action),
    names: [],
    tables: [],
    ...base(start),
  };
  do {
    node.names.push(p.nameOrString('policy'));
    node.cluster ??= p.onCluster();
    if (p.accept('ON')) parsePolicyTargets(p, node.tables);
  } while (p.accept(','));
  node.cluster ??= p.onCluster();
  for (;;) {
    if (action === 'ALTER' && p.acceptAll('RENAME', 'TO')) node.rename = p.nameOrString();
    else if (p.accept('AS'))
      node.restrictive = p.expectOne('PERMISSIVE', 'RESTRICTIVE') === 'RESTRICTIVE';
    else if (p.acceptAll('FOR', 'SELECT')) continue;
    else if (p.accept('USING')) node.using = parsePolicyFilter(p);
    else if (p.accept('TO')) node.to = parseRoleSet(p);
    else break;
  }
  node.span = p.span(start);
  return node;
}

/** Targets up to the next `policy ON`. */
export function parsePolicyTargets(p: Cursor, targets: GrantTarget[]): void {
  targets.push(parseTarget(p));
  while (p.value === ',' && p.peek(2) !== 'ON') {
    p.next();
    targets.push(parseTarget(p));
  }
}

function parsePolicyFilter(p: Cursor): Expression | 'NONE' {
  if (p.value !== 'NONE') return parseExpression(p, 0);
  p.next();
  return 'NONE';
}

function parseQuota(p: Cursor, start: number, action: Action): Quota {
  const node: Quota = {
    kind: 'Quota',
    action,
    ...parseExistence(p, action),
    names: p.list(() => p.nameOrString('quota')),
    cluster: p.onCluster(),
    ...base(start),
  };
  for (;;) {
    if (action === 'ALTER' && p.acceptAll('RENAME', 'TO')) node.rename = p.nameOrString();
    else if (p.acceptAll('NOT', 'KEYED')) node.keyedBy = [];
    else if (p.acceptAll('KEYED', 'BY') || (p.value === 'KEY' && p.acceptAll('KEY', 'BY'))) {
      const open = p.accept('(');
      node.keyedBy = p.list(() => p.nameOrString().name);
      if (open) p.expect(')');
    } else if (p.accept('TO')) node.to = parseRoleSet(p);
    else if (p.accept('FOR')) {
      node.limits = [parseQuotaLimit(p)];
      while (p.value === ',' && p.accept(',')) {
        p.accept('FOR');
        node.limits.push(parseQuotaLimit(p));
      }
    } else break;
  }
  node.span = p.span(start);
  return node;
}

function parseQuotaLimit(p: Cursor): QuotaLimit {
  const start = p.start();
  const randomized = p.accept('RANDOMIZED');
  p.accept('INTERVAL');
  const at = p.start();
  const value = p.literal();
  const unit = unitBySpelling.get(p.value);
  if (value === undefined || unit === undefined) return p.fail('number');
  p.next();
  const interval: Expression = { kind: 'Interval', value, unit, span: p.span(at) };
  const node: QuotaLimit = {
    kind: 'QuotaLimit',
    randomized,
    interval,
    max: [],
    mode: 'MAX',
    ...base(start),
  };
  if (p.acceptAll('NO', 'LIMITS')) node.mode = 'NO LIMITS';
  else if (p.acceptAll('TRACKING', 'ONLY')) node.mode = 'TRACKING ONLY';
  else {
    do node.max.push(parseQuotaMax(p));
    while (p.value === ',' && p.peekKind(1) === Word && p.peek(1) !== 'FOR' && p.accept(','));
  }
  node.span = p.span(start);
  return node;
}

/** `MAX queries = 10`, and the older `QUERIES MAX 10`. */
function parseQuotaMax(p: Cursor): QuotaLimit['max'][number] {
  const first = p.accept('MAX');
  let name = p.name('quota type').name.toLowerCase();
  while (p.kind === Word && p.value !== 'MAX') name += `_${p.name().name.toLowerCase()}`;
  if (!first && p.value !== '=') p.expect('MAX');
  p.accept('=');
  return { name, value: parseExpression(p, 0) };
}

/** `db.t`, `db.*`, `*.*`, `t`, `*`, `prefix*.*`. */
export function parseTarget(p: Cursor): GrantTarget {
  const start = p.start();
  const part = (): Name | undefined => {
    if (p.accept('*')) return undefined;
    const name = p.nameOrString('table name');
    if (p.value !== '*' || p.start() !== p.lastEnd()) return name;
    p.next();
    return { ...name, name: `${name.name}*`, span: p.span(name.span.start) };
  };
  const first = part();
  if (!p.accept('.')) {
    return { kind: 'GrantTarget', currentDatabase: true, table: first, span: p.span(start) };
  }
  const table = part();
  return {
    kind: 'GrantTarget',
    currentDatabase: false,
    database: first,
    table,
    span: p.span(start),
  };
}

/** `SELECT(a, b), INSERT ON db.*` in GRANT, REVOKE and CHECK GRANT. */
export function parsePrivileges(p: Cursor): NonNullable<Grant['privileges']> {
  const groups: NonNullable<Grant['privileges']> = [];
  do {
    const items = p.list(() => parsePrivilege(p));
    p.expect('ON');
    groups.push({ items, on: parseTarget(p) });
  } while (p.accept(','));
  return groups;
}

function parsePrivilege(p: Cursor): Privilege {
  const start = p.start();
  if (p.kind !== Word) p.fail('privilege');
  const words: string[] = [];
  while (p.kind === Word && p.value !== 'ON') {
    words.push(p.tokenText().toUpperCase());
    p.next();
  }
  let columns: Name[] | undefined;
  if (p.accept('(')) {
    columns = p.list(() => p.dottedName());
    p.expect(')');
  }
  return { kind: 'Privilege', name: words.join(' '), columns, span: p.span(start) };
}

/** At GRANT or REVOKE. */
export function parseGrant(p: Cursor): Grant {
  const start = p.start();
  const action = p.expectOne('GRANT', 'REVOKE');
  const node: Grant = {
    kind: 'Grant',
    action,
    cluster: p.onCluster(),
    grantees: undefined as never,
    grantOption: false,
    adminOption: false,
    replace: false,
    ...base(start),
  };
  if (action === 'REVOKE') {
    node.grantOption = p.acceptAll('GRANT', 'OPTION', 'FOR');
    node.adminOption = p.acceptAll('ADMIN', 'OPTION', 'FOR');
  } else p.acceptAll('CURRENT', 'GRANTS');
  node.privileges = p.attempt(() => parsePrivileges(p));
  if (node.privileges === undefined) node.roles = parseRoleSet(p);
  p.expect(action === 'GRANT' ? 'TO' : 'FROM');
  node.grantees = parseRoleSet(p);
  for (;;) {
    if (p.acceptAll('WITH', 'GRANT', 'OPTION')) node.grantOption = true;
    else if (p.acceptAll('WITH', 'ADMIN', 'OPTION')) node.adminOption = true;
    else if (p.acceptAll('WITH', 'REPLACE', 'OPTION')) node.replace = true;
    else break;
  }
  node.span = p.span(start);
  return node;
}

/** At SET, when ROLE or DEFAULT ROLE follows. */
export function parseSetRole(p: Cursor): SetRole {
  const start = p.start();
  p.expect('SET');
  let type: SetRole['type'] = 'ROLE';
  if (p.acceptAll('DEFAULT', 'ROLE')) type = 'DEFAULT ROLE';
  else {
    p.expect('ROLE');
    if (p.accept('DEFAULT')) {
      return { kind: 'SetRole', type: 'ROLE DEFAULT', span: p.span(start) };
    }
  }
  const roles = parseRoleSet(p);
  let to: RoleSet | undefined;
  if (type === 'DEFAULT ROLE') {
    p.expect('TO');
    to = parseRoleSet(p);
  }
  return { kind: 'SetRole', type, roles, to, span: p.span(start) };
}

/** Behind DROP; undefined when the object is no access entity. */
export function parseDropAccess(p: Cursor, start: number): DropAccess | undefined {
  const object = acceptObject(p);
  if (object === undefined) return undefined;
  const ifExists = p.ifExists();
  const names: Name[] = [];
  const tables: GrantTarget[] = [];
  do {
    names.push(userName(p));
    if (object === 'ROW POLICY' && p.accept('ON')) parsePolicyTargets(p, tables);
  } while (p.accept(','));
  const cluster = p.onCluster();
  if (p.value === 'FROM') {
    p.next();
    p.name();
  }
  return {
    kind: 'DropAccess',
    object,
    ifExists,
    names,
    tables: object === 'ROW POLICY' ? tables : undefined,
    cluster,
    span: p.span(start),
  };
}

export function acceptObject(p: Cursor): DropAccess['object'] | undefined {
  if (p.accept('USER')) return 'USER';
  if (p.accept('ROLE')) return 'ROLE';
  if (p.acceptAll('ROW', 'POLICY') || (p.value === 'POLICY' && p.accept('POLICY')))
    return 'ROW POLICY';
  if (p.accept('QUOTA')) return 'QUOTA';
  if (p.acceptAll('SETTINGS', 'PROFILE') || (p.value === 'PROFILE' && p.accept('PROFILE'))) {
    return 'SETTINGS PROFILE';
  }
  return p.acceptAll('NAMED', 'COLLECTION') ? 'NAMED COLLECTION' : undefined;
}

function parseCollection(p: Cursor, start: number, action: Action): NamedCollection {
  const existence = parseExistence(p, action);
  const node: NamedCollection = {
    kind: 'NamedCollection',
    action: action === 'ALTER' ? 'ALTER' : 'CREATE',
    ...existence,
    name: p.name('collection'),
    cluster: p.onCluster(),
    set: [],
    remove: [],
    ...base(start),
  };
  if (action !== 'ALTER') p.expect('AS');
  if (action !== 'ALTER' || p.accept('SET')) {
    node.set = p.list(() => {
      const name = p.dottedName().name;
      p.expect('=');
      const value = parseExpression(p, 0);
      const overridable = p.accept('OVERRIDABLE')
        ? true
        : p.acceptAll('NOT', 'OVERRIDABLE')
          ? false
          : undefined;
      return { name, value, overridable };
    });
  }
  if (action === 'ALTER' && p.accept('DELETE')) node.remove = p.list(() => p.dottedName().name);
  node.span = p.span(start);
  return node;
}
