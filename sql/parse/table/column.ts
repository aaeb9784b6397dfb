// A column: name, type, default, codec, comment, TTL, settings.

import type { ColumnDefault, ColumnDefinition } from '../../ast/index.ts';
import { Quoted, Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { parseType } from '../type.ts';
import { parseSettingsList } from '../window.ts';
import { parseCodec } from './call-or-name.ts';

/** Words that can follow a column's name where its type is missing. */
const afterColumnName = new Set([
  'DEFAULT',
  'MATERIALIZED',
  'ALIAS',
  'EPHEMERAL',
  'CODEC',
  'TTL',
  'COMMENT',
  'PRIMARY',
  'NULL',
  'NOT',
  'COLLATE',
  'STATISTICS',
  'SETTINGS',
  'AUTO_INCREMENT',
  'FIRST',
  'AFTER',
  'REMOVE',
  'MODIFY',
  'RESET',
  'TYPE',
]);
const isColumnWord = (p: Cursor): boolean =>
  p.kind === Word && afterColumnName.has(p.value) && p.peek(1) !== '.';

/** `requireType`: an ADD COLUMN or CREATE needs a type or a default. */
export function parseColumn(p: Cursor, requireType = true): ColumnDefinition {
  const start = p.start();
  const name = p.dottedName();
  const node: ColumnDefinition = {
    kind: 'ColumnDefinition',
    name,
    primaryKey: false,
    span: p.span(start),
  };
  if ((p.kind === Word || p.kind === Quoted) && !isColumnWord(p)) node.type = parseType(p);
  parseColumnRest(p, node);
  if (requireType && node.type === undefined && node.default === undefined) p.fail('data type');
  node.span = p.span(start);
  return node;
}

function parseColumnRest(p: Cursor, node: ColumnDefinition): void {
  for (;;) {
    const start = p.start();
    if (p.accept('NULL')) node.nullable = true;
    else if (p.acceptAll('NOT', 'NULL')) node.nullable = false;
    else if (node.default === undefined && isDefaultWord(p)) node.default = parseDefault(p, start);
    else if (p.accept('COMMENT')) node.comment = p.string();
    else if (p.accept('CODEC')) node.codec = parseCodec(p);
    else if (p.accept('STATISTICS')) node.statistics = parseCodec(p);
    else if (p.accept('TTL')) node.ttl = parseExpression(p, 0);
    else if (p.accept('COLLATE')) node.collate = p.nameOrString('collation').name;
    else if (p.acceptAll('PRIMARY', 'KEY')) node.primaryKey = true;
    else if (p.value === 'SETTINGS' && p.peek(1) === '(') {
      p.next();
      p.next();
      node.settings = parseSettingsList(p);
      p.expect(')');
    } else return;
  }
}

const defaults = ['DEFAULT', 'MATERIALIZED', 'ALIAS', 'EPHEMERAL', 'AUTO_INCREMENT'] as const;
function isDefaultWord(p: Cursor): boolean {
  if (p.trace !== undefined) for (const word of defaults) p.note(word);
  return (defaults as readonly string[]).includes(p.value);
}

function parseDefault(p: Cursor, start: number): ColumnDefault {
  const type = p.expectOne(...defaults);
  const bare =
    type === 'AUTO_INCREMENT' ||
    (type === 'EPHEMERAL' && (p.value === ',' || p.value === ')' || p.atEnd() || isColumnWord(p)));
  const expr = bare ? undefined : parseExpression(p, 0);
  return { kind: 'ColumnDefault', type, expr, span: p.span(start) };
}
