// CREATE VIEW and CREATE MATERIALIZED VIEW: head, security, REFRESH.
import type { CreateView, Expression, Refresh, Storage } from '../ast/index.ts';
import { unitBySpelling } from '../units.ts';
import { acceptUuid, type Mode } from './create.ts';
import type { Cursor } from './cursor.ts';
import { parseQuery } from './query.ts';
import { parseElements } from './table/elements.ts';
import { parseStorage } from './table/storage.ts';
import { parseSettingsList } from './window.ts';

export function parseCreateView(
  p: Cursor,
  start: number,
  mode: Mode,
  type: CreateView['type'],
  temporary: boolean,
): CreateView {
  if (mode === 'REPLACE') p.fail('TABLE');
  const node: CreateView = {
    kind: 'CreateView',
    mode: mode as CreateView['mode'],
    type,
    temporary,
    ifNotExists: p.ifNotExists(),
    name: p.tableName(),
    uuid: acceptUuid(p),
    cluster: p.onCluster(),
    populate: false,
    empty: false,
    query: undefined as never,
    span: { start, end: start },
  };
  parseViewHead(p, node);
  if (type === 'VIEW' && node.to !== undefined) {
    p.failWith('only a MATERIALIZED VIEW writes TO a table');
  }
  if (p.accept('COMMENT')) node.comment = p.string();
  p.expect('AS');
  node.query = parseQuery(p);
  if (p.accept('COMMENT')) node.comment = p.string();
  node.span = p.span(start);
  return node;
}

/** Everything between the name and AS, in any order. */
function parseViewHead(p: Cursor, node: CreateView): void {
  for (;;) {
    if (node.refresh === undefined && p.value === 'REFRESH') node.refresh = parseRefresh(p);
    else if (p.value === 'TO' && p.peek(1) === 'INNER' && p.acceptAll('TO', 'INNER', 'UUID'))
      p.string();
    else if (node.to === undefined && p.accept('TO')) node.to = p.tableName();
    else if (node.elements === undefined && p.value === '(') {
      const { elements, primaryKey } = parseElements(p, false);
      node.elements = elements;
      node.primaryKey = primaryKey;
    } else if (p.accept('POPULATE')) node.populate = true;
    else if (p.accept('EMPTY')) node.empty = true;
    else if (!parseSecurity(p, node)) {
      const storage: Storage | undefined = parseStorage(p);
      if (storage === undefined) break;
      node.storage = node.storage === undefined ? storage : { ...node.storage, ...storage };
    }
  }
  if (p.trace !== undefined) for (const word of ['TO', 'REFRESH', 'POPULATE', 'AS']) p.note(word);
}

/** `DEFINER = user SQL SECURITY DEFINER|INVOKER|NONE`. */
export function parseSecurity(
  p: Cursor,
  node: { definer?: string; security?: CreateView['security'] },
): boolean {
  if (p.value === 'DEFINER' && p.accept('DEFINER')) {
    p.accept('=');
    node.definer = p.nameOrString('user').name;
    return true;
  }
  if (p.value !== 'SQL' || !p.acceptAll('SQL', 'SECURITY')) return false;
  node.security = p.expectOne('DEFINER', 'INVOKER', 'NONE');
  return true;
}

/** At REFRESH. */
export function parseRefresh(p: Cursor): Refresh {
  const start = p.start();
  p.expect('REFRESH');
  const schedule = p.expectOne('EVERY', 'AFTER');
  const node: Refresh = {
    kind: 'Refresh',
    schedule,
    period: parsePeriod(p),
    append: false,
    span: { start, end: start },
  };
  if (p.accept('OFFSET')) node.offset = parsePeriod(p);
  if (p.acceptAll('RANDOMIZE', 'FOR')) node.randomize = parsePeriod(p);
  if (p.acceptAll('DEPENDS', 'ON')) node.dependsOn = p.list(() => p.tableName());
  if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
  node.append = p.accept('APPEND');
  node.span = p.span(start);
  return node;
}

/** `1 HOUR 30 MINUTE`, with or without INTERVAL. */
function parsePeriod(p: Cursor): Expression[] {
  const parts: Expression[] = [];
  do {
    const start = p.start();
    p.accept('INTERVAL');
    const value = p.literal();
    if (value === undefined) return p.fail('number');
    const unit = unitBySpelling.get(p.value);
    if (unit === undefined) return p.fail('MINUTE');
    p.next();
    parts.push({ kind: 'Interval', value, unit, span: p.span(start) });
  } while (p.isNumber());
  return parts;
}
