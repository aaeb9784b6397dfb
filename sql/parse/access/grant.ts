// GRANT, REVOKE and SET ROLE, with the privileges and what they are for.
import type { Grant, GrantTarget, Name, Privilege, RoleSet, SetRole } from '../../ast/index.ts';
import { Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { base, parseRoleSet } from './names.ts';

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
