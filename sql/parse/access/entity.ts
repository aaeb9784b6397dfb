// CREATE and ALTER of users, roles and settings profiles.
import type { AccessEntity, AuthMethod, HostRule, ProfileSetting } from '../../ast/index.ts';
import { Text, Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { type Action, base, parseExistence, parseRoleSet, userName } from './names.ts';

export function parseEntity(
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
