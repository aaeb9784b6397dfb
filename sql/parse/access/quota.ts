// CREATE and ALTER QUOTA.
import type { Expression, Quota, QuotaLimit } from '../../ast/index.ts';
import { Word } from '../../lexer.ts';
import { unitBySpelling } from '../../units.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { type Action, base, parseExistence, parseRoleSet } from './names.ts';

export function parseQuota(p: Cursor, start: number, action: Action): Quota {
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
