// Names in access control: users with hosts, lists of roles, IF [NOT] EXISTS.
import type { AccessEntity, Name, RoleSet } from '../../ast/index.ts';
import type { Cursor } from '../cursor.ts';

export type Action = AccessEntity['action'];

export const base = (start: number) => ({ span: { start, end: start } });

/** `IF [NOT] EXISTS` as the action allows. */
export function parseExistence(
  p: Cursor,
  action: Action,
): { ifExists: boolean; ifNotExists: boolean } {
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
