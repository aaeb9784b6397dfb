// What follows a call (FILTER, NULLS, OVER), window specifications, and lists of
// settings.
import type {
  Expression,
  Frame,
  FrameBound,
  FunctionCall,
  SettingItem,
  WindowSpec,
} from '../ast/index.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList } from './expression.ts';
import { parseOrderItem } from './order.ts';

export function parseCallSuffix(p: Cursor, node: FunctionCall): void {
  for (;;) {
    const word = p.value;
    const next = p.peek(1);
    if ((word === 'IGNORE' || word === 'RESPECT') && next === 'NULLS' && node.nulls === undefined) {
      p.next();
      p.next();
      node.nulls = word;
    } else if (word === 'FILTER' && next === '(' && node.filter === undefined) {
      p.next();
      p.next();
      p.expect('WHERE');
      node.filter = parseExpression(p, 0);
      p.expect(')');
    } else if (word === 'OVER' && node.over === undefined) {
      p.next();
      node.over = p.value === '(' ? parseWindowSpec(p) : p.name('window');
      return;
    } else {
      if (p.trace !== undefined) for (const w of ['OVER', 'FILTER']) p.note(`~${w}`);
      return;
    }
  }
}

/** `( [base] [PARTITION BY …] [ORDER BY …] [frame] )`. */
export function parseWindowSpec(p: Cursor): WindowSpec {
  const start = p.start();
  p.expect('(');
  const node: WindowSpec = {
    kind: 'WindowSpec',
    partitionBy: [],
    orderBy: [],
    span: p.span(start),
  };
  const starts =
    (p.value === 'PARTITION' && p.peek(1) === 'BY') ||
    (p.value === 'ORDER' && p.peek(1) === 'BY') ||
    ((p.value === 'ROWS' || p.value === 'RANGE' || p.value === 'GROUPS') && p.peek(1) !== ')');
  if (!starts && p.value !== ')') {
    if (p.trace !== undefined) {
      for (const word of ['PARTITION BY', 'ORDER BY', 'ROWS', 'RANGE']) p.note(word);
    }
    node.base = p.name('window');
  }
  if (p.acceptAll('PARTITION', 'BY')) node.partitionBy = parseExpressionList(p);
  if (p.acceptAll('ORDER', 'BY')) node.orderBy = p.list(() => parseOrderItem(p));
  const unit = p.acceptOne('ROWS', 'RANGE', 'GROUPS');
  if (unit !== undefined) node.frame = parseFrame(p, unit);
  p.expect(')');
  node.span = p.span(start);
  return node;
}

function parseFrame(p: Cursor, unit: Frame['unit']): Frame {
  const start = p.start();
  let from: FrameBound;
  let finish: FrameBound | undefined;
  if (p.accept('BETWEEN')) {
    from = parseBound(p);
    p.expect('AND');
    finish = parseBound(p);
  } else from = parseBound(p);
  let exclude: Frame['exclude'];
  if (p.accept('EXCLUDE')) {
    if (p.acceptAll('CURRENT', 'ROW')) exclude = 'CURRENT ROW';
    else if (p.acceptAll('NO', 'OTHERS')) exclude = 'NO OTHERS';
    else exclude = p.expectOne('GROUP', 'TIES');
  }
  return { kind: 'Frame', unit, start: from, finish, exclude, span: p.span(start) };
}

function parseBound(p: Cursor): FrameBound {
  const start = p.start();
  if (p.acceptAll('CURRENT', 'ROW')) {
    return { kind: 'FrameBound', type: 'CURRENT ROW', span: p.span(start) };
  }
  let value: Expression | undefined;
  if (!p.accept('UNBOUNDED')) value = parseExpression(p, 5);
  const type = p.expectOne('PRECEDING', 'FOLLOWING');
  return { kind: 'FrameBound', type, value, span: p.span(start) };
}

/** `a = 1, b = 'x', c`: a name alone means 1. */
export function parseSettingsList(p: Cursor): SettingItem[] {
  return p.list(() => parseSetting(p));
}

function parseSetting(p: Cursor): SettingItem {
  const start = p.start();
  const name = p.dottedName();
  let value: Expression;
  if (p.value === '=' || p.trace !== undefined) {
    if (p.accept('=')) value = parseSettingValue(p);
    else value = one(name.span);
  } else value = one(name.span);
  return { kind: 'SettingItem', name: name.name, nameSpan: name.span, value, span: p.span(start) };
}

const one = (span: SettingItem['span']): Expression => ({
  kind: 'Literal',
  type: 'number',
  text: '1',
  span,
});

function parseSettingValue(p: Cursor): Expression {
  const start = p.start();
  if (p.value === 'DEFAULT') {
    p.next();
    return { kind: 'Literal', type: 'default', span: p.span(start) };
  }
  return parseExpression(p, 0);
}
