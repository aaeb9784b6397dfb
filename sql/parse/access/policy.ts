// CREATE and ALTER ROW POLICY.
import type { Expression, GrantTarget, RowPolicy } from '../../ast/index.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { parseTarget } from './grant.ts';
import { type Action, base, parseExistence, parseRoleSet } from './names.ts';

export function parseRowPolicy(p: Cursor, start: number, action: Action): RowPolicy {
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
