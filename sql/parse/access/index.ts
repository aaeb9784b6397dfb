// Users, roles, profiles, row policies, quotas, grants, named collections.
import type { DropAccess, GrantTarget, Name, NamedCollection, Statement } from '../../ast/index.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { parseEntity } from './entity.ts';
import { type Action, base, parseExistence, userName } from './names.ts';
import { parsePolicyTargets, parseRowPolicy } from './policy.ts';
import { parseQuota } from './quota.ts';

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
