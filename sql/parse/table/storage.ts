// ENGINE, keys, TTL and SETTINGS behind the columns of a table.

import type { Storage, TtlItem } from '../../ast/index.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { parseSettingsList } from '../window.ts';
import { parseAssignments } from './assignment.ts';
import { parseCallOrName, parseCodec } from './call-or-name.ts';
import { parseKey, parseSortingKey } from './key.ts';

/** ENGINE, PARTITION BY, ORDER BY, PRIMARY KEY, SAMPLE BY, TTL, SETTINGS; undefined when none. */
export function parseStorage(p: Cursor): Storage | undefined {
  const start = p.start();
  const node: Storage = { kind: 'Storage', span: { start, end: start } };
  for (;;) {
    if (node.engine === undefined && p.accept('ENGINE')) {
      p.accept('=');
      node.engine = parseCallOrName(p, 'table engine');
    } else if (!node.partitionBy && p.acceptAll('PARTITION', 'BY'))
      node.partitionBy = parseExpression(p, 0);
    else if (!node.orderBy && p.acceptAll('ORDER', 'BY')) node.orderBy = parseSortingKey(p);
    else if (!node.primaryKey && p.acceptAll('PRIMARY', 'KEY')) node.primaryKey = parseKey(p);
    else if (!node.sampleBy && p.acceptAll('SAMPLE', 'BY')) node.sampleBy = parseExpression(p, 0);
    else if (!node.ttl && p.accept('TTL')) node.ttl = parseTtl(p);
    else if (!node.settings && p.accept('SETTINGS')) node.settings = parseSettingsList(p);
    else break;
  }
  if (p.lastEnd() <= start) return undefined;
  node.span = p.span(start);
  return node;
}

/** Behind the word TTL. */
export function parseTtl(p: Cursor): TtlItem[] {
  return p.list(() => parseTtlItem(p));
}

function parseTtlItem(p: Cursor): TtlItem {
  const start = p.start();
  const node: TtlItem = {
    kind: 'TtlItem',
    expr: parseExpression(p, 0),
    action: 'DELETE',
    ifExists: false,
    span: { start, end: start },
  };
  if (p.accept('TO')) {
    node.action = p.expectOne('DISK', 'VOLUME');
    node.ifExists = p.ifExists();
    node.destination = p.string();
  } else if (p.accept('RECOMPRESS')) {
    node.action = 'RECOMPRESS';
    p.expect('CODEC');
    node.codec = parseCodec(p);
  } else if (p.acceptAll('GROUP', 'BY')) {
    node.action = 'GROUP BY';
    node.groupBy = [parseExpression(p, 0)];
    while (p.accept(',')) node.groupBy.push(parseExpression(p, 0));
    if (p.accept('SET')) node.set = parseAssignments(p);
  } else p.accept('DELETE');
  if (p.accept('WHERE')) node.where = parseExpression(p, 0);
  node.span = p.span(start);
  return node;
}
